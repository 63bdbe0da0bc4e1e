/**
 * Terminal output as plain text for the model: escape sequences applied or dropped, no colours, progress bars
 * collapsed to their last state. Not a screen: lines are never wrapped, tabs stay tabs, what a full-screen program
 * paints on the alternate screen is left out. Text without cursor movement takes a path of a few native calls a
 * chunk. The result does not depend on how the stream was cut into chunks.
 */
import { plainAsciiLines } from "./ascii-lines.ts";

/** How far the cursor may go back: rows, and characters of them; and how far it may go where nothing was printed. */
const reachRows = 60;
const reachChars = 16_384;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject
const colours = /\x1b\[[0-9;:]{0,253}m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const special = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const printable = /[^\x00-\x08\x0a-\x1f\x7f-\x9f]+/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const controlSequence = /\x1b\[([0-?]*)[ -/]*([@-~])/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const partialControlSequence = /\x1b\[[0-?]*[ -/]*$/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const endOfString = /[\x07\x18\x1a\x1b\x9c]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const otherEscape = /\x1b[ -/]{0,6}[0-~]/y;
/** What is longer is no sequence, whether it comes at once or bit by bit. */
const longestSequence = 256;
const longestOtherEscape = 8;

export class PlainText {
  readonly #commit: (text: string) => void;
  /** Whole lines above `#rows` that are still within reach or not yet worth handing over. */
  #done = "";
  #rows: string[] = [""];
  #row = 0;
  #col = 0;
  #held = "";
  /** Inside a string sequence (title, hyperlink, image), whose content is not text. */
  #inString = false;
  #alternate = false;

  /** `commit` gets text that can no longer change. */
  constructor(commit: (text: string) => void) {
    this.#commit = commit;
  }

  /** Whether a full-screen program has the screen. */
  get alternate(): boolean {
    return this.#alternate;
  }

  push(chunk: string): void {
    let data = this.#held === "" ? chunk : this.#held + chunk;
    this.#held = "";
    if (data.charCodeAt(data.length - 1) === 13) {
      // A carriage return may be the first half of a line end.
      this.#held = "\r";
      data = data.slice(0, -1);
    }
    if (!this.#inString && !this.#alternate && this.#atEnd()) {
      const lines = plainAsciiLines(data);
      if (lines !== null) {
        this.#append(lines);
        return;
      }
      const text = data.includes("\x1b") ? data.replace(colours, "") : data;
      const normal = text.includes("\r") ? text.replaceAll("\r\n", "\n") : text;
      if (!special.test(normal)) {
        this.#append(normal);
        return;
      }
    }
    this.#apply(data);
    this.#handOver();
  }

  /** What has not been committed yet, as it looks now. */
  pending(): string {
    return this.#done + this.#rows.join("\n");
  }

  #atEnd(): boolean {
    return this.#row === this.#rows.length - 1 && this.#col === (this.#rows[this.#row] ?? "").length;
  }

  #append(text: string): void {
    const newline = text.lastIndexOf("\n");
    if (newline >= 0) {
      this.#done += `${this.#rows.join("\n")}${text.slice(0, newline + 1)}`;
      this.#rows = [text.slice(newline + 1)];
      this.#row = 0;
    } else {
      this.#rows[this.#row] += text;
    }
    this.#col = (this.#rows[this.#row] ?? "").length;
    this.#handOver();
  }

  #handOver(): void {
    const last = this.#rows.length - 1;
    if (last > 0 && (this.#row === last || last > 8 * reachRows)) {
      const kept = this.#row === last ? last : last - 4 * reachRows;
      if (kept <= this.#row) {
        this.#done += `${this.#rows.slice(0, kept).join("\n")}\n`;
        this.#rows = this.#rows.slice(kept);
        this.#row -= kept;
      }
    }
    if (this.#done.length > 4 * reachChars) {
      const cut = this.#done.length - 2 * reachChars;
      this.#commit(this.#done.slice(0, cut));
      this.#done = this.#done.slice(cut);
    }
    // An endless line: only its last part can still change.
    const line = this.#rows[this.#row] ?? "";
    if (this.#rows.length === 1 && line.length > 4 * reachChars && this.#col >= this.#base()) {
      const cut = Math.floor((line.length - 2 * reachChars) / reachChars) * reachChars;
      this.#commit(this.#done + line.slice(0, cut));
      this.#done = "";
      this.#rows[0] = line.slice(cut);
      this.#col -= cut;
    }
  }

  #apply(data: string): void {
    let index = 0;
    while (index < data.length) {
      if (this.#inString) {
        endOfString.lastIndex = index;
        const end = endOfString.exec(data);
        if (end === null) return;
        this.#inString = false;
        // An escape ends the string and begins the next sequence, usually the terminator `ESC \`.
        index = end.index + (end[0] === "\x1b" ? 0 : 1);
        continue;
      }
      printable.lastIndex = index;
      const run = printable.exec(data);
      if (run !== null) {
        this.#print(run[0]);
        index += run[0].length;
        continue;
      }
      const used = data.charCodeAt(index) === 27 ? this.#escape(data, index) : this.#control(data.charCodeAt(index));
      if (used === 0) {
        this.#held = data.slice(index) + this.#held;
        return;
      }
      index += used;
    }
  }

  #print(text: string): void {
    if (this.#alternate) return;
    const line = this.#rows[this.#row] ?? "";
    const before = line.length < this.#col ? line.padEnd(this.#col) : line.slice(0, this.#col);
    this.#rows[this.#row] = before + text + line.slice(this.#col + text.length);
    this.#col += text.length;
  }

  #control(code: number): number {
    if (this.#alternate) return 1;
    if (code >= 10 && code <= 12) {
      this.#row += 1;
      this.#col = 0;
      if (this.#row === this.#rows.length) this.#rows.push("");
    } else if (code === 13) {
      this.#col = this.#base();
    } else if (code === 8) {
      this.#col = Math.max(this.#base(), this.#col - 1);
    }
    return 1;
  }

  /** Characters used, or 0 when the sequence is not complete yet. */
  #escape(data: string, index: number): number {
    const next = data[index + 1];
    if (next === undefined) return 0;
    if (next === "[") {
      controlSequence.lastIndex = index;
      const match = controlSequence.exec(data);
      if (match !== null && match[0].length <= longestSequence) {
        this.#controlSequence(match[1] ?? "", match[2] ?? "");
        return match[0].length;
      }
      partialControlSequence.lastIndex = index;
      const partial = partialControlSequence.exec(data);
      return partial !== null && partial[0].length < longestSequence ? 0 : 2;
    }
    if ("]PX^_".includes(next)) {
      this.#inString = true;
      return 2;
    }
    otherEscape.lastIndex = index;
    const match = otherEscape.exec(data);
    if (match !== null) return match[0].length;
    return next >= " " && next <= "/" && data.length - index < longestOtherEscape ? 0 : 1;
  }

  #controlSequence(parameters: string, final: string): void {
    if (final === "h" || final === "l") {
      if (/^\?(.*;)?(47|1047|1049)(;|$)/.test(parameters)) this.#alternate = final === "h";
      return;
    }
    if (this.#alternate) return;
    const first = Number.parseInt(parameters, 10);
    const count = Number.isNaN(first) || first === 0 ? 1 : Math.min(first, 1000);
    const line = this.#rows[this.#row] ?? "";
    if (final === "A" || final === "F") this.#up(count, final === "F");
    else if (final === "B" || final === "E") {
      this.#row = Math.min(this.#row + count, this.#rows.length - 1);
      this.#col = final === "E" ? this.#base() : Math.min(this.#col, this.#farthest());
    } else if (final === "C") this.#col = Math.max(this.#col, Math.min(this.#col + count, this.#farthest()));
    else if (final === "D") this.#col = Math.max(this.#base(), this.#col - count);
    else if (final === "G") this.#col = Math.min(this.#base() + count - 1, this.#farthest());
    else if (final === "H" || final === "f") this.#toNewLine();
    else if (final === "K") this.#rows[this.#row] = this.#erased(line, Number.isNaN(first) ? 0 : first);
    else if (final === "J" && !(first > 0)) {
      this.#rows[this.#row] = line.slice(0, this.#col);
      this.#rows.length = this.#row + 1;
    } else if (final === "P") this.#rows[this.#row] = line.slice(0, this.#col) + line.slice(this.#col + count);
    else if (final === "@") {
      const blanks = " ".repeat(Math.min(count, this.#farthest() - line.length));
      this.#rows[this.#row] = line.slice(0, this.#col) + blanks + line.slice(this.#col);
    } else if (final === "X" && this.#col < line.length) {
      this.#rows[this.#row] =
        line.slice(0, this.#col) + " ".repeat(Math.min(count, line.length - this.#col)) + line.slice(this.#col + count);
    }
  }

  /** Where the part of the line begins that can still change: of an endless line, only the last part. */
  #base(): number {
    const { length } = this.#rows[this.#row] ?? "";
    return Math.floor(length / reachChars) * reachChars;
  }

  /**
   * How far the cursor can be put without text: a few bytes could otherwise make a line of any length. Past its first
   * `reachChars` a line grows by what is printed alone.
   */
  #farthest(): number {
    return Math.max((this.#rows[this.#row] ?? "").length, reachChars);
  }

  #erased(line: string, mode: number): string {
    if (mode === 0) return line.slice(0, this.#col);
    const kept = line.slice(0, this.#base());
    if (mode === 2) return kept;
    if (mode !== 1) return line;
    // Blanks that were put in may have moved what can still change to behind the cursor.
    const blank = Math.max(kept.length, Math.min(this.#col + 1, line.length));
    return kept.padEnd(blank) + line.slice(blank);
  }

  /** An absolute position means a program that draws: what it draws next begins on a line of its own. */
  #toNewLine(): void {
    this.#row = this.#rows.length - 1;
    if (this.#rows[this.#row] !== "") {
      this.#rows.push("");
      this.#row += 1;
    }
    this.#col = 0;
  }

  #up(count: number, toStart: boolean): void {
    let reached = this.#rows.slice(this.#row).reduce((sum, line) => sum + line.length, 0);
    for (let step = 0; step < count; step++) {
      if (this.#rows.length - this.#row > reachRows) break;
      if (this.#row === 0) {
        if (this.#done === "") break;
        const start = this.#done.length < 2 ? 0 : this.#done.lastIndexOf("\n", this.#done.length - 2) + 1;
        const above = this.#done.slice(start, -1);
        if (reached + above.length >= reachChars) break;
        this.#done = this.#done.slice(0, start);
        this.#rows.unshift(above);
      } else {
        if (reached + (this.#rows[this.#row - 1] ?? "").length >= reachChars) break;
        this.#row -= 1;
      }
      reached += (this.#rows[this.#row] ?? "").length;
    }
    this.#col = toStart ? this.#base() : Math.min(this.#col, this.#farthest());
  }
}
