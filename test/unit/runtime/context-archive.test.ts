/** Archived tasks: what the model does with the three tools, and what it is sent from then on. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ModelInput, ModelRequest } from "../../../src/ports/model-client.ts";
import type { AgentEvent } from "../../../src/protocol/events.ts";
import { reduceAll } from "../../../src/protocol/reduce.ts";
import { buildRequest } from "../../../src/runtime/context-builder.ts";
import { createContextTools } from "../../../src/tools/index.ts";
import type { Script, ScriptedReply } from "../../support/scripted-model.ts";
import { type HarnessOptions, openTestSession, testTool } from "../../support/session-harness.ts";

const look = testTool({ name: "look", run: ({ n }) => ({ status: "done", output: `saw ${n} ${"x".repeat(400)}` }) });
const tools = [...createContextTools(), look];
const open = (script: Script, options: Partial<HarnessOptions> = {}) => openTestSession({ tools, ...options, script });
const call = (name: string, args: Record<string, unknown> = {}): ScriptedReply => ({
  calls: [{ name, arguments: args }],
});

const words = (input: readonly ModelInput[]) =>
  input.map((item) => (item.kind === "tool_result" ? item.output : "text" in item ? item.text : item.kind));
const resultIn = (request: ModelRequest | undefined) =>
  request?.input.findLast((item) => item.kind === "tool_result")?.output ?? "";

/** Two finished tasks of two requests each; what follows is the test's. */
async function afterTwoTasks(rest: readonly ScriptedReply[], options: Partial<HarnessOptions> = {}) {
  const t = open(
    [call("look", { n: 1 }), { text: "one is done" }, call("look", { n: 2 }), { text: "two is done" }, ...rest],
    options,
  );
  await t.run("first task\nwith details");
  await t.run("second task");
  return t;
}

