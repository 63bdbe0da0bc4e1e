/** Output rendered as plain text, its beginning and end kept within a limit, with the exact count of what was dropped. */
import { HeadTailBuffer } from "../base/head-tail-buffer.ts";
import type { TerminalText } from "../ports/terminals.ts";
import { PlainText } from "./plain-text.ts";

function omission(dropped: number): string {
  return `\n[… ${dropped} characters omitted …]\n`;
}

export class TextCapture {
  readonly #limit: number;
  readonly #kept: HeadTailBuffer;
  readonly #plain: PlainText;

  constructor(limitChars: number) {
    this.#limit = Math.max(2, limitChars);
    this.#kept = new HeadTailBuffer(this.#limit);
    this.#plain = new PlainText((text) => this.#kept.push(text));
  }

  push(chunk: string): void {
    this.#plain.push(chunk);
  }

  /** Whether a full-screen program has the screen. */
  get alternate(): boolean {
    return this.#plain.alternate;
  }

  /** What there is now; a later call sees the rest too. `limitChars` may only narrow what was kept. */
  text(limitChars = this.#limit): TerminalText {
    const limit = Math.max(2, Math.min(limitChars, this.#limit));
    const droppedBefore = this.#kept.dropped;
    let split = -1;
    const kept = this.#kept.toString(() => {
      split = 0;
      return "\0";
    });
    split = split < 0 ? -1 : kept.indexOf("\0");
    const headLimit = Math.floor(limit / 2);
    const head = split < 0 ? kept + this.#plain.pending() : kept.slice(0, split);
    const tail = split < 0 ? head : kept.slice(split + 1) + this.#plain.pending();
    if (split < 0 && head.length <= limit) return { text: head, droppedChars: 0 };
    const total = split < 0 ? head.length : head.length + droppedBefore + tail.length;
    const first = head.slice(0, headLimit);
    const last = tail.slice(Math.max(0, tail.length - (limit - headLimit)));
    const dropped = total - first.length - last.length;
    return { text: first + omission(dropped) + last, droppedChars: dropped };
  }
}
