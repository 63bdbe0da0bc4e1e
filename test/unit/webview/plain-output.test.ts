import assert from "node:assert/strict";
import { isFullScreen, plainOutput } from "../../../webview-ui/src/logic/plain-output.ts";

describe("output as a person sees it", () => {
  for (const [what, raw, shown] of [
    ["plain lines", "one\r\ntwo\n\tthree", "one\ntwo\n\tthree"],
    [
      "colours and titles",
      "\u001b[32mok\u001b[0m \u001b[38;5;9mred\u001b[m\u001b]0;title\u0007 \u001b(Bend",
      "ok red end",
    ],
    ["a link", "\u001b]8;;https://example.com\u001b\\text\u001b]8;;\u001b\\.", "text."],
    ["a progress bar", " 9%\r10%\r11%\nnext", "11%\nnext"],
    ["a progress bar that clears its line", "downloading 99%\r\u001b[Kdone", "done"],
    ["a spinner", "|\b/\b-\b\\\b", "\\"],
    ["lines that are drawn over", "a 1%\nb 1%\n\u001b[2A\u001b[2K\ra 2%\n\u001b[2Kb 2%\n", "a 2%\nb 2%\n"],
    ["what is erased below", "head\nold\nolder\u001b[2A\r\u001b[Jnew", "new"],
    ["columns", "name\u001b[10Gsize\u001b[3Dx", "name     sxze"],
    ["wide characters and emoji", "価格 👩‍👩‍👧 e\u0301\r\n\u001b[1mשלום\u001b[0m", "価格 👩‍👩‍👧 e\u0301\nשלום"],
    ["a full-screen program", "before\n\u001b[?1049h\u001b[Hscreen\u001b[2;1Hmore\u001b[?1049lafter", "before\nafter"],
    ["what is placed on the screen", "line\u001b[5;1Hplaced", "line\nplaced"],
    ["bells and other controls", "a\u0007b\u0000c\u009bd", "abcd"],
    ["a sequence that is cut off", "text\u001b[3", "text3"],
  ] as const) {
    it(`shows ${what}`, () => assert.equal(plainOutput(raw), shown));
  }

  it("does not let a program reserve endless lines", () => {
    assert.ok(plainOutput(`${"\u001b[99999999C".repeat(100)}x`).length <= 600);
    assert.equal(plainOutput("\u001b[99999999Bx\u001b[99999999Ay"), "xy");
  });

  it("knows whether a full-screen program has the terminal", () => {
    assert.equal(isFullScreen("a\u001b[?1049hb"), true);
    assert.equal(isFullScreen("a\u001b[?1049hb\u001b[?1049l\u001b[?25h"), false);
    assert.equal(isFullScreen("plain"), false);
  });
});
