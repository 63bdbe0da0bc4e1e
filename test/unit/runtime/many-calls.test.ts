/** Many calls that may run together: how many do, in which order they are told, and what a stop makes of them. */
import assert from "node:assert/strict";
import { atMost } from "../../../src/runtime/at-most.ts";
import { FakeScriptEngine } from "../../support/fake-script-engine.ts";
import { reply } from "../../support/python-session.ts";
import { openTestSession, testTool } from "../../support/session-harness.ts";
import { openedEvent } from "../../support/whole-ends.ts";

const NUMBERS = Array.from({ length: 50 }, (_, index) => index);

/** A tool whose calls take turns at ending, and the most of them that were under way. */
function crowded(onStart: (n: number) => void = () => {}) {
  let running = 0;
  const seen = { most: 0, started: [] as number[] };
  const tool = testTool({
    name: "look",
    parallelSafe: true,
    async run({ n }, { signal }) {
      seen.most = Math.max(seen.most, ++running);
      seen.started.push(Number(n));
      onStart(Number(n));
      await new Promise((resolve) => setTimeout(resolve, Number(n) % 3));
      running -= 1;
      return signal.aborted ? { status: "cancelled", output: "stopped" } : { status: "done", output: `saw ${n}` };
    },
  });
  return { tool, seen };
}

describe("many calls at once", () => {
  const calls = NUMBERS.map((n) => ({ name: "look", arguments: { n } }));

  it("run 16 at a time, begin in their order and are told in it", async () => {
    const { tool, seen } = crowded();
    const t = openTestSession({ script: [{ calls }, { text: "ok" }], tools: [tool] });
    await t.run("go");
    assert.equal(seen.most, 16);
    assert.deepEqual(seen.started, NUMBERS);
    const told = t.model.requests[1]?.input.flatMap((item) => (item.kind === "tool_result" ? [item.output] : []));
    assert.deepEqual(
      told,
      NUMBERS.map((n) => `saw ${n}`),
    );
  });

  it("are bounded in the same way when a program makes them", async () => {
    const { tool, seen } = crowded();
    const texts: string[] = [];
    const engine = new FakeScriptEngine({
      async all(api) {
        for (const { text } of await api.gather(NUMBERS.map((n) => ["look", { n }]))) texts.push(text);
      },
    });
    const script = [{ text: reply({ code: "all", completion: "Done." }) }];
    const t = openTestSession({ script, tools: [tool], engine, journal: [openedEvent] });
    await t.run("go");
    assert.equal(seen.most, 16);
    assert.deepEqual(
      texts,
      NUMBERS.map((n) => `saw ${n}`),
    );
    const indices = t.events.flatMap((event) => (event.type === "tool.requested" ? [event.script?.index] : []));
    assert.deepEqual(
      indices,
      NUMBERS.map((n) => n + 1),
    );
  });

  it("that had not begun at a stop never do, and every one has its end", async () => {
    const { tool, seen } = crowded((n) => {
      if (n === 5) void t.session.submit({ type: "turn.interrupt" });
    });
    const t = openTestSession({ script: [{ calls }], tools: [tool] });
    assert.equal((await t.run("go"))?.reason, "interrupted");
    assert.ok(seen.started.length <= 16);
    const ends = t.events.flatMap((event) => (event.type === "tool.finished" ? [event.callId] : []));
    assert.equal(new Set(ends).size, NUMBERS.length);
    assert.equal(ends.length, NUMBERS.length);
  });

  it("begin no more after a fault, and fail with the first when all that had begun are over", async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const work = atMost(2, [0, 1, 2, 3], async (n) => {
      begun.push(n);
      await new Promise((resolve) => setTimeout(resolve, n === 1 ? 5 : 1));
      ended.push(n);
      if (n < 2) throw new Error(`fault ${n}`);
    });
    await assert.rejects(work, /fault 0/);
    assert.deepEqual(
      [begun, ended],
      [
        [0, 1],
        [0, 1],
      ],
    );
  });
});
