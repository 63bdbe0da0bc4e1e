import assert from "node:assert/strict";
import { createTwoFilesPatch } from "diff";
import fc from "fast-check";
import { parseDiff } from "../../../webview-ui/src/logic/diff.ts";

describe("diff", () => {
  it("numbers the lines of both sides and counts", () => {
    const diff = parseDiff("--- a/x\n+++ b/x\n@@ -3,3 +3,4 @@ function f() {\n a\n-b\n+c\n+d\n e\n");
    assert.deepEqual([diff.added, diff.removed], [2, 1]);
    assert.deepEqual(
      diff.lines.map(({ kind, oldLine, newLine, text }) => [kind, oldLine, newLine, text]),
      [
        ["hunk", 3, 3, "function f() {"],
        ["context", 3, 3, "a"],
        ["remove", 4, undefined, "b"],
        ["add", undefined, 4, "c"],
        ["add", undefined, 5, "d"],
        ["context", 5, 6, "e"],
      ],
    );
  });

  it("takes content that looks like a header for content", () => {
    const diff = parseDiff("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- old\n+++ new\n same\n");
    assert.deepEqual(
      diff.lines.map(({ kind, text }) => `${kind} ${text}`),
      ["hunk ", "remove -- old", "add ++ new", "context same"],
    );
  });

  it("says when a final newline is missing, and survives a cut and nonsense", () => {
    const diff = parseDiff("@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n");
    assert.deepEqual(
      diff.lines.filter(({ kind }) => kind === "meta").map(({ text }) => text),
      ["No newline at end of file", "No newline at end of file"],
    );
    assert.equal(parseDiff("@@ -1,9 +1,9 @@\n a\n+b").added, 1);
    assert.deepEqual(parseDiff("").lines, []);
    assert.equal(parseDiff("what is this").lines[0]?.kind, "meta");
  });

  it("rebuilds the new side of what the diff library writes", () => {
    const file = fc.array(fc.constantFrom("a", "b", "-- c", "++ d", "", " e", "@@ -1 +1 @@"), { maxLength: 20 });
    fc.assert(
      fc.property(file, file, (before, after) => {
        const text = (lines: string[]) => lines.map((line) => `${line}\n`).join("");
        const patch = createTwoFilesPatch("x", "x", text(before), text(after), "", "", { context: 100 });
        const { lines } = parseDiff(patch);
        if (text(before) === text(after)) return;
        const shown = lines.filter(({ kind }) => kind === "add" || kind === "context").map((line) => line.text);
        assert.deepEqual(shown, after);
      }),
    );
  });
});
