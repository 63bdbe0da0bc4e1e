/** Programs that are stopped, die or are let go of at a bad moment; over an engine that the test directs. */
import assert from "node:assert/strict";
import type { AgentEvent } from "../../../../src/protocol/events.ts";
import type { ScriptEntry } from "../../../../src/protocol/state.ts";
import { engineFault, type FakeProgram, FakeScriptEngine } from "../../../support/fake-script-engine.ts";
import { reply } from "../../../support/python-session.ts";
import type { ScriptedReply } from "../../../support/scripted-model.ts";
import { type HarnessOptions, openTestSession, someWrite, testTool } from "../../../support/session-harness.ts";
import { assertEnds, openedEvent } from "../../../support/whole-ends.ts";

const block = (name: string, completion?: string): ScriptedReply => ({
  text: reply({ code: name, ...(completion === undefined ? {} : { completion }) }),
});

/** A tool that lasts until it is stopped, and then takes a moment. */
function lasting(lateMs = 50) {
  const begun = Promise.withResolvers<void>();
  const tool = testTool({
    name: "wait",
    recovery: { kind: "unknown" },
    run: (_input, { signal }) =>
      new Promise((resolve) => {
        begun.resolve();
        signal.addEventListener("abort", () =>
          setTimeout(() => resolve({ status: "cancelled", output: "waited, was stopped" }), lateMs),
        );
      }),
  });
  return { tool, begun: begun.promise };
}

function open(programs: Readonly<Record<string, FakeProgram>>, options: HarnessOptions) {
  const engine = new FakeScriptEngine(programs);
  const t = openTestSession({ engine, journal: [openedEvent], approver: { kind: "allow-all" }, ...options });
  const scripts = () =>
    (t.session.state.turns.at(-1)?.entries ?? []).filter((entry): entry is ScriptEntry => entry.kind === "script");
  return { ...t, engine, scripts, submit: () => t.session.submit({ type: "turn.submit", input: { text: "go" } }) };
}

const setAndWait: Record<string, FakeProgram> = {
  async set({ variables }) {
    variables.set("x", 1);
  },
  async wait({ call, variables }) {
    variables.set("y", 2);
    await call("wait");
  },
  async use({ print, variables }) {
    print(`x=${variables.get("x")} y=${variables.get("y")}`);
  },
};

