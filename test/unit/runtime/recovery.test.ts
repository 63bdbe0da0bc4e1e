/** A process that dies at any instant: what the next one makes of the journal it finds. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashOf } from "../../../src/base/content-hash.ts";
import type { ModelRequest } from "../../../src/ports/model-client.ts";
import type { PlannedCall, Tool } from "../../../src/ports/tool.ts";
import type { AgentEvent, Recovery } from "../../../src/protocol/events.ts";
import { removeFolder } from "../../support/remove-folder.ts";
import type { ScriptedReply } from "../../support/scripted-model.ts";
import {
  type HarnessOptions,
  noTerminals,
  openTestSession,
  someWrite,
  testTool,
} from "../../support/session-harness.ts";
import { toolbox } from "../../support/toolbox.ts";

const script: HarnessOptions["script"] = (request) => {
  const results = request.input.filter((item) => item.kind === "tool_result").length;
  if (results === 0) return { text: "First I look.", calls: [{ name: "look", arguments: {}, callId: "c1" }] };
  if (results === 1) return { text: "Then I write.", calls: [{ name: "append", arguments: {}, callId: "c2" }] };
  return { text: "All done." };
};

/** The journal of a whole, undisturbed turn. */
async function wholeJournal(tools: HarnessOptions["tools"]): Promise<AgentEvent[]> {
  const t = openTestSession({ script, approver: { kind: "allow-all" }, ...(tools ? { tools } : {}) });
  await t.run("go");
  return t.kept;
}

