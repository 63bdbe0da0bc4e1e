/** A repaint shows what the viewer would have seen, had it been there from the beginning. */
import assert from "node:assert/strict";
import type { Terminal } from "@xterm/headless";
import fc from "fast-check";
import { Display } from "../../../src/terminals/display.ts";

const size = { cols: 20, rows: 6 };

async function emulate(data: string, { cols, rows } = size): Promise<Terminal> {
  const { Terminal } = (await import("@xterm/headless")).default;
  const terminal = new Terminal({ cols, rows, scrollback: 20_000, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(data, resolve));
  return terminal;
}

/** Everything that can be seen, cell by cell, with where the cursor is. */
function picture({ buffer: { active }, cols }: Terminal) {
  const cell = active.getNullCell();
  const lines = Array.from({ length: active.length }, (_, row) => {
    const line = active.getLine(row);
    let text = "";
    for (let col = 0; col < cols; col++) {
      line?.getCell(col, cell);
      const chars = cell.getChars() || " ";
      const unseen =
        cell.isAttributeDefault() || (chars === " " && cell.isBgDefault() && !cell.isInverse() && !cell.isUnderline());
      const colours = [cell.getFgColorMode(), cell.getFgColor(), cell.getBgColorMode(), cell.getBgColor()];
      const style = unseen
        ? ""
        : `{${[...colours, cell.isBold(), cell.isDim(), cell.isInverse(), cell.isUnderline()]}}`;
      if (cell.getWidth() > 0) text += style + chars;
    }
    return text.trimEnd();
  });
  return { type: active.type, lines, cursor: [active.cursorX, active.cursorY] };
}

function display(): Display {
  return new Display(size, { write() {}, resize() {} });
}

async function repaintOf(data: string): Promise<string> {
  const shown = display();
  shown.show(data);
  const { text } = await shown.screen.snapshot();
  shown.dispose();
  return text;
}

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("word ", "a", "日本", "e\u0301", "🎉", "0123456789") },
  { weight: 5, arbitrary: fc.constantFrom("\r\n", "\n", "\r", "   ", "\t") },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      "\x1b[31m",
      "\x1b[1;4m",
      "\x1b[97;104m",
      "\x1b[38;5;200m",
      "\x1b[38;2;1;2;3m",
      "\x1b[7;2m",
      "\x1b[0m",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("\x1b[K", "\x1b[2J\x1b[H", "\x1b[3;4H", "\x1b[2A", "\x1b[1P", "\x1b[L", "\x1b[3X"),
  },
  { weight: 2, arbitrary: fc.constantFrom("line\r\n".repeat(8), `${"long ".repeat(12)}\r\n`) },
);

