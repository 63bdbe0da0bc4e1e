/** A process that dies in a task of programs that sleep: the next one waits only for what was not slept yet. */
import assert from "node:assert/strict";
import type { AgentEvent } from "../../../../src/protocol/events.ts";
import { type FakeProgram, FakeScriptEngine } from "../../../support/fake-script-engine.ts";
import { reply } from "../../../support/python-session.ts";
import { openTestSession, testTool } from "../../../support/session-harness.ts";
import { openedEvent } from "../../../support/whole-ends.ts";

const programs: Readonly<Record<string, FakeProgram>> = {
  async first({ call, sleep, variables }) {
    sleep("1");
    variables.set("looked", await call("look", { at: 1 }));
    sleep("2");
  },
  async second({ call, gather, sleep }) {
    sleep("3");
    await call("payload", { filename: "made.txt", content: "made" });
    sleep("4");
    await call("look", { at: 2 });
    sleep("5");
    await gather([
      ["look", { at: 3 }],
      ["look", { at: 4 }],
    ]);
    sleep("6");
  },
};

function open(journal: readonly AgentEvent[]) {
  const engine = new FakeScriptEngine(programs);
  const script = ({ input }: { input: readonly { kind: string; text?: string }[] }) => {
    const results = input.filter(({ kind, text }) => kind === "user" && text?.startsWith("[EXECUTION RESULT]")).length;
    return { text: results < 2 ? reply({ code: results === 0 ? "first" : "second" }) : "Done." };
  };
  const tools = [testTool({ name: "look", parallelSafe: true })];
  return { ...openTestSession({ script, tools, engine, approver: { kind: "allow-all" }, journal }), engine };
}

describe("sleeps of programs that run again", () => {
  it("are waited for from where the journal ends, and not before", async () => {
    const t = open([openedEvent]);
    assert.equal((await t.run("go"))?.reason, "completed");
    assert.deepEqual(t.engine.slept, ["1", "2", "3", "4", "5", "6"]);
    const whole = t.kept;
    const seen = new Set<string>();
    for (let cut = 2; cut < whole.length; cut += 1) {
      const before = whole.slice(0, cut);
      const started = before.findLastIndex(({ type }) => type === "script.started");
      const isSecond = before.filter(({ type }) => type === "script.started").length === 2;
      if (!isSecond || before.slice(started).some(({ type }) => type === "script.finished")) continue;
      const calls = before.slice(started).filter(({ type }) => type === "tool.requested").length;
      const again = open(before);
      await again.session.submit({ type: "turn.resume" });
      await again.session.idle();
      assert.equal(again.session.state.turns[0]?.finished?.reason, "completed");
      assert.deepEqual(again.engine.ran, ["first", "second"]);
      const expected = { 0: "3456", 1: "56", 2: "6", 3: "6" }[calls];
      assert.equal(again.engine.slept.join(""), expected, `cut at ${cut} after ${before.at(-1)?.type}`);
      seen.add(`${calls}`);
    }
    assert.deepEqual([...seen].sort(), ["0", "1", "2", "3"]);
  });
});
