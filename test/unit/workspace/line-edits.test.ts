import assert from "node:assert/strict";
import fc from "fast-check";
import {
  append,
  applyLineEdits,
  insertion,
  type LineEdit,
  overwrite,
  problemOf,
} from "../../../src/workspace/line-edits.ts";
import {
  decodeDocument,
  encodeDocument,
  lineCount,
  lineText,
  splitLines,
  type TextDocument,
  toDocument,
} from "../../../src/workspace/text-document.ts";

const ENDINGS = ["\n", "\r\n", "\r"] as const;
const lineContent = fc.string({
  unit: fc.constantFrom("a", "b", " ", "\t", "é", "😀", "\u2028"),
  maxLength: 6,
});
const uniformText = fc
  .record({
    lines: fc.array(lineContent, { maxLength: 8 }),
    ending: fc.constantFrom(...ENDINGS),
    final: fc.boolean(),
    bom: fc.boolean(),
  })
  .map(
    ({ lines, ending, final, bom }) =>
      (bom ? "\uFEFF" : "") + lines.join(ending) + (final && lines.length ? ending : ""),
  );
const mixedText = fc
  .array(fc.tuple(lineContent, fc.constantFrom(...ENDINGS)), { maxLength: 8 })
  .map((lines) => lines.map(([text, ending]) => text + ending).join(""));
const anyText = fc.oneof(uniformText, mixedText);
const newLines = fc.array(fc.string({ unit: fc.constantFrom("x", "y", "é"), maxLength: 4 }), { maxLength: 4 });

function linesOf(document: TextDocument): string[] {
  return document.starts.map((_, index) => lineText(document, index + 1));
}

/** Random edits that fit a document: ranges or insertions, not overlapping. */
function editsFor(document: TextDocument): fc.Arbitrary<LineEdit[]> {
  const total = lineCount(document);
  const edit = fc
    .tuple(fc.integer({ min: 0, max: total }), fc.integer({ min: 0, max: 3 }), newLines)
    .map(([after, length, lines]) => ({
      startLine: after + 1,
      endLine: Math.min(total, after + length),
      content: lines.map((line) => `${line}\n`).join(""),
    }));
  return fc.array(edit, { minLength: 1, maxLength: 4 }).filter((edits) => problemOf(edits, document) === null);
}

const documentAndEdits = anyText
  .map(toDocument)
  .chain((document) => fc.tuple(fc.constant(document), editsFor(document)));

function expectedLines(document: TextDocument, edits: readonly LineEdit[]): string[] {
  const lines = linesOf(document);
  const bottomUp = edits
    .map((edit, index) => ({ edit, index }))
    .sort((a, b) => b.edit.startLine - a.edit.startLine || b.edit.endLine - a.edit.endLine || b.index - a.index);
  for (const { edit } of bottomUp) {
    lines.splice(edit.startLine - 1, edit.endLine - edit.startLine + 1, ...splitLines(edit.content));
  }
  return lines;
}

describe("text documents", () => {
  it("gives back the very bytes it was made from", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const bytes = new TextEncoder().encode(text);
        const decoded = decodeDocument(bytes);
        assert(decoded.kind === "text");
        assert.deepEqual(encodeDocument(decoded.document), bytes);
      }),
    );
  });

  it("counts LF, CRLF and CR as line endings, also mixed", () => {
    const document = toDocument("\uFEFFa\r\nb\nc\rd");
    assert.deepEqual(linesOf(document), ["a", "b", "c", "d"]);
    assert.deepEqual([document.bom, document.uniform, document.finalNewline], [true, false, false]);
    assert.deepEqual(linesOf(toDocument("")), []);
    assert.deepEqual(linesOf(toDocument("\n\n")), ["", ""]);
    assert.equal(toDocument("a\r\nb\r\nc\n").ending, "\r\n");
  });

  it("tells text from what is none", () => {
    const why = (bytes: number[]) => {
      const decoded = decodeDocument(Uint8Array.from(bytes));
      return decoded.kind === "text" ? "text" : decoded.why;
    };
    assert.equal(why([0x61, 0x00, 0x62]), "nul");
    assert.equal(why([0x61, 0xe9, 0x62]), "not-utf8");
    assert.equal(why([0xc3, 0xa9]), "text");
  });
});