describe("the context archive", () => {
  it("tells an archived task as its summary from the next request on, and the rest as it was", async () => {
    const t = await afterTwoTasks([
      call("archive_context", { position: 1, summary: "One: looked, all well." }),
      { text: "ok" },
    ]);
    await t.run("third task");
    const [before, after] = t.model.requests.slice(-2).map(({ input }) => input);
    assert.equal(words(before ?? [])[0], "first task\nwith details");
    assert.equal(
      words(after ?? [])[0],
      "[ARCHIVED TASK 1]\nOne: looked, all well.\n(original kept: reveal_context(1) shows it)",
    );
    assert.deepEqual(after?.slice(1, 1 + 5), before?.slice(4, 4 + 5));
    assert.match(
      resultIn(t.model.requests.at(-1)),
      /^\[archive_context\] task 1: archived, about 1\d\d tokens saved from the next request on\.$/,
    );
    assert.equal(t.session.state.turns[0]?.entries.length, 3, "the timeline keeps all of it");
  });

  it("refuses each task that can not be archived by itself and says what is possible", async () => {
    const t = await afterTwoTasks([
      call("archive_context", { position: [2, 2, 3, 9, 1], summary: ["Two.", "Again.", "Now.", "None.", " "] }),
      call("archive_context", { position: 3, summary: "Now." }),
      call("archive_context", { position: [1, 2], summary: "Both." }),
      call("archive_context", { position: 0, summary: "Zero." }),
      { text: "ok" },
    ]);
    await t.run("third task");
    const [first, second, third, fourth] = t.model.requests.slice(-4).map(resultIn);
    assert.deepEqual(first?.split("\n").slice(1), [
      "task 2: ERROR: it is archived already; reveal_context(2) shows it. Can be archived: 1.",
      "task 3: ERROR: it is the active task, which can be archived in a later one. Can be archived: 1.",
      "task 9: ERROR: there is no task 9: this session has tasks 1–3. Can be archived: 1.",
      "task 1: ERROR: the summary is empty. Say what has to stay known of the task.",
    ]);
    assert.match(first ?? "", /^\[archive_context\] task 2: archived, about/);
    assert.match(second ?? "", /^\[archive_context\] ERROR: task 3: ERROR: it is the active task/);
    assert.match(third ?? "", /there are 2 positions and 1 summary\. Give one summary for each position/);
    assert.match(fourth ?? "", /was not understood/);
    assert.deepEqual(
      t.kept.flatMap((event) => (event.type === "context.archived" ? [event.position] : [])),
      [2],
    );
  });

  it("shows the original without putting it back", async () => {
    const t = await afterTwoTasks([
      call("archive_context", { position: 1, summary: "One." }),
      call("reveal_context", { position: 1 }),
      call("reveal_context", { position: 1, start_line: 2, end_line: 3 }),
      call("reveal_context", { position: 2 }),
      call("reveal_context", { position: 7 }),
      { text: "ok" },
    ]);
    await t.run("third task");
    const [whole, part, full, none] = t.model.requests.slice(-4).map(resultIn);
    assert.match(
      whole ?? "",
      /^\[reveal_context\] task 1 · 12 lines\n\[USER\]\nfirst task\nwith details\n\n\[CALL look\]\n\{"n":1\}\n\n\[RESULT OF look\]\nsaw 1 x+\n\n\[ASSISTANT\]\none is done$/,
    );
    assert.equal(part, "[reveal_context] task 1 · lines 2–3 of 12\nfirst task\nwith details");
    assert.match(full ?? "", /ERROR: task 2 is not archived: it is in your context\. Archived: 1\.$/);
    assert.match(none ?? "", /ERROR: there is no task 7: this session has tasks 1–3\. Archived: 1\.$/);
    assert.match(words(t.model.requests.at(-1)?.input ?? [])[0] ?? "", /^\[ARCHIVED TASK 1\]/);
  });

  it("shows of a long original its two ends, and every line of it when asked for", async () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => `row ${index + 1}`);
    const long = testTool({ name: "long", run: () => ({ status: "done", output: lines.join("\n") }) });
    const shown: string[] = [];
    const t = open(
      ({ input }, index) => {
        if (index === 0) return call("long");
        if (index === 1) return { text: "the end" };
        if (index === 2) return call("archive_context", { position: 1, summary: "Long." });
        if (index === 3) return call("reveal_context", { position: 1 });
        const result = resultIn({ input } as unknown as ModelRequest);
        shown.push(result);
        assert.ok(result.length < 25_000);
        const next = /start_line=(\d+)(?:, end_line=(\d+))?/.exec(result);
        if (!next) return { text: "seen" };
        const range = next[2] ? { end_line: Number(next[2]) } : { end_line: 2_000 };
        return call("reveal_context", { position: 1, start_line: Number(next[1]), ...range });
      },
      { tools: [...tools, long] },
    );
    await t.run("a long one");
    await t.run("look back");
    const all = `${shown.join("\n")}\n`;
    for (const line of lines.slice(0, 2_000)) assert.ok(all.includes(`${line}\n`), line);
    assert.match(
      shown[0] ?? "",
      /row 1\n[\s\S]*left out: reveal_context\(1, start_line=\d+, end_line=\d+\)[\s\S]*the end$/,
    );
  });

  it("lists what is archived and what could be", async () => {
    const t = await afterTwoTasks([
      call("archive_context", { position: 2, summary: "Two:\nboth lines." }),
      call("list_archived_context"),
      { text: "ok" },
    ]);
    await t.run("third task");
    const lines = resultIn(t.model.requests.at(-1)).split("\n");
    assert.match(lines[0] ?? "", /^\[list_archived_context\] 1 of 3 tasks archived, about \d+ tokens saved\.$/);
    assert.match(lines[1] ?? "", /^1\. in full, about \d+ tokens: first task$/);
    assert.match(lines[2] ?? "", /^2\. ARCHIVED, about \d+ tokens saved: Two: both lines\.$/);
    assert.equal(lines[3], "3. active: third task");
  });

  it("survives a kill at any point, and archives once", async () => {
    const script = ({ input }: ModelRequest): ScriptedReply => {
      const last = input.findLast((item) => item.kind === "tool_result" || item.kind === "user");
      if (last?.kind === "user" && last.text.startsWith("first")) return { text: "one is done" };
      if (last?.kind === "user") return call("archive_context", { position: 1, summary: "One." });
      return { text: "archived" };
    };
    const whole = open(script);
    await whole.run("first");
    await whole.run("second");
    const from = whole.kept.findLastIndex((event) => event.type === "turn.started") + 1;
    const archivedAt = whole.kept.findIndex((event) => event.type === "context.archived");
    assert.ok(archivedAt > from);
    for (let cut = from + 1; cut < whole.kept.length; cut += 1) {
      const t = open(script, { journal: whole.kept.slice(0, cut) });
      await t.session.submit({ type: "turn.resume" });
      await t.session.idle();
      assert.equal(t.session.state.turns[1]?.finished?.reason, "completed", `cut at ${cut}`);
      assert.equal(t.kept.filter((event) => event.type === "context.archived").length, 1, `cut at ${cut}`);
      const results = t.kept.flatMap((event) => (event.type === "tool.finished" ? [event.outcome.status] : []));
      // What a cut reply had asked for is cancelled and asked for again.
      assert.deepEqual(
        results.filter((status) => status !== "cancelled"),
        ["done"],
        `cut at ${cut}`,
      );
      for (const request of t.model.requests) {
        const archived = request.input.some(
          (item) => item.kind === "user" && item.text.startsWith("[ARCHIVED TASK 1]"),
        );
        const called = request.input.some((item) => item.kind === "tool_result");
        assert.equal(archived, called, `cut at ${cut}`);
      }
    }
  });

  it("changes nothing of what is not archived, to the byte", async () => {
    const step = fc.record({ calls: fc.integer({ min: 0, max: 2 }), text: fc.string({ maxLength: 5 }) });
    const task = fc.record({
      words: fc.string({ minLength: 1, maxLength: 9 }),
      steps: fc.array(step, { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(task, { minLength: 2, maxLength: 5 }),
        fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }),
        fc.constantFrom("tools", "python"),
        async (tasks, chosen, kind) => {
          const replies = tasks.flatMap(({ steps }) => [
            ...steps
              .filter(({ calls }) => calls > 0)
              .map(({ calls, text }) => ({
                text,
                calls: Array.from({ length: calls }, (_, n) => ({ name: "look", arguments: { n } })),
              })),
            { text: "done" },
          ]);
          const t = open(replies);
          for (const one of tasks) await t.run(one.words);
          const events: AgentEvent[] = t.kept.map((event) => ({ ...event, sessionId: "s" }));
          const state = { ...reduceAll(events), interface: kind as "tools" | "python" };
          const sources = { instructions: "Be good.", tools: [], settings: {} };
          const inputs = (one: typeof state) => buildRequest(one, "test", sources).input;
          // One task alone is told as it is among the others.
          const parts = state.turns.map((_, index) => {
            const upTo = (end: number) => inputs({ ...state, turns: state.turns.slice(0, end) });
            return upTo(index + 1).slice(upTo(index).length);
          });
          assert.deepEqual(inputs(state), parts.flat());
          const positions = new Set(chosen.map((n) => (n % tasks.length) + 1));
          const archived = reduceAll(
            [...positions].map((position, index) => ({
              v: 1 as const,
              seq: state.lastSeq + 1 + index,
              at: 1,
              sessionId: "s",
              type: "context.archived" as const,
              taskId: state.turns[position - 1]?.turnId ?? "",
              position,
              summary: `summary of ${position}`,
            })),
            state,
          );
          const expected = parts.flatMap((part, index): readonly ModelInput[] => {
            if (!positions.has(index + 1)) return part;
            const number = index + 1;
            const text = `[ARCHIVED TASK ${number}]\nsummary of ${number}\n(original kept: reveal_context(${number}) shows it)`;
            return [{ kind: "user", text }];
          });
          const told = inputs({ ...archived, interface: state.interface });
          assert.equal(JSON.stringify(told), JSON.stringify(expected));
          assert.equal(JSON.stringify(inputs({ ...archived, interface: state.interface })), JSON.stringify(told));
        },
      ),
      { numRuns: 40 },
    );
  });
});