describe("a program that is stopped", () => {
  it("by the person waits for its call to end, and the turn goes on with the variables of before", async () => {
    const { tool, begun } = lasting();
    const t = open(setAndWait, {
      tools: [tool],
      script: [block("set"), block("wait"), block("use"), { text: "Done." }],
    });
    await t.submit();
    await begun;
    const scriptId = t.scripts().at(-1)?.scriptId ?? "";
    assert.equal((await t.session.submit({ type: "script.stop", scriptId })).kind, "accepted");
    await t.session.submit({ type: "script.stop", scriptId });
    await t.session.idle();
    assertEnds(t.kept, "stopped");
    assert.equal(t.session.state.turns[0]?.finished?.reason, "completed");
    const [, stopped, used] = t.scripts();
    assert.equal(stopped?.outcome?.status, "cancelled");
    assert.match(stopped?.outcome?.output ?? "", /waited, was stopped[\s\S]*the person stopped this block/);
    assert.match(used?.outcome?.output ?? "", /^x=1 y=undefined$/);
  });

  it("with its turn has each of its calls ended once", async () => {
    const { tool, begun } = lasting(300);
    const t = open(setAndWait, { tools: [tool], script: [block("wait"), { text: "Next." }] });
    await t.submit();
    await begun;
    await t.session.submit({ type: "turn.interrupt" });
    await t.session.idle();
    await new Promise((resolve) => setTimeout(resolve, 500));
    assertEnds(t.kept, "interrupted");
    const end = t.kept.find((event) => event.type === "tool.finished");
    assert.equal(end?.type === "tool.finished" && end.outcome.output, "waited, was stopped");
    assert.equal(t.session.state.turns[0]?.finished?.reason, "interrupted");
    assert.match(t.scripts()[0]?.outcome?.output ?? "", /waited, was stopped\n\n\[Control block stopped here/);
  });

  it("while its interpreter starts has not run, and is not run for its variables later", async () => {
    const t = open(setAndWait, {
      tools: [testTool({ name: "wait" })],
      script: [block("set"), block("use"), block("wait"), block("use"), { text: "Done." }],
    });
    const booting = Promise.withResolvers<void>();
    t.session.on((event) => {
      if (event.type !== "script.started" || t.scripts().length !== 3) return;
      t.engine.opening = async () => {
        booting.resolve();
        await new Promise(() => undefined);
      };
    });
    // The interpreter of the first two blocks goes between two blocks.
    t.session.on((event) => {
      if (event.type === "script.finished" && t.scripts().length === 2) t.engine.newest?.kill();
    });
    await t.submit();
    await booting.promise;
    const scriptId = t.scripts().at(-1)?.scriptId ?? "";
    await t.session.submit({ type: "script.stop", scriptId });
    await t.session.idle();
    assertEnds(t.kept, "stopped");
    assert.match(t.scripts()[2]?.outcome?.output ?? "", /the person stopped/);
    assert.equal(t.scripts()[3]?.outcome?.output, "x=1 y=undefined");
    assert.deepEqual(t.engine.ran, ["set", "use", "set", "use", "use"]);
  });
});

describe("a program whose process goes", () => {
  it("while a tool runs for it has the call stopped and ended", async () => {
    const { tool } = lasting();
    const programs: Record<string, FakeProgram> = {
      ...setAndWait,
      async doomed({ call, die }) {
        const running = call("wait");
        setTimeout(() => void die().catch(() => undefined), 50);
        await running;
      },
    };
    const t = open(programs, { tools: [tool], script: [block("doomed"), { text: "It broke." }] });
    assert.equal((await t.run("go"))?.reason, "completed");
    assertEnds(t.kept, "died");
    assert.equal(t.scripts()[0]?.outcome?.status, "failed");
    assert.match(t.scripts()[0]?.outcome?.output ?? "", /waited, was stopped/);
  });

  it("while permission is asked for has the request withdrawn", async () => {
    const programs: Record<string, FakeProgram> = {
      async doomed({ call, die }) {
        const running = call("write");
        setTimeout(() => void die().catch(() => undefined), 50);
        await running;
      },
    };
    const t = open(programs, {
      tools: [testTool({ name: "write", access: someWrite })],
      approver: { kind: "person" },
      script: [block("doomed"), { text: "It broke." }],
    });
    assert.equal((await t.run("go"))?.reason, "completed");
    assertEnds(t.kept, "died");
    assert.deepEqual(t.session.state.pendingPermissions, []);
  });
});

describe("a program that is taken up again", () => {
  const programs: Record<string, FakeProgram> = {
    ...setAndWait,
    async write({ call, print }) {
      await call("look");
      await call("write");
      print("written");
    },
    async other() {},
  };
  const tools = [
    testTool({ name: "look" }),
    testTool({ name: "write", access: someWrite, recovery: { kind: "unknown" } }),
  ];
  const script = [block("set"), block("write"), { text: "Done." }];

  async function pending(): Promise<readonly AgentEvent[]> {
    const t = open(programs, { tools, script, approver: { kind: "person" } });
    const asked = t.next("permission.asked");
    await t.submit();
    await asked;
    await t.session.close("released");
    return t.kept;
  }

  it("asks anew for what was pending, and what is answered runs once", async () => {
    const journal = await pending();
    assert.equal(
      journal.some(({ type }) => type === "turn.finished" || type === "permission.answered"),
      false,
    );
    const t = open(programs, { tools, script: script.slice(2), journal, approver: { kind: "person" } });
    const asked = t.next("permission.asked");
    await t.session.submit({ type: "turn.resume" });
    const { permissionId } = (await asked).request;
    const answer = { type: "permission.answer", permissionId, decision: "allowed", scope: "once" } as const;
    assert.equal((await t.session.submit(answer)).kind, "accepted");
    assert.equal((await t.session.submit(answer)).kind, "refused");
    await t.session.idle();
    assertEnds(t.kept, "resumed");
    assert.equal(t.scripts()[1]?.outcome?.status, "completed");
    assert.equal(t.kept.filter(({ type }) => type === "permission.asked").length, 2);
    assert.equal(
      t.kept.filter((event) => event.type === "tool.started" && event.recovery.kind === "unknown").length,
      1,
    );
    assert.deepEqual(t.engine.ran, ["set", "write"]);
  });

  it("and does something else has the call that it left open ended with it", async () => {
    const journal = (await pending()).map((event) =>
      event.type === "script.started" && event.source.includes("write") ? { ...event, source: "other" } : event,
    );
    const t = open(programs, { tools, script: script.slice(2), journal });
    await t.session.submit({ type: "turn.resume" });
    await t.session.idle();
    assertEnds(t.kept, "diverged");
    assert.equal(t.scripts()[1]?.outcome?.status, "interrupted");
    assert.match(t.scripts()[1]?.outcome?.output ?? "", /did not make its call of look/);
  });

  it("and is stopped before that is not told that nothing was done", async () => {
    const journal = await pending();
    const t = open(programs, { tools, script: script.slice(2), journal });
    const booting = Promise.withResolvers<void>();
    t.engine.opening = async () => {
      booting.resolve();
      await new Promise(() => undefined);
    };
    await t.session.submit({ type: "turn.resume" });
    await booting.promise;
    await t.session.submit({ type: "script.stop", scriptId: t.scripts().at(-1)?.scriptId ?? "" });
    await t.session.idle();
    assertEnds(t.kept, "stopped");
    assert.doesNotMatch(t.scripts()[1]?.outcome?.output ?? "", /Nothing was done/);
    assert.equal(t.session.state.turns[0]?.finished?.reason, "completed");
  });

  it("and ends with other variables than before says which are gone", async () => {
    const journal = await pending();
    const changed: Record<string, FakeProgram> = { ...programs, async set() {} };
    const t = open(changed, { tools, script: script.slice(2), journal });
    await t.session.submit({ type: "turn.resume" });
    await t.session.idle();
    assert.match(t.scripts()[1]?.outcome?.output ?? "", /these are gone: x\./);
  });
});

describe("a model that calls natively all the same", () => {
  const calls = [{ name: "look", arguments: {} }];

  it("is told so, and does not go on like that for ever", async () => {
    const t = open(setAndWait, { tools: [testTool({ name: "look" })], script: () => ({ text: "I look.", calls }) });
    const end = await t.run("go");
    assert.equal(end?.reason, "failed");
    assert.equal(end?.error?.class, "bad-response");
    assert.equal(t.model.requests.length, 6);
    assert.equal(
      t.kept.some(({ type }) => type === "tool.requested"),
      false,
    );
  });

  it("beside a program hears that only the program was run, and completes after that", async () => {
    const done = block("set", "All is set.");
    const t = open(setAndWait, { tools: [testTool({ name: "look" })], script: [{ ...done, calls }, done] });
    assert.equal((await t.run("go"))?.reason, "completed");
    const told = t.model.requests[1]?.input.flatMap((part) => (part.kind === "user" ? [part.text] : [])) ?? [];
    assert.match(told.at(-1) ?? "", /only the program was run/);
    assert.match(told.at(-2) ?? "", /^\[EXECUTION RESULT\]/);
  });
});

describe("a session without an interpreter", () => {
  it("ends the turn with the reason and what to do, and is there again when it can be started", async () => {
    const t = open(setAndWait, { tools: [], script: [block("set"), block("set", "Set.")] });
    t.engine.opening = () => Promise.reject(engineFault());
    const end = await t.run("go");
    assert.equal(end?.reason, "failed");
    assert.match(end?.error?.message ?? "", /interpreter here/);
    assert.match(end?.error?.next ?? "", /send/i);
    assertEnds(t.kept, "failed");
    assert.equal((await t.run("again"))?.reason, "completed");
    assert.deepEqual(t.engine.ran, ["set"]);
  });

  for (const how of ["closed", "released"] as const) {
    it(`can be ${how} while one starts`, async () => {
      const t = open(setAndWait, { tools: [], script: [block("set")] });
      const booting = Promise.withResolvers<void>();
      t.engine.opening = async () => {
        booting.resolve();
        await new Promise(() => undefined);
      };
      await t.submit();
      await booting.promise;
      await t.session.close(how);
      if (how === "closed") assertEnds(t.kept, how);
      else assert.equal(t.kept.at(-1)?.type, "script.started");
    });
  }
});
