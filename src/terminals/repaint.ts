/**
 * Escape sequences that paint into an empty terminal what an emulator shows and what is above it. The serialiser of
 * xterm.js would do, but it carries backgrounds into the next line, is a column beside the cursor after wrapped lines,
 * and takes twice as long; it is asked for what only it can know: the current colours and the modes.
 */
import type { SerializeAddon } from "@xterm/addon-serialize";
import type { IBuffer, IBufferCell, IBufferLine, Terminal } from "@xterm/headless";

/** Rows between two pauses in which others have their turn: about 3 ms. */
const rowsAtOnce = 500;
const reset = "\x1b[0m";
const originMode = "\x1b[?6h";

/** Of the screen that is shown. */
interface Margins {
  /** The scrolling region, `top;bottom`, or empty. */
  readonly region: string;
  /** Whether rows are counted from its top. */
  readonly origin: boolean;
}

const noMargins: Margins = { region: "", origin: false };

/** The caller sees to it that nothing is written to the terminal meanwhile. `region`: `top;bottom`, or empty. */
export async function repaint(terminal: Terminal, serializer: SerializeAddon, region: string): Promise<string> {
  const { active, normal, alternate } = terminal.buffer;
  const margins = { region, origin: terminal.modes.originMode };
  const isAlternate = active.type === "alternate";
  let text = await new Painter(normal, terminal).paint(isAlternate ? noMargins : margins);
  if (isAlternate) text += `\x1b[?1049h\x1b[H${await new Painter(alternate, terminal).paint(margins)}`;
  // Between two rows is none, so nothing is left but what comes after all rows.
  const nowhere = 0.5;
  const rest = serializer.serialize({ range: { start: nowhere, end: nowhere }, excludeAltBuffer: true });
  // It would move the cursor once more.
  return text + rest.replace(originMode, "");
}

class Painter {
  readonly #buffer: IBuffer;
  readonly #cols: number;
  readonly #cell: IBufferCell;
  #style = "";
  /** Of the newest cell that had one: neighbours mostly have the same. */
  #lastStyle = { fg: 0, bg: 0, flags: 0, more: 0, struck: 0, text: "" };

  constructor(buffer: IBuffer, { cols }: { readonly cols: number }) {
    this.#buffer = buffer;
    this.#cols = cols;
    this.#cell = buffer.getNullCell();
  }

