/** Picks some lines out of a text that comes in pieces, within a number of characters. */
import { HeadTailBuffer } from "../base/head-tail-buffer.ts";
import type { OutputLines } from "../ports/terminals.ts";
import type { SpoolPosition, SpoolSink } from "./spool.ts";

/** Stands where a part of a line is gone. */
const torn = "[…]";

export interface LineWindowOptions {
  /** From 1. */
  readonly fromLine: number;
  readonly lineCount: number;
  readonly maxChars: number;
}

export class LineWindow implements SpoolSink {
  readonly #toLine: number;
  readonly #fromLine: number;
  readonly #maxChars: number;
  readonly #pieces: { readonly fromLine: number; readonly lines: string[] }[] = [];
  /** Of the line that is being read, when it is wanted. */
  #line: HeadTailBuffer | null = null;
  #lineChars = 0;
  /** Of the line that is being read, whether wanted or not. */
  #number = 1;
  #at = 0;
  #chars = 0;
  #nextLine: number | null = null;

  constructor({ fromLine, lineCount, maxChars }: LineWindowOptions) {
    this.#fromLine = fromLine;
    this.#toLine = fromLine + lineCount - 1;
    this.#maxChars = Math.max(2, maxChars);
  }

  get done(): boolean {
    return this.#nextLine !== null || this.#number > this.#toLine;
  }

  /** The first line that was wanted and did not fit; null when all did. */
  get nextLine(): number | null {
    return this.#nextLine;
  }

  get lines(): readonly OutputLines[] {
    return this.#pieces.map(({ fromLine, lines }) => ({
      fromLine,
      toLine: fromLine + lines.length - 1,
      text: lines.join("\n"),
    }));
  }

  piece(start: SpoolPosition, text: string, endBytes: number): void {
    if (start.bytes !== this.#at) this.#gap(start.newlines + 1);
    this.#at = endBytes;
    let from = 0;
    while (!this.done) {
      const newline = text.indexOf("\n", from);
      const end = newline < 0 ? text.length : newline;
      if (end > from || newline >= 0) this.#take(text.slice(from, end));
      if (newline < 0 || this.#nextLine !== null) return;
      this.#endLine();
      this.#number += 1;
      from = newline + 1;
    }
  }

  /** Nothing more comes of a text that ends at `endBytes`. */
  finish(endBytes: number): void {
    if (this.done) return;
    if (endBytes !== this.#at && this.#line !== null) this.#take(torn);
    this.#endLine();
  }

  #take(text: string): void {
    if (this.#number < this.#fromLine) return;
    this.#line ??= new HeadTailBuffer(this.#maxChars);
    this.#line.push(text);
    this.#lineChars += text.length;
    // Only the first may be shown in part when it is too long to be shown whole.
    if (this.#pieces.length > 0 && this.#chars + this.#lineChars > this.#maxChars) {
      this.#nextLine = this.#number;
      this.#line = null;
    }
  }

  #endLine(): void {
    if (this.#line === null) return;
    const line = this.#line.toString((dropped) => `[… ${dropped} characters omitted …]`);
    this.#line = null;
    this.#lineChars = 0;
    this.#chars += line.length + 1;
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.fromLine + last.lines.length === this.#number) last.lines.push(line);
    else this.#pieces.push({ fromLine: this.#number, lines: [line] });
  }

  /** What comes next begins somewhere in line `number`. */
  #gap(number: number): void {
    if (number !== this.#number) {
      if (this.#line !== null) this.#take(torn);
      this.#endLine();
      this.#number = number;
    }
    if (!this.done) this.#take(torn);
  }
}