describe("line edits", () => {
  it("changes the named lines and no other", () => {
    fc.assert(
      fc.property(documentAndEdits, ([document, edits]) => {
        assert.deepEqual(linesOf(applyLineEdits(document, edits)), expectedLines(document, edits));
      }),
      { numRuns: 1_000 },
    );
  });

  it("leaves every byte before the first and behind the last edit alone", () => {
    fc.assert(
      fc.property(documentAndEdits, ([document, edits]) => {
        const first = Math.min(...edits.map((edit) => edit.startLine));
        const last = Math.max(...edits.map((edit) => edit.endLine));
        // At a file without a final newline the neighbour of the edit has to gain or lose its ending.
        fc.pre(document.finalNewline);
        const next = applyLineEdits(document, edits);
        assert(next.text.startsWith(document.text.slice(0, document.starts[first - 1] ?? document.text.length)));
        assert(next.text.endsWith(document.text.slice(document.starts[last] ?? document.text.length)));
      }),
      { numRuns: 500 },
    );
  });

  it("keeps byte order mark and final newline, and gives new lines the file's ending", () => {
    fc.assert(
      fc.property(
        uniformText.map(toDocument).chain((document) => fc.tuple(fc.constant(document), editsFor(document))),
        ([document, edits]) => {
          const next = applyLineEdits(document, edits);
          assert.equal(next.bom, document.bom);
          if (lineCount(document) === 0 || lineCount(next) === 0) return;
          if (document.ending !== null && next.ending !== null) {
            assert.deepEqual([next.ending, next.uniform], [document.ending, true]);
          }
          // An empty last line exists only by the ending behind it.
          if (linesOf(next).at(-1) !== "") assert.equal(next.finalNewline, document.finalNewline);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("can be undone by the inverse edit, to the byte", () => {
    fc.assert(
      fc.property(
        uniformText.map(toDocument).chain((document) => fc.tuple(fc.constant(document), editsFor(document))),
        ([document, edits]) => {
          const [edit] = edits;
          fc.pre(edit !== undefined && document.ending !== null && document.finalNewline);
          const next = applyLineEdits(document, [edit]);
          fc.pre(lineCount(next) > 0);
          const old = linesOf(document).slice(edit.startLine - 1, edit.endLine);
          const inverse = {
            startLine: edit.startLine,
            endLine: edit.startLine - 1 + splitLines(edit.content).length,
            content: old.map((line) => line + document.ending).join(""),
          };
          fc.pre(next.ending !== null);
          assert.deepEqual(encodeDocument(applyLineEdits(next, [inverse])), encodeDocument(document));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("does not let a lone CR and an empty LF line melt into one", () => {
    const next = applyLineEdits(toDocument("a\rgone\n\nb\n"), [{ startLine: 2, endLine: 2, content: "" }]);
    assert.deepEqual(linesOf(next), ["a", "", "b"]);
  });

  it("names what does not fit", () => {
    const document = toDocument("1\n2\n3\n");
    const problem = (...edits: LineEdit[]) => problemOf(edits, document);
    const replace = (startLine: number, endLine: number) => ({ startLine, endLine, content: "x" });
    assert.equal(problem(replace(3, 3), insertion(3, "x"), insertion(0, "x")), null);
    assert.match(problem(replace(2, 4)) ?? "", /lines 2–4 are beyond the end: the file has 3 lines/);
    assert.match(problem(replace(3, 1)) ?? "", /end_line 1 is before start_line 3/);
    assert.match(problem(insertion(4, "x")) ?? "", /after_line 4 is beyond the end/);
    assert.match(problem(replace(2, 3), replace(1, 2)) ?? "", /lines 1–2 and 2–3 overlap/);
  });

  it("appends on a line of its own and keeps how the file ended", () => {
    const appended = (old: string, content: string) => append(toDocument(old), content).text;
    assert.equal(appended("a\n", "b\n"), "a\nb\n");
    assert.equal(appended("a", "b\n"), "a\nb\n");
    assert.equal(appended("a", "b"), "a\nb");
    assert.equal(appended("a\n", "b"), "a\nb\n");
    assert.equal(appended("a\r\n", "b\nc\n"), "a\r\nb\r\nc\r\n");
    assert.equal(appended("", "b"), "b");
  });

  it("overwrites in the format that the model could not see", () => {
    const overwritten = (old: string, content: string) => {
      const next = overwrite(toDocument(old), content);
      return (next.bom ? "\uFEFF" : "") + next.text;
    };
    assert.equal(overwritten("\uFEFFa\r\n", "x\ny\n"), "\uFEFFx\r\ny\r\n");
    assert.equal(overwritten("a\n", "x\r\ny\r\n"), "x\r\ny\r\n", "content with CR is meant so");
    assert.equal(overwritten("a\r\nb\n", "x\ny"), "x\ny", "mixed endings say nothing");
    assert.equal(overwrite(null, "x\ny").text, "x\ny");
  });
});
