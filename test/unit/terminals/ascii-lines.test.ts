import assert from "node:assert/strict";
import fc from "fast-check";
import { countLineFeeds, plainAsciiLines } from "../../../src/terminals/ascii-lines.ts";

/** What both do, said in the shortest way. */
const wantsACloserLook = /[^\t\n\r -~]|\r(?!\n)/;
const slowly = (text: string) => (wantsACloserLook.test(text) ? null : text.replaceAll("\r\n", "\n"));

const printable = fc.string({ unit: "grapheme-ascii", maxLength: 40 });
const pieces = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: printable },
    { weight: 4, arbitrary: fc.constantFrom("\r\n", "\n", "\t", "") },
    {
      weight: 1,
      arbitrary: fc.constantFrom("\r", "\x7f", "\x00", "\x1f", "\x1b[0m", "ü", "\x80", "字", "😀", "\ud83d"),
    },
  ),
  { maxLength: 12 },
);

describe("ASCII lines", () => {
  it("says the same as a look at each character", () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join("");
        assert.equal(plainAsciiLines(text), slowly(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("finds each character that is not plain, wherever it stands", () => {
    for (const odd of ["\x00", "\x08", "\x0b", "\x1b", "\x1f", "\x7f", "\x80", "é", "\r", "\ud800"]) {
      for (let at = 0; at < 9; at += 1) {
        assert.equal(plainAsciiLines(`${"a".repeat(at)}${odd}${"b".repeat(8 - at)}`), null, JSON.stringify([odd, at]));
      }
    }
  });

  it("leaves to others what is longer than a terminal ever gives at once", () => {
    assert.equal(plainAsciiLines("a".repeat(65_536))?.length, 65_536);
    assert.equal(plainAsciiLines("a".repeat(65_537)), null);
  });

  it("counts line feeds between any two places of any bytes", () => {
    const bytes = fc.uint8Array({ maxLength: 70 }).map((all) => all.map((byte) => (byte % 3 === 0 ? 10 : byte)));
    fc.assert(
      fc.property(bytes, fc.nat(70), fc.nat(70), fc.nat(5), (all, one, other, shift) => {
        const from = Math.min(one, other, all.length);
        const to = Math.min(Math.max(one, other), all.length);
        // At any address.
        const moved = new Uint8Array(new ArrayBuffer(all.length + shift), shift);
        moved.set(all);
        assert.equal(countLineFeeds(moved, from, to), all.slice(from, to).filter((byte) => byte === 10).length);
      }),
      { numRuns: 2_000 },
    );
  });
});
