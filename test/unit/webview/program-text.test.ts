import assert from "node:assert/strict";
import type { ScriptOutcome } from "../../../src/protocol/items.ts";
import { killedText, raisedText, unusedPayloadsText } from "../../../src/runtime/scripts/script-report.ts";
import { languageOfFile, lineCount, linesOf, problemOf, windowOf } from "../../../webview-ui/src/logic/program-text.ts";

const outcome = (fields: Partial<ScriptOutcome>): ScriptOutcome => ({
  status: "failed",
  clean: false,
  output: "",
  printed: "",
  names: [],
  durationMs: 1,
  ...fields,
});

describe("a program's words", () => {
  it("tell a person the error and not what the model is advised", () => {
    const frame = (line: number, name: string) =>
      `  File "<codepilot-control-block>", line ${line}, in ${name}\n    step()`;
    const told = (frames: readonly string[], message = "no") => {
      const traceback = ["Traceback (most recent call last):", ...frames, `ValueError: ${message}`].join("\n");
      return raisedText({ kind: "raised", phase: "run", type: "ValueError", message, line: 3, traceback, names: [] });
    };
    const before = "result of a call\nEXECUTION ERROR (Control Block, line 1): in a file that was read\n\n";
    const words = (text: string) => problemOf(outcome({ output: before + text }));
    assert.equal(words(told([frame(3, "<module>")])), "Line 3: ValueError: no");
    assert.equal(words(told([frame(3, "<module>")], "no\nand no")), "Line 3: ValueError: no\nand no");
    const two = [frame(3, "<module>"), frame(1, "step")];
    assert.equal(words(told(two)), ["Line 3: ValueError: no", "Traceback (most recent call last):", ...two].join("\n"));
    const killed = killedText({ kind: "killed", cause: "cpu-limit", message: "It computed for 30 s." }, []);
    assert.match(words(killed) ?? "", /^It computed for 30 s\. /);
  });

  it("tell of payloads that were left over, and nothing where all went well", () => {
    const output = `x\n\n${unusedPayloadsText("1 of 1")}`;
    assert.equal(problemOf(outcome({ status: "completed", output })), "PAYLOAD ERROR: 1 of 1");
    assert.equal(problemOf(outcome({ status: "completed", clean: true, output })), null);
    assert.equal(problemOf(outcome({ status: "cancelled", output: "EXECUTION ERROR: the person" })), null);
    assert.equal(problemOf(outcome({ status: "completed", output: "a write failed" })), null);
  });

  it("show a window of a long program around the line that matters, never past its ends", () => {
    assert.deepEqual(windowOf(20, 7), { from: 0, to: 20 });
    assert.deepEqual(windowOf(900, null), { from: 0, to: 300 });
    assert.deepEqual(windowOf(900, 890), { from: 600, to: 900 });
    const { from, to } = windowOf(900, 500);
    assert.ok(from < 499 && to > 500 && to - from === 300);
  });

  it("count lines as an editor does", () => {
    for (const text of ["", "a", "a\n", "a\nb", "\n", "a\n\n"])
      assert.equal(lineCount(text), linesOf(text).length, text);
  });

  it("know a language by the name of a file", () => {
    assert.deepEqual(["src/a.PY", "Dockerfile", ".env", "a.b/c"].map(languageOfFile), [
      "py",
      "dockerfile",
      ".env",
      "c",
    ]);
  });
});