describe("a repaint", function () {
  this.timeout(120_000);

  it("shows the same as the output itself", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 40 }), fc.boolean(), async (pieces, full) => {
        const data = `${full ? "above\r\n\x1b[?1049h\x1b[H" : ""}${pieces.join("")}`;
        const [direct, repainted] = [await emulate(data), await emulate(await repaintOf(data))];
        assert.deepEqual(picture(repainted), picture(direct));
        // What comes next has the same colours and stands at the same place.
        for (const terminal of [direct, repainted]) await new Promise<void>((done) => terminal.write("X\r\nY", done));
        assert.deepEqual(picture(repainted), picture(direct));
      }),
      { numRuns: 300 },
    );
  });

  it("leaves the cursor where it was, whatever margins there are", async () => {
    const text = "one\r\ntwo\r\nthree";
    for (const data of [
      `${text}\x1b[?6h\x1b[2;3H`,
      `${text}\x1b[2;4r\x1b[?6h\x1b[2;3H`,
      `${text}\x1b[2;4r\x1b[2;3H\x1b[31m${"x".repeat(200)}`,
      `above\r\n\x1b[?1049h${text}\x1b[2;4r\x1b[?6h\x1b[1;1H`,
    ]) {
      const [direct, repainted] = [await emulate(data), await emulate(await repaintOf(data))];
      assert.deepEqual(picture(repainted), picture(direct), JSON.stringify(data));
      for (const terminal of [direct, repainted]) await new Promise<void>((done) => terminal.write("X\r\nY", done));
      assert.deepEqual(picture(repainted), picture(direct), JSON.stringify(data));
      assert.equal(repainted.modes.originMode, direct.modes.originMode);
    }
  });

  it("is there although the emulator fails at what was printed", async () => {
    // Erasing up to the last cell of a screen with nothing above it is more than xterm.js can do.
    const shown = display();
    shown.show(`before\x1b[${size.rows};${size.cols}H\x1b[1J`);
    await shown.screen.snapshot();
    shown.show("\x1b[Hafter");
    assert.match((await shown.screen.snapshot()).text, /^after/);
    assert.equal(await shown.screen.visibleText(), "after");
    shown.dispose();
  });

  it("shows backgrounds above the screen to the end of the line", async () => {
    const data = `\x1b[104mblue\r\n${"line\r\n".repeat(8)}\x1b[48;2;9;8;7mto the end\x1b[K\r\n\x1b[0m${"plain\r\n".repeat(9)}`;
    const [direct, repainted] = [await emulate(data), await emulate(await repaintOf(data))];
    assert.deepEqual(picture(repainted), picture(direct));
  });

  it("restores the other screen, modes, title and what is above", async () => {
    const before = "line\r\n".repeat(20);
    const modes = "\x1b[?1h\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[?25l\x1b[?1004h\x1b[4 q\x1b]0;a title\x07";
    const data = `${before}\x1b[?1049h${modes}\x1b[H\x1b[2Jfull\x1b[2;4r\x1b[3;2Hscreen`;
    const text = await repaintOf(data);
    const [direct, repainted] = [await emulate(data), await emulate(text)];
    assert.deepEqual(picture(repainted), picture(direct));
    assert.deepEqual(repainted.modes, direct.modes);
    let title = "";
    const watched = await emulate("");
    watched.onTitleChange((now) => {
      title = now;
    });
    await new Promise<void>((resolve) => watched.write(text, resolve));
    assert.equal(title, "a title");
    for (const sequence of ["\x1b[?25l", "\x1b[?1006h", "\x1b[4 q"]) assert.ok(text.includes(sequence));
    // The scrolling region is there: a line feed at its end moves only what is in it.
    const more = "\x1b[4;1H\n\n\x1b[5;1Hx";
    for (const terminal of [direct, repainted]) await new Promise<void>((resolve) => terminal.write(more, resolve));
    assert.deepEqual(picture(repainted), picture(direct));
    for (const terminal of [direct, repainted])
      await new Promise<void>((resolve) => terminal.write("\x1b[?1049l", resolve));
    assert.deepEqual(picture(repainted).lines, picture(direct).lines);
  });

  it("keeps modes that were set in what is not kept any more", async () => {
    const shown = display();
    shown.show("\x1b[?25l\x1b[?2004h\x1b]2;old title\x07");
    const line = `${"x".repeat(99)}\r\n`;
    for (let count = 0; count < 300; count++) shown.show(line.repeat(100));
    const { text } = await shown.screen.snapshot();
    shown.dispose();
    assert.ok(text.includes("\x1b[?25l") && text.includes("\x1b]2;old title\x07"));
    assert.equal((await emulate(text)).modes.bracketedPasteMode, true);
  });

  it("gives back 10,000 lines, and never a piece of a sequence", async () => {
    const shown = new Display({ cols: 120, rows: 30 }, { write() {}, resize() {} });
    const line = (index: number) => `\x1b[3${index % 8}m${index}\x1b[0m ${"some words of usual length ".repeat(4)}`;
    for (let index = 1; index <= 20_000; index++) shown.show(`${line(index)}\r\n`);
    const { text } = await shown.screen.snapshot();
    shown.dispose();
    const { buffer } = await emulate(text, { cols: 120, rows: 30 });
    const lines = Array.from(
      { length: buffer.active.length },
      (_, row) => buffer.active.getLine(row)?.translateToString(true) ?? "",
    );
    assert.equal(lines.length, 10_030);
    assert.match(lines[0] ?? "", /^9972 some words/);
    assert.equal(lines.at(-1), "");
    assert.match(lines.at(-2) ?? "", /^20000 some words/);
    assert.ok(lines.every((each) => each === "" || /^\d+ some words of usual length [a-z ]+$/.test(each)));
  });

  it("asks the viewer nothing", async () => {
    const text = await repaintOf("\x1b[c\x1b[6n\x1b]11;?\x07\x1b[?2026$p\x1b[>q text \x1b[5n");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are the subject.
    assert.doesNotMatch(text, /\x1b\[[>?]?\d*[cnq]|\?\x07|\$p/);
  });
});
