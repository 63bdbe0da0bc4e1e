import assert from "node:assert/strict";
import { applyPatch } from "diff";
import fc from "fast-check";
import { changedRanges, diffDocuments, MAX_DIFF_CHARS } from "../../../src/workspace/text-diff.ts";
import { toDocument } from "../../../src/workspace/text-document.ts";

const lines = fc.array(fc.constantFrom("a", "b", "c", "", "dd"), { maxLength: 30 });
const text = fc
  .record({ lines, final: fc.boolean(), ending: fc.constantFrom("\n", "\r\n") })
  .map(({ lines: list, final, ending }) => list.join(ending) + (final && list.length > 0 ? ending : ""));

describe("text diff", () => {
  it("is a patch that leads from the old to the new text", async () => {
    await fc.assert(
      fc.asyncProperty(text, text, async (before, after) => {
        const { diff, truncated } = await diffDocuments("f", toDocument(before), toDocument(after));
        assert.equal(truncated, false);
        const options = { autoConvertLineEndings: false };
        if (before !== after) assert.equal(applyPatch(before, diff, options), after);
      }),
      { numRuns: 1_000 },
    );
  });

  it("counts added and removed lines and names a new file", async () => {
    const changed = await diffDocuments("f", toDocument("1\n2\n3\n"), toDocument("1\ntwo\n2b\n3\n"));
    assert.deepEqual([changed.addedLines, changed.removedLines], [2, 1]);
    const created = await diffDocuments("f", null, toDocument("1\n"));
    assert.equal(created.diff, "--- /dev/null\n+++ b/f\n@@ -0,0 +1,1 @@\n+1\n");
  });

  it("stays bounded in size and time for hopeless input", async () => {
    const before = Array.from({ length: 60_000 }, (_, i) => `old ${(i * 7919) % 60_000}`).join("\n");
    const after = Array.from({ length: 60_000 }, (_, i) => `${i % 3 ? "old" : "new"} ${(i * 104729) % 60_000}`).join(
      "\n",
    );
    const { diff, truncated, addedLines } = await diffDocuments("f", toDocument(before), toDocument(after));
    assert.equal(truncated, true);
    assert(diff.length <= MAX_DIFF_CHARS);
    assert(addedLines > 0);
  });

  it("cuts a single line of 5 MB", async () => {
    const { diff, truncated } = await diffDocuments("f", toDocument("x".repeat(5_000_000)), toDocument("y"));
    assert.equal(truncated, true);
    assert(diff.length < 3_000);
    assert.match(diff, /more characters/);
  });

  it("names the lines that changed, as they are numbered now", async () => {
    const before = toDocument("1\n2\n3\n4\n5\n");
    const ranges = await changedRanges(before, toDocument("0\n1\n2\nthree\n4\n5\n"));
    assert.deepEqual(ranges, [
      { start: 1, end: 1 },
      { start: 4, end: 4 },
    ]);
    assert.deepEqual(await changedRanges(before, toDocument("1\n2\n4\n5\n")), [{ start: 3, end: 3 }]);
  });
});
