import assert from "node:assert/strict";
import fc from "fast-check";
import { TextCapture } from "../../../src/terminals/text-capture.ts";

function render(chunks: readonly string[], limit = 10_000_000): string {
  const capture = new TextCapture(limit);
  for (const chunk of chunks) capture.push(chunk);
  return capture.text().text;
}

/** Cuts a stream at the given places. */
function cut(stream: string, places: readonly number[]): string[] {
  const at = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => stream.slice(from, at[index] ?? stream.length));
}

const words = fc.stringMatching(/^[a-zA-Z0-9 ,.]{0,12}$/);
/** What plain logs and progress bars consist of. */
const plainPiece = fc.oneof(
  { weight: 4, arbitrary: words },
  fc.constantFrom("\r\n", "\r\n", "\r", "\b", "\x1b[K", "\x1b[0m", "\x1b[1;31m", "\x1b[2K\r", "\x1b]0;title\x07"),
);
const wildPiece = fc.oneof(
  plainPiece,
  fc.constantFrom(
    "\x1b[A",
    "\x1b[2A",
    "\x1b[3B",
    "\x1b[5C",
    "\x1b[2D",
    "\x1b[8G",
    "\x1b[J",
    "\x1b[2J",
    "\x1b[H",
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b[2P",
    "\x1b[3@",
    "\x1b[1000C",
    "\x1b[900G",
    "\x1b[1000@",
    "\x1b[E",
    "\x1b[2F",
    "\x1b(B",
    "\x1bP+q\x1b\\",
    "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
    "\t",
    "\x07",
    "\n",
    "\x00",
    "日本🎉",
    "\ufffd",
    "\x1b",
    "\x9b",
    "\x7f",
  ),
  fc.string({ unit: "binary", maxLength: 6 }),
);

describe("plain text of a terminal", () => {
  const examples: readonly (readonly [what: string, stream: string, text: string])[] = [
    ["line ends", "a\r\nb\nc\r\r\nd", "a\nb\nc\nd"],
    ["progress by carriage return", "10%\r20%\r100%\r\ndone\r\n", "100%\ndone\n"],
    ["a shorter line over a longer one", "123456\rab\x1b[K\r\n", "ab\n"],
    ["colours", "\x1b[31mred\x1b[0m \x1b[38;2;1;2;3mtrue\x1b[m\r\n", "red true\n"],
    ["titles and links", "\x1b]0;t\x07a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\c", "abc"],
    ["images", "a\x1bPq#0;2;0;0;0\nabc\x1b\\b", "ab"],
    ["backspace", "abc\b\bX", "aXc"],
    ["several lines of progress", "one 1%\r\ntwo 1%\r\n\x1b[2Aone 99%\r\ntwo 99%\r\n", "one 99%\ntwo 99%\n"],
    ["docker style", "a: 1\r\nb: 1\r\n\x1b[2A\x1b[2K\ra: 2\x1b[2B\r", "a: 2\nb: 1\n"],
    ["full-screen programs", "before\r\n\x1b[?1049h\x1b[Hpainted\x1b[?1049l after", "before\n after"],
    ["clear", "a\r\n\x1b[H\x1b[2J\x1b[3Jb", "a\nb"],
    ["tabs", "a\tb\r\n", "a\tb\n"],
  ];
  for (const [what, stream, text] of examples) {
    it(`renders ${what}`, () => {
      assert.equal(render([stream]), text);
      assert.equal(render([...stream]), text);
    });
  }

  it("takes a sequence that is too long for none, at once or bit by bit", () => {
    for (const [stream, text] of [
      [`\x1b${"(".repeat(6)}Ax`, "x"],
      [`\x1b${"(".repeat(7)}Ax`, "(((((((Ax"],
      [`a\x1b[${"1".repeat(253)}mx`, "ax"],
      [`a\x1b[${"1".repeat(254)}mx`, `a${"1".repeat(254)}mx`],
    ] as const) {
      assert.equal(render([stream]), text);
      assert.equal(render(stream.split("")), text);
    }
  });

  it("does not depend on how the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(wildPiece, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 30 }), (pieces, places) => {
        const stream = pieces.join("");
        const expected = render([stream]);
        assert.equal(render(cut(stream, places)), expected);
        assert.equal(render(stream.split("")), expected);
      }),
      { numRuns: 500 },
    );
  });

  it("does not depend on cuts when lines are long", () => {
    const longPiece = fc.oneof(
      plainPiece,
      fc.nat(40_000).map((length) => "x".repeat(length)),
    );
    fc.assert(
      fc.property(fc.array(longPiece, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 8 }), (pieces, places) => {
        const stream = pieces.join("");
        assert.equal(render(cut(stream, places)), render([stream]));
      }),
      { numRuns: 60 },
    );
  });

  it("does not depend on cuts when the cursor goes far in long lines", () => {
    const move = fc.constantFrom("C", "G", "@", "B", "A", "D", "E", "F", "P", "X", "K", "J");
    const piece = fc.oneof(
      { weight: 3, arbitrary: plainPiece },
      { weight: 2, arbitrary: fc.nat(40_000).map((length) => "x".repeat(length)) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(fc.integer({ min: 1, max: 30 }), move)
          .map(([times, final]) => `\x1b[1000${final}`.repeat(times)),
      },
      { weight: 1, arbitrary: fc.constantFrom("\x1b[2K", "\x1b[1K", "\x1b[J", "\x1b[A", "\x1b[B", "\n\n\n") },
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), fc.array(fc.nat(), { maxLength: 12 }), (pieces, places) => {
        const stream = pieces.join("");
        assert.equal(render(cut(stream, places)), render([stream]));
      }),
      { numRuns: 200 },
    );
  });

  it("does not grow by cursor movement alone", () => {
    const most = 20_000;
    for (const [moves, times] of [
      ["\x1b[1000C", 600_000],
      ["\x1b[1000@", 600_000],
      ["\x1b[1000C\x1b[1000@\r", 200_000],
      [`${"\x1b[1000C".repeat(20)}x`, 5_000],
      ["\x1b[999@\x1b[1000Cx", 100_000],
      [`${"\x1b[1000@".repeat(17)}${"\x1b[1K".repeat(40)}`, 10_000],
    ] as const) {
      const chunk = moves.repeat(100);
      const { length } = render([...Array<string>(times / 100).fill(chunk), "x"]);
      assert.ok(length <= most + times, `${JSON.stringify(moves)}: ${length}`);
    }
    const below = `${"\n".repeat(50)}\x1b[50A${"y".repeat(1_000_000)}${"\x1b[Bx".repeat(50)}`;
    assert.ok(render([below]).length < 1_000_000 + 50 * most);
    assert.equal(render(["z".repeat(100_000), "\x1b[5Cz\n"]), `${"z".repeat(100_001)}\n`);
  });

  it("agrees with a terminal emulator on logs and progress bars", async () => {
    const { Terminal } = (await import("@xterm/headless")).default;
    await fc.assert(
      fc.asyncProperty(fc.array(plainPiece, { maxLength: 40 }), async (pieces) => {
        const stream = pieces.join("");
        const terminal = new Terminal({ cols: 1000, rows: 60, allowProposedApi: true });
        await new Promise<void>((resolve) => terminal.write(stream, resolve));
        const lines: string[] = [];
        const { active } = terminal.buffer;
        for (let row = 0; row <= active.baseY + active.cursorY; row++) {
          lines.push(active.getLine(row)?.translateToString(true) ?? "");
        }
        terminal.dispose();
        const trimmed = (text: string) => text.replace(/ +$/gm, "").trimEnd();
        assert.equal(trimmed(render([stream])), trimmed(lines.join("\n")));
      }),
      { numRuns: 200 },
    );
  });

  it("keeps head and tail with the exact count", () => {
    const stream = Array.from({ length: 50_000 }, (_, index) => `line ${index}\r\n`).join("");
    const plain = stream.replaceAll("\r\n", "\n");
    const capture = new TextCapture(1000);
    for (let at = 0; at < stream.length; at += 4095) capture.push(stream.slice(at, at + 4095));
    const { text, droppedChars } = capture.text();
    assert.equal(droppedChars, plain.length - 1000);
    assert.equal(text, `${plain.slice(0, 500)}\n[… ${droppedChars} characters omitted …]\n${plain.slice(-500)}`);
    const narrow = capture.text(100);
    assert.equal(narrow.droppedChars, plain.length - 100);
    assert.ok(narrow.text.startsWith(plain.slice(0, 50)) && narrow.text.endsWith(plain.slice(-50)));
    assert.deepEqual(capture.text(), { text, droppedChars });
  });

  it("stays small during a flood", () => {
    const capture = new TextCapture(40_000);
    const chunk = `${"y".repeat(98)}\r\n`.repeat(640);
    for (let round = 0; round < 200; round++) capture.push(chunk);
    assert.equal(capture.text().droppedChars, 200 * 640 * 99 - 40_000);
    const endless = new TextCapture(40_000);
    for (let round = 0; round < 200; round++) endless.push("z".repeat(65_536));
    assert.equal(endless.text().droppedChars, 200 * 65_536 - 40_000);
  });
});
