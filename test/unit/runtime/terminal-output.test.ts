/** Output of terminals as live events: passed on while somebody listens, and asked for only then. */
import assert from "node:assert/strict";
import type { TerminalOutput } from "../../../src/ports/terminals.ts";
import { noTerminals, openTestSession } from "../../support/session-harness.ts";

describe("terminal.output", () => {
  it("is live, and asked for only while somebody listens", async () => {
    const listeners = new Set<(output: TerminalOutput) => void>();
    const terminals = {
      ...noTerminals,
      watchOutput(listener: (output: TerminalOutput) => void) {
        listeners.add(listener);
        return { dispose: () => listeners.delete(listener) };
      },
    };
    const t = openTestSession({ script: [{ text: "ok" }], terminals });
    const say = (chunk: string) => {
      for (const listener of listeners) listener({ terminal: "main", chunk });
    };
    const first: string[] = [];
    const subscription = t.session.on((event) => {
      if (event.type === "terminal.output") first.push(event.chunk);
    });
    assert.equal(listeners.size, 1);
    say("one");
    subscription.dispose();
    subscription.dispose();
    say("two");
    assert.deepEqual(first, ["one"]);
    t.listening.dispose();
    assert.equal(listeners.size, 0);
    const late = t.session.on(() => {});
    assert.equal(listeners.size, 1);
    late.dispose();

    assert.deepEqual(
      t.events.map((event) => (event.type === "terminal.output" ? event.chunk : event.type)),
      ["one", "two"],
    );
    await t.run("go");
    assert.ok(!t.kept.some((event) => event.type === "terminal.output"));
  });

  it("ends with the session", async () => {
    let watching = 0;
    const terminals = {
      ...noTerminals,
      watchOutput() {
        watching += 1;
        return {
          dispose: () => {
            watching -= 1;
          },
        };
      },
    };
    const t = openTestSession({ script: [], terminals });
    assert.equal(watching, 1);
    await t.session.close("closed");
    assert.equal(watching, 0);
  });
});
