/** What a task's terminal shows of a turn, as the bytes that are written to it. */
import assert from "node:assert/strict";
import { TaskOutput } from "../../../src/host/tasks/task-output.ts";
import { type AgentEvent, EVENT_VERSION, type NewEvent } from "../../../src/protocol/events.ts";
import { finalWordsOf } from "../../../src/protocol/reply-text.ts";
import { parseReply } from "../../../src/scripting/reply-parser.ts";

const event = (fields: NewEvent): AgentEvent =>
  ({ v: EVENT_VERSION, seq: 1, at: 1, sessionId: "s", ...fields }) as AgentEvent;
const delta = (text: string) => event({ type: "text.delta", itemId: "i", delta: text });
const reply = (text: string) => {
  const { blocks } = parseReply(text);
  return event({ type: "item.finished", item: { kind: "assistant_message", id: "i", text, blocks: [...blocks] } });
};

/** What stands in the terminal: styles and taken back lines are left out. Every line break must be a whole one. */
function shown(written: string): string {
  assert.doesNotMatch(written, /[^\r]\n/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked at.
  const plain = written.replace(/[^\n]*\r\x1b\[2K/g, "").replace(/\x1b\[[0-9]*m/g, "");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left.
  assert.doesNotMatch(plain.replaceAll("\r\n", ""), /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/);
  return plain.replaceAll("\r\n", "\n");
}

function terminal() {
  let written = "";
  const output = new TaskOutput((text) => {
    written += text;
  });
  return { output, text: () => shown(written) };
}

describe("the output of a task", () => {
  it("shows prose, the program, its prints, calls and error, and the completion, but no fence", () => {
    const { output, text } = terminal();
    const acting = "Let me look.\n\n```python\nprint(1)\n```\n\nThat is all.\n";
    const ending = "```completion\nAll is \x1b[31mwell.\nReally.\n```\n";
    for (const one of [
      event({ type: "turn.started", input: { text: "do" }, model: "m" }),
      delta("Let me "),
      delta("look.\n\n"),
      event({ type: "block.delta", itemId: "i", index: 0, kind: "control", delta: "print(1)\n" }),
      delta("\n"),
      delta("That is all.\n"),
      reply(acting),
      event({ type: "script.started", scriptId: "p", itemId: "i", language: "python", source: "print(1)\n" }),
      event({ type: "script.output", scriptId: "p", chunk: "1\x1b[2J\n", line: 1 }),
      event({ type: "tool.requested", callId: "c", tool: "execute", argumentsText: "{}", summary: "$ make" }),
      event({ type: "tool.started", callId: "c", recovery: { kind: "unknown" } }),
      event({ type: "tool.finished", callId: "c", outcome: { status: "done", output: "", durationMs: 1 } }),
      event({
        type: "script.finished",
        scriptId: "p",
        outcome: {
          status: "failed",
          clean: false,
          output: "1\nEXECUTION ERROR: no",
          printed: "1\n",
          errorLine: 1,
          names: [],
          durationMs: 1,
        },
      }),
      event({ type: "block.delta", itemId: "i", index: 0, kind: "completion", delta: "All is well.\n" }),
      reply(ending),
    ]) {
      output.show(one);
    }
    output.result(finalWordsOf(ending, parseReply(ending).blocks));
    assert.equal(
      text(),
      [
        "Let me look.",
        "",
        "That is all.",
        "▸ python, 1 line",
        "  │ 1\\x1b[2J",
        "✓ $ make",
        "✗ program, line 1 — EXECUTION ERROR: no",
        "All is \\x1b[31mwell.",
        "Really.",
        "",
      ].join("\n"),
    );
  });

  it("does not tell the last words twice", () => {
    const { output, text } = terminal();
    output.show(delta("All done."));
    output.show(reply("All done.\n"));
    output.result("All done.");
    assert.equal(text(), "All done.\n");
  });

  it("tells words that did not stream", () => {
    const { output, text } = terminal();
    output.show(reply("Whole at once.\n"));
    output.result("Whole at once.");
    assert.equal(text(), "Whole at once.\n");
  });

  it("says what is being done, in a line that the next one takes the place of", () => {
    let written = "";
    const output = new TaskOutput((text) => {
      written += text;
    });
    output.columns = 10;
    output.show(
      event({ type: "tool.requested", callId: "c", tool: "x", argumentsText: "", summary: "$ sleep 10 minutes" }),
    );
    output.show(event({ type: "tool.started", callId: "c", recovery: { kind: "unknown" } }));
    assert.match(written, /… \$ sleep\b/);
    output.problem("It failed.");
    assert.equal(shown(written), "It failed.\n");
  });
});