  async paint(margins: Margins): Promise<string> {
    const last = this.#lastRow();
    const pieces: string[] = [];
    for (let row = 0; row <= last; row++) {
      if (row % rowsAtOnce === rowsAtOnce - 1) await new Promise((resolve) => setImmediate(resolve));
      const goesOn = this.#goesOn(row);
      pieces.push(this.#row(row, goesOn), goesOn || row === last ? "" : "\r\n");
    }
    pieces.push(this.#switchTo(""), this.#placeCursor(last, margins));
    return pieces.join("");
  }

  /** Above the screen is something, so all of it has to be painted; otherwise what is below the cursor may be empty. */
  #lastRow(): number {
    const { length, baseY, cursorY } = this.#buffer;
    let last = length - 1;
    if (baseY === 0) while (last > cursorY && this.#isBlank(last)) last -= 1;
    return last;
  }

  /** Whether the next row comes by itself when more is written. */
  #goesOn(row: number): boolean {
    const wraps = (at: number) => this.#buffer.getLine(at)?.isWrapped === true;
    return wraps(row + 1) && (wraps(row + 2) || !this.#isBlank(row + 1));
  }

  #isBlank(row: number): boolean {
    const line = this.#buffer.getLine(row);
    return line === undefined || (line.translateToString(true) === "" && this.#isPlain(row));
  }

  #isPlain(row: number): boolean {
    const line = this.#buffer.getLine(row);
    for (let col = 0; col < this.#cols; col++) {
      if (line?.getCell(col, this.#cell)?.isAttributeDefault() === false) return false;
    }
    return true;
  }

  #row(at: number, goesOn: boolean): string {
    const line = this.#buffer.getLine(at);
    if (line === undefined) return "";
    if (this.#style === "" && this.#isPlain(at)) return line.translateToString(!goesOn);
    let text = "";
    let from = 0;
    let style = this.#styleAt(line, 0, "");
    for (let col = 1; col < this.#cols; col++) {
      const next = this.#styleAt(line, col, style);
      if (next === style) continue;
      text += this.#switchTo(style) + line.translateToString(false, from, col);
      from = col;
      style = next;
    }
    const rest = line.translateToString(style === "" && !goesOn, from, this.#cols);
    if (rest !== "") text += this.#switchTo(style) + rest;
    // A new line is painted in the background that is on.
    return goesOn ? text : text + this.#switchTo("");
  }

  /** `before`: of the cell before, which is that of the second half of a wide character, too. */
  #styleAt(line: IBufferLine, col: number, before: string): string {
    const cell = line.getCell(col, this.#cell);
    if (cell === undefined || cell.getWidth() === 0) return before;
    if (cell.isAttributeDefault()) return "";
    const fg = cell.getFgColorMode() + cell.getFgColor();
    const bg = cell.getBgColorMode() + cell.getBgColor();
    const flags = cell.isBold() + cell.isUnderline() + cell.isBlink() + cell.isInverse() + cell.isInvisible();
    const more = cell.isItalic() + cell.isDim() + cell.isOverline();
    const struck = cell.isStrikethrough();
    const last = this.#lastStyle;
    if (last.fg !== fg || last.bg !== bg || last.flags !== flags || last.more !== more || last.struck !== struck) {
      this.#lastStyle = { fg, bg, flags, more, struck, text: styleOf(cell) };
    }
    return this.#lastStyle.text;
  }

  /** From the end of the last row that was painted. */
  #placeCursor(last: number, margins: Margins): string {
    const { baseY, cursorX, cursorY } = this.#buffer;
    const column = this.#rowOfCursor(last, margins);
    if (cursorX < this.#cols) return column(cursorX);
    // Behind the last column, which only writing into it brings about.
    const line = this.#buffer.getLine(baseY + cursorY);
    let col = this.#cols - 1;
    if (col > 0 && line?.getCell(col, this.#cell)?.getWidth() === 0) col -= 1;
    const cell = line?.getCell(col, this.#cell);
    if (cell === undefined) return column(this.#cols - 1);
    const style = cell.isAttributeDefault() ? "" : styleOf(cell);
    return column(col) + this.#switchTo(style) + (cell.getChars() || " ") + this.#switchTo("");
  }

  /** The way to a column of the row that the cursor is in. Margins are set on it: they have a place of their own for the cursor. */
  #rowOfCursor(last: number, { region, origin }: Margins): (col: number) => string {
    const { baseY, cursorY } = this.#buffer;
    if (region === "" && !origin) {
      const up = last - baseY - cursorY;
      return (col) => `${up > 0 ? `\x1b[${up}A` : ""}\r${col > 0 ? `\x1b[${col}C` : ""}`;
    }
    const top = origin && region !== "" ? Number.parseInt(region, 10) : 1;
    const set = `${region === "" ? "" : `\x1b[${region}r`}${origin ? originMode : ""}`;
    return (col) => `${set}\x1b[${cursorY + 2 - top};${col + 1}H`;
  }

  #switchTo(style: string): string {
    if (style === this.#style) return "";
    const before = this.#style;
    this.#style = style;
    return style === "" ? reset : `${before === "" ? "" : reset}\x1b[${style}m`;
  }
}

/** Parameters of the SGR sequence that gives this style to a terminal without any. */
function styleOf(cell: IBufferCell): string {
  const codes: string[] = [];
  if (cell.isBold()) codes.push("1");
  if (cell.isDim()) codes.push("2");
  if (cell.isItalic()) codes.push("3");
  if (cell.isUnderline()) codes.push("4");
  if (cell.isBlink()) codes.push("5");
  if (cell.isInverse()) codes.push("7");
  if (cell.isInvisible()) codes.push("8");
  if (cell.isStrikethrough()) codes.push("9");
  if (cell.isOverline()) codes.push("53");
  if (cell.isFgRGB()) codes.push(`38;2;${rgb(cell.getFgColor())}`);
  else if (cell.isFgPalette()) codes.push(palette(cell.getFgColor(), 30));
  if (cell.isBgRGB()) codes.push(`48;2;${rgb(cell.getBgColor())}`);
  else if (cell.isBgPalette()) codes.push(palette(cell.getBgColor(), 40));
  return codes.join(";");
}

function rgb(colour: number): string {
  return `${(colour >>> 16) & 255};${(colour >>> 8) & 255};${colour & 255}`;
}

function palette(colour: number, base: number): string {
  if (colour < 8) return String(base + colour);
  if (colour < 16) return String(base + 52 + colour);
  return `${base + 8};5;${colour}`;
}
