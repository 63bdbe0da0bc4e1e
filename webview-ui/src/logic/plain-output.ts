/**
 * Raw terminal output as a person would see it: progress bars in their last state, lines that were drawn over as they
 * are now. Not a screen: lines are never wrapped, and what is placed anywhere on a screen begins on a line of its own.
 */
import { restyled, type TextStyle } from "./text-style.ts";

/** As far as a program may move the cursor to the right of what is there. */
const MOST_COLUMNS = 500;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about.
const special = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
const parts =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
  /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?|[^\u0000-\u0008\u000a-\u001f\u007f-\u009f]+|[\s\S]/gu;

// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const alternateScreen = /\u001b\[\?(?:\d+;)*(?:47|1047|1049)[hl]/g;

/** A stretch of characters in one style; null: as text is. */
export interface TextRun {
  readonly text: string;
  readonly style: TextStyle | null;
}

export function plainOutput(raw: string): string {
  return outputRuns(raw)
    .map(({ text }) => text)
    .join("");
}

/** The same in its colours; neighbours differ in style. */
export function outputRuns(raw: string): TextRun[] {
  const text = raw.includes("\r") ? raw.replace(/\r+\n/g, "\n") : raw;
  if (!special.test(text)) return [{ text, style: null }];
  const page = new Page();
  for (const [part, parameters, final] of text.matchAll(parts)) {
    if (final !== undefined) page.control(final, parameters ?? "");
    else if (part.length > 1 || !special.test(part)) page.print(part);
    else page.step(part);
  }
  return page.runs();
}

/** The last `chars` characters of them. */
export function endOfRuns(runs: readonly TextRun[], chars: number): TextRun[] {
  const end: TextRun[] = [];
  let left = chars;
  for (const { text, style } of runs.toReversed()) {
    if (left <= 0) break;
    end.unshift({ text: text.slice(-left), style });
    left -= text.length;
  }
  return end;
}

/** Without the blanks and line ends at their end. */
export function trimmedRuns(runs: readonly TextRun[]): TextRun[] {
  const trimmed = [...runs];
  for (let last = trimmed.pop(); last !== undefined; last = trimmed.pop()) {
    const text = last.text.trimEnd();
    if (text !== "") return [...trimmed, { ...last, text }];
  }
  return [];
}

/** Whether a full-screen program has the terminal at the end of this output. */
export function isFullScreen(raw: string): boolean {
  return raw.match(alternateScreen)?.at(-1)?.endsWith("h") ?? false;
}

interface Cell {
  readonly char: string;
  readonly style: TextStyle | null;
}

const blank: Cell = { char: " ", style: null };

class Page {
  /** Characters of each line; the cursor is at `#row` and `#column`. */
  readonly #rows: Cell[][] = [[]];
  #style: TextStyle | null = null;
  #row = 0;
  #column = 0;
  /** A full-screen program has the screen; what it paints is not output. */
  #alternate = false;

  runs(): TextRun[] {
    const runs: { text: string; style: TextStyle | null }[] = [];
    const add = (text: string, style: TextStyle | null) => {
      const last = runs.at(-1);
      if (last?.style === style) last.text += text;
      else runs.push({ text, style });
    };
    for (const [index, row] of this.#rows.entries()) {
      if (index > 0) add("\n", null);
      for (const { char, style } of row) add(char, style);
    }
    return runs;
  }

  print(text: string): void {
    if (this.#alternate || text.startsWith("\u001b")) return;
    if (text === "\n") {
      this.#row += 1;
      this.#column = 0;
      if (this.#row === this.#rows.length) this.#rows.push([]);
      return;
    }
    const line = this.#line;
    while (line.length < this.#column) line.push(blank);
    for (const char of text) {
      line[this.#column] = { char, style: this.#style };
      this.#column += 1;
    }
  }

  /** A single control character. */
  step(char: string): void {
    if (char === "\r") this.#column = 0;
    else if (char === "\b") this.#column = Math.max(0, this.#column - 1);
    else if (char === "\u000b" || char === "\u000c") this.print("\n");
  }

  control(final: string, parameters: string): void {
    if (final === "h" || final === "l") {
      if (/^\?(.*;)?(47|1047|1049)(;|$)/.test(parameters)) this.#alternate = final === "h";
      return;
    }
    if (this.#alternate) return;
    if (final === "m") {
      // Others, such as how keys are reported, begin with one of these.
      if (!/^[<=>?]/.test(parameters)) this.#style = restyled(this.#style, parameters);
      return;
    }
    const value = Number.parseInt(parameters, 10) || 0;
    const count = Math.max(1, value);
    const line = this.#line;
    switch (final) {
      case "A":
      case "F":
        this.#row = Math.max(0, this.#row - count);
        if (final === "F") this.#column = 0;
        break;
      case "B":
      case "E":
        this.#row = Math.min(this.#rows.length - 1, this.#row + count);
        if (final === "E") this.#column = 0;
        break;
      case "C":
        this.#column = Math.min(this.#column + count, Math.max(line.length, MOST_COLUMNS));
        break;
      case "D":
        this.#column = Math.max(0, this.#column - count);
        break;
      case "G":
        this.#column = Math.min(count - 1, Math.max(line.length, MOST_COLUMNS));
        break;
      case "H":
      case "f":
        this.#row = this.#rows.length - 1;
        if (this.#line.length > 0) this.#row = this.#rows.push([]) - 1;
        this.#column = 0;
        break;
      case "J":
        if (value === 0) this.#rows.length = this.#row + 1;
        if (value === 0) line.length = Math.min(line.length, this.#column);
        break;
      case "K":
        if (value === 0) line.length = Math.min(line.length, this.#column);
        else if (value === 2) line.length = 0;
        else line.fill(blank, 0, this.#column + 1);
        break;
      case "P":
        line.splice(this.#column, count);
        break;
    }
  }

  get #line(): Cell[] {
    return this.#rows[this.#row] as Cell[];
  }
}
