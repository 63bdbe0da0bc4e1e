/** The lines that tell of a turn on the command line and in the terminals of tasks. */
import assert from "node:assert/strict";
import { ProgressLines } from "../../../src/embed/progress-lines.ts";
import { type AgentEvent, EVENT_VERSION, type NewEvent } from "../../../src/protocol/events.ts";

const event = (fields: NewEvent): AgentEvent =>
  ({ v: EVENT_VERSION, seq: 1, at: 1, sessionId: "s", ...fields }) as AgentEvent;
const printed = (chunk: string) => event({ type: "script.output", scriptId: "p", chunk, line: 1 });
const started = event({ type: "script.started", scriptId: "p", itemId: "i", language: "python", source: "a\nb\n" });
const finished = (output: string, errorLine?: number) =>
  event({
    type: "script.finished",
    scriptId: "p",
    outcome: {
      status: errorLine === undefined ? "completed" : "failed",
      clean: errorLine === undefined,
      output,
      printed: "",
      ...(errorLine === undefined ? {} : { errorLine }),
      names: [],
      durationMs: 5,
    },
  });

function told(lines: ProgressLines, ...events: AgentEvent[]): string[] {
  return events.flatMap((one) => lines.take(one)).map(({ text }) => text);
}

describe("progress lines", () => {
  it("tell of a program, what it prints and where it fails", () => {
    const failure = finished("12\nEXECUTION ERROR in line 2: ValueError: no", 2);
    assert.deepEqual(told(new ProgressLines(), started, printed("1"), printed("2\r"), printed("\n\nlast"), failure), [
      "▸ python, 2 lines",
      "  │ 12",
      "  │ last",
      "✗ program, line 2 — EXECUTION ERROR in line 2: ValueError: no",
    ]);
  });

  it("tell of a line that has not ended before the call that comes after it", () => {
    const call = [
      event({ type: "tool.requested", callId: "c", tool: "execute", argumentsText: "{}", summary: "$ make" }),
      event({ type: "tool.started", callId: "c", recovery: { kind: "unknown" } }),
      event({
        type: "tool.finished",
        callId: "c",
        outcome: { status: "failed", output: "no such thing\nat all", durationMs: 1 },
      }),
    ];
    const lines = new ProgressLines();
    assert.deepEqual(told(lines, started, printed("making"), ...call.slice(0, 2)), ["▸ python, 2 lines"]);
    assert.equal(lines.status, "$ make");
    assert.deepEqual(told(lines, ...call.slice(2)), ["  │ making", "✗ $ make — no such thing"]);
  });

  it("say how much of the prints was left out", () => {
    const lines = new ProgressLines({ maxPrinted: 10 });
    const chunks = [printed("123456\n"), printed("abcdef\n"), printed("more\n")];
    assert.deepEqual(told(lines, started, ...chunks, finished("")), [
      "▸ python, 2 lines",
      "  │ 123456",
      "  │ abc",
      "  │ … 9 more characters were printed",
    ]);
    assert.deepEqual(told(lines, started, printed("again\n"), finished("")), ["▸ python, 2 lines", "  │ again"]);
  });
});
