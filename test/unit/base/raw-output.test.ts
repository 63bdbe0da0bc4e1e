import assert from "node:assert/strict";
import { cleanCut, endOfRaw, withoutOverwritten } from "../../../src/base/raw-output.ts";

describe("cutting raw output", () => {
  it("never begins inside an escape sequence or half a character", () => {
    const text = "a\u001b[1;31mred\u001b[0m \u{1f600} \u001b]0;title\u0007end\u001b(B.";
    const whole = new Set(["\u001b[1;31m", "\u001b[0m", "\u{1f600}", "\u001b]0;title\u0007", "\u001b(B"]);
    const borders = new Set<number>([0, text.length]);
    for (let at = 0; at < text.length; ) {
      const piece = [...whole].find((part) => text.startsWith(part, at)) ?? text[at] ?? "";
      borders.add(at);
      at += piece.length;
    }
    for (let at = 0; at <= text.length; at += 1) {
      const cut = cleanCut(text, at);
      assert.ok(borders.has(cut) && cut >= at, `${at} → ${cut}`);
      assert.ok(
        [...borders].every((border) => border < at || border >= cut),
        `${at} → ${cut} is the next border`,
      );
    }
    assert.equal(endOfRaw(text, 3), ".");
    assert.equal(endOfRaw("short", 10), "short");
  });

  it("keeps of a progress bar its newest state, and line breaks as they are", () => {
    assert.equal(withoutOverwritten("one\r\n10%\r20%\r30%\r\nnext\r"), "one\r\n30%\r\nnext\r");
    assert.equal(withoutOverwritten("10%\r20%\r"), "20%\r");
    assert.equal(withoutOverwritten("plain\nlines\n"), "plain\nlines\n");
    const long = `${"x".repeat(100_000)}\r${"y".repeat(100_000)}`;
    assert.equal(withoutOverwritten(long), "y".repeat(100_000));
  });
});
