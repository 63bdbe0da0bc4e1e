import assert from "node:assert/strict";
import fc from "fast-check";
import { RawHistory } from "../../../src/terminals/raw-history.ts";

describe("raw history", () => {
  it("gives back what was written, from any position that is kept", () => {
    const piece = fc.oneof(fc.string({ unit: "grapheme", maxLength: 30 }), fc.constantFrom("\n", "日本", "🎉", "é"));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 16, max: 300 }), (pieces, limit) => {
        const history = new RawHistory(limit);
        let all = Buffer.alloc(0);
        for (const text of pieces) {
          const position = history.end;
          history.push(text);
          all = Buffer.concat([all, Buffer.from(text)]);
          assert.equal(history.end, all.length);
          const length = Buffer.byteLength(text);
          if (length <= limit) assert.deepEqual(history.from(position), { text, end: all.length });
        }
        const position = Math.max(0, all.length - limit);
        assert.equal(history.from(position)?.text, all.subarray(position).toString("utf8"));
        if (all.length > limit) assert.equal(history.from(0), null);
        assert.deepEqual(history.from(all.length), { text: "", end: all.length });
      }),
    );
  });

  it("hands out pieces that never split a character", () => {
    const history = new RawHistory(1000);
    const text = "a日🎉é".repeat(20);
    history.push(text);
    for (const size of [4, 5, 7, 64]) {
      let whole = "";
      for (let at = 0; at < history.end; ) {
        const part = history.from(at, size);
        assert.ok(part && part.end > at && !part.text.includes("\ufffd"));
        whole += part.text;
        at = part.end;
      }
      assert.equal(whole, text);
    }
  });

  it("is empty once it is forgotten, and stays so", () => {
    const history = new RawHistory(1000);
    history.push("\x1b[?1049h\x1b[?25l");
    for (let line = 0; line < 500; line++) history.push(`line ${line}\r\n`);
    const { end } = history;
    history.forget();
    history.push("\x1b[?25hmore");
    assert.deepEqual(history.whole(), { position: end, modes: "", text: "", alternate: false });
    assert.deepEqual(history.newest(10), { position: end, modes: "", text: "", alternate: false });
    assert.deepEqual(history.from(end), { text: "", end });
    assert.equal(history.from(end - 1), null);
  });

  it("sets only the modes that were set before the part it keeps", () => {
    const history = new RawHistory(100);
    history.push(`${"ä line\r\n".repeat(20)}\x1b[?1049hpainted`);
    const { modes, text, alternate } = history.whole();
    assert.deepEqual([modes, alternate], ["", false]);
    assert.ok(text.startsWith("ä line\r\n") && text.endsWith("\x1b[?1049hpainted"));
  });

  it("remembers the modes that were set in what it dropped", () => {
    const history = new RawHistory(200);
    history.push("\x1b[?1049h\x1b[?1;2004hpainted");
    for (let line = 0; line < 50; line++) history.push(`line ${line}\r\n`);
    const { modes, text } = history.whole();
    assert.equal(modes, "\x1b[?1049h\x1b[?1h\x1b[?2004h");
    assert.match(text, /^line \d+\r\n/);
    history.push("\x1b[?1049l");
    for (let line = 0; line < 50; line++) history.push(`more ${line}\r\n`);
    history.push("\x1b[?25l");
    assert.equal(history.whole().modes, "\x1b[?1049l\x1b[?1h\x1b[?2004h");
  });
});