describe("recovery", () => {
  it("completes the task from every possible cut, with the effect exactly once", async () => {
    let effects = 0;
    const tools = [
      testTool({ name: "look" }),
      testTool({
        name: "append",
        access: someWrite,
        recovery: { kind: "unknown" },
        run: () => {
          effects += 1;
          return { status: "done", output: "appended" };
        },
      }),
    ];
    const whole = await wholeJournal(tools);
    for (let cut = 1; cut < whole.length; cut += 1) {
      const before = whole.slice(0, cut);
      const started = before.some((event) => event.type === "tool.started" && event.callId === "c2");
      effects = started ? 1 : 0;
      const t = openTestSession({ script, tools, approver: { kind: "allow-all" }, journal: before });
      assert.equal(t.session.state.phase, "interrupted", `cut at ${cut}`);
      assert.equal((await t.session.submit({ type: "turn.submit", input: { text: "other" } })).kind, "refused");
      await t.session.submit({ type: "turn.resume" });
      await t.session.idle();
      for (const { input } of t.model.requests) assert.deepEqual(input[0], { kind: "user", text: "go" });
      const turn = t.session.state.turns[0];
      assert.equal(turn?.finished?.reason, "completed", `cut at ${cut}`);
      assert.equal(effects, 1, `cut at ${cut} after ${before.at(-1)?.type}`);
      const all = [...before, ...t.events.filter((event) => t.kept.some((kept) => kept.seq === event.seq))];
      const requested = all.filter((event) => event.type === "tool.requested").length;
      const finished = all.filter((event) => event.type === "tool.finished").length;
      assert.equal(finished, requested, `each call ends once, cut at ${cut}`);
      assert.deepEqual(
        all.map((event) => event.seq),
        [...new Set(all.map((event) => event.seq))].sort((a, b) => a - b),
      );
    }
  });

  it("goes on from every cut of a reply that its limit had cut, and of words said meanwhile", async () => {
    const tools = [testTool({ name: "look" })];
    const said = "Mind the cat.";
    const replies = ({ input }: ModelRequest, _index: number): ScriptedReply => {
      const told = input.flatMap((part) => (part.kind === "user" ? [part.text] : []));
      if (told.includes(said)) return { text: "The cat is well." };
      if (told.some((text) => text.includes("output limit"))) return { calls: [{ name: "look", arguments: {} }] };
      return { text: "Half of wh", stop: "truncated" };
    };
    const whole = openTestSession({ script: replies, tools });
    whole.session.on((event) => {
      if (event.type === "tool.started") void whole.session.submit({ type: "turn.steer", input: { text: said } });
    });
    await whole.run("go");
    const queued = whole.kept.findIndex((event) => event.type === "message.queued");
    for (let cut = queued + 1; cut < whole.kept.length; cut += 1) {
      const t = openTestSession({ script: replies, tools, journal: whole.kept.slice(0, cut) });
      await t.session.submit({ type: "turn.resume" });
      await t.session.idle();
      assert.equal(t.session.state.turns[0]?.finished?.reason, "completed", `cut at ${cut}`);
      const items = t.session.state.turns[0]?.entries.flatMap((entry) => (entry.kind === "item" ? [entry.item] : []));
      assert.equal(items?.filter((item) => item.kind === "user_message" && item.text === said).length, 1);
      assert.deepEqual(t.session.state.queued, []);
    }
    for (let cut = 1; cut < queued; cut += 1) {
      const once: HarnessOptions["script"] = (request, index) =>
        request.input.some((part) => part.kind === "tool_result") ? { text: "Looked." } : replies(request, index);
      const t = openTestSession({ script: once, tools, journal: whole.kept.slice(0, cut) });
      await t.session.submit({ type: "turn.resume" });
      await t.session.idle();
      const calls = t.session.state.turns[0]?.entries.filter((entry) => entry.kind === "tool");
      assert.equal(calls?.length, 1, `cut at ${cut} after ${whole.kept[cut - 1]?.type}`);
    }
  });

  it("says whether the turn can go on by itself", async () => {
    const journal = await wholeJournal([
      testTool({ name: "look" }),
      testTool({ name: "append", recovery: { kind: "command", terminal: "main", commandId: "cmd_1" } }),
    ]);
    const at = journal.findIndex((event) => event.type === "tool.started" && event.callId === "c2");
    const t = openTestSession({ script, journal: journal.slice(0, at + 1) });
    assert.equal(t.session.interruptedTurn?.canContinue, false);
    const u = openTestSession({ script, journal: journal.slice(0, at) });
    assert.equal(u.session.interruptedTurn?.canContinue, true);
  });

  it("asks a pending permission again, and does not ask what was answered", async () => {
    const tools = [
      testTool({ name: "look" }),
      testTool({ name: "append", access: someWrite, recovery: { kind: "unknown" } }),
    ];
    const journal = await wholeJournal(tools);
    const asked = journal.findIndex((event) => event.type === "permission.asked");
    const again = openTestSession({
      script,
      tools,
      journal: journal.slice(0, asked + 1),
      approver: { kind: "allow-all" },
    });
    await again.session.submit({ type: "turn.resume" });
    await again.session.idle();
    assert.equal(again.events.filter((event) => event.type === "permission.asked").length, 1);
    const answered = openTestSession({
      script,
      tools,
      journal: journal.slice(0, asked + 2),
      approver: { kind: "nobody" },
    });
    await answered.session.submit({ type: "turn.resume" });
    await answered.session.idle();
    assert.equal(answered.events.filter((event) => event.type === "permission.asked").length, 0);
    assert.equal(answered.session.state.turns[0]?.finished?.reason, "completed");
  });

  it("tells an applied edit from one that was not by the file's hash", async () => {
    const folder = await mkdtemp(join(tmpdir(), "codepilot-recovery-"));
    const path = join(folder, "a.txt");
    const access = { ...someWrite, path };
    const recovery = { kind: "edit" as const, path, beforeHash: hashOf("old"), afterHash: hashOf("new") };
    try {
      let writes = 0;
      const tools = [
        testTool({ name: "look" }),
        testTool({
          name: "append",
          access,
          recovery,
          run: async () => {
            writes += 1;
            await writeFile(path, "new");
            return { status: "done", output: "written" };
          },
        }),
      ];
      const journal = await wholeJournal(tools);
      const at = journal.findIndex((event) => event.type === "tool.started" && event.callId === "c2");
      for (const [content, expected] of [
        ["new", { writes: 0, status: "done", now: "new" }],
        ["old", { writes: 1, status: "done", now: "new" }],
        ["someone else's", { writes: 0, status: "interrupted", now: "someone else's" }],
      ] as const) {
        await writeFile(path, content);
        writes = 0;
        const t = openTestSession({ script, tools, journal: journal.slice(0, at + 1), approver: { kind: "nobody" } });
        await t.session.submit({ type: "turn.resume" });
        await t.session.idle();
        const end = t.events.find((event) => event.type === "tool.finished" && event.callId === "c2");
        const status = end?.type === "tool.finished" ? end.outcome.status : undefined;
        assert.deepEqual({ writes, status, now: await readFile(path, "utf8") }, expected, content);
      }
    } finally {
      await removeFolder(folder);
    }
  });

  it("leaves the same traces of an edit that a dead process had applied as of any other", async () => {
    const cases = [
      { tree: { "src/a.txt": "one\ntwo\n" }, kept: true },
      { tree: { "src/other.txt": "" }, kept: true },
      { tree: { "src/a.txt": new Uint8Array([0, 255, 1]) }, kept: true },
      { tree: { "src/a.txt": "one\ntwo\n" }, kept: false },
    ];
    for (const { tree, kept } of cases) {
      await using box = await toolbox({ tree });
      const call = { name: "write_file", arguments: { path: "src/a.txt", content: "one\nthree\n" }, callId: "c1" };
      const opened = {
        ...{ v: 1, seq: 1, at: 1, sessionId: "ses_test", type: "session.opened", cwd: box.workspace.root },
        ...{ folders: [box.workspace.root], model: "scripted/test", interface: "tools", dialect: "codepilot" },
        productVersion: "0",
      } as AgentEvent;
      const options = { tools: box.tools, approver: { kind: "allow-all" }, blobs: new Map() } as const;
      const whole = openTestSession({ ...options, script: [{ calls: [call] }, { text: "ok" }], journal: [opened] });
      await whole.run("go");
      const traces = (events: readonly AgentEvent[]) => ({
        changed: events.flatMap((event) => (event.type === "files.changed" ? [event.changes] : [])),
        shown: events.flatMap((event) => (event.type === "tool.finished" ? [event.outcome.display] : [])),
      });
      const undisturbed = traces(whole.kept);
      assert.equal(undisturbed.shown[0]?.kind, "edit");

      const cut = whole.kept.findIndex((event) => event.type === "tool.started") + 1;
      if (!kept) options.blobs.clear();
      const journal = whole.kept.slice(0, cut);
      const next = openTestSession({ ...options, script: [{ text: "ok" }], journal });
      await next.session.submit({ type: "turn.resume" });
      await next.session.idle();
      const recovered = traces(next.events);
      if (kept) assert.deepEqual(recovered, undisturbed);
      else {
        const [change] = undisturbed.changed[0] ?? [];
        assert.deepEqual(recovered.changed, [[{ ...change, addedLines: 0, removedLines: 0 }]]);
        const [display] = recovered.shown;
        assert.ok(display?.kind === "edit" && display.diffTruncated && /was not kept/.test(display.diff));
      }
    }
  });

  describe("of a command that goes on", () => {
    const begun = { kind: "command", terminal: "main", commandId: "cmd_1" } as const;
    const limits = { confined: true, alwaysAsk: ["append"] };
    const knowing = { ...noTerminals, knows: () => true };
    /** Begins a command, or follows the one that was begun. */
    const appending = (follow: (begun: Recovery) => PlannedCall, began?: Recovery): Tool => ({
      ...testTool({ name: "append" }),
      async plan(_input, context) {
        const run = async () => ({ status: "done", output: "begun" }) as const;
        const access = { kind: "execute", command: "make", cwd: "/w", terminal: "main" } as const;
        if (context.begun) return { kind: "planned", call: follow(context.begun) };
        return { kind: "planned", call: { access, recovery: began ?? begun, run } };
      },
    });
    const following = (recovery: Recovery): PlannedCall => ({
      access: { kind: "none" },
      recovery,
      follows: true,
      run: async () => ({ status: "done", output: "followed" }),
    });
    const outcomeOf = (events: readonly AgentEvent[]) =>
      events.findLast((event) => event.type === "tool.finished" && event.callId === "c2");

    it("follows it unasked, whatever the policy", async () => {
      const tools = [testTool({ name: "look" }), appending(following)];
      const journal = await wholeJournal(tools);
      const at = journal.findIndex((event) => event.type === "tool.started" && event.callId === "c2");
      for (const policy of [
        { approval: "untrusted", trusted: true, agent: limits },
        { approval: "never", trusted: true, agent: limits },
        { approval: "never", trusted: false, agent: limits },
      ] as const) {
        const options = { script, tools, journal: journal.slice(0, at + 1), terminals: knowing, policy };
        const t = openTestSession({ ...options, approver: { kind: "nobody" } });
        await t.session.submit({ type: "turn.resume" });
        await t.session.idle();
        assert.ok(!t.types().includes("permission.asked"));
        const end = outcomeOf(t.events);
        assert(end?.type === "tool.finished");
        assert.deepEqual([end.outcome.status, end.outcome.output], ["done", "followed"]);
      }
    });

    it("lets nothing pass for following that has not begun", async () => {
      let ran = 0;
      const sly = (recovery: Recovery): PlannedCall => ({
        ...following(recovery),
        run: async () => {
          ran += 1;
          return { status: "done", output: "done" };
        },
      });
      const outputs: string[] = [];
      const fresh: Tool = {
        ...testTool({ name: "append" }),
        plan: async () => ({ kind: "planned", call: sly(begun) }),
      };
      const t = openTestSession({ script, tools: [testTool({ name: "look" }), fresh], terminals: knowing });
      await t.run("go");
      const first = outcomeOf(t.events);
      if (first?.type === "tool.finished") outputs.push(first.outcome.output);
      const cases = [
        [begun, { ...begun, commandId: "cmd_2" }],
        [{ kind: "repeat" }, { kind: "repeat" }],
      ] as const;
      for (const [began, pretended] of cases) {
        const tools = [testTool({ name: "look" }), appending(() => sly(pretended), began)];
        const journal = await wholeJournal(tools);
        const at = journal.findIndex((event) => event.type === "tool.started" && event.callId === "c2");
        const u = openTestSession({ script, tools, journal: journal.slice(0, at + 1), terminals: knowing });
        await u.session.submit({ type: "turn.resume" });
        await u.session.idle();
        const end = outcomeOf(u.events);
        if (end?.type === "tool.finished") outputs.push(end.outcome.output);
      }
      assert.equal(ran, 0);
      assert.equal(outputs.length, 3);
      for (const output of outputs) assert.match(output, /it was to follow what it has not begun/);
    });
  });

  it("gives a turn up on request, every call ended once", async () => {
    const tools = [testTool({ name: "look" }), testTool({ name: "append" })];
    const journal = await wholeJournal(tools);
    for (let cut = 1; cut < journal.length; cut += 1) {
      const t = openTestSession({ script, tools, journal: journal.slice(0, cut) });
      assert.equal((await t.session.submit({ type: "turn.discard" })).kind, "accepted");
      assert.equal(t.session.state.phase, "idle");
      assert.equal(t.session.state.turns[0]?.finished?.reason, "interrupted");
      const count = (type: string) => t.kept.filter((event) => event.type === type).length;
      assert.equal(count("tool.requested"), count("tool.finished"), `cut at ${cut}`);
      await t.run("next");
      assert.equal(t.session.state.turns.length, 2);
    }
  });
});
