/** Output rendered as plain text, its beginning and end kept within a limit, with the exact count of what was dropped. */
import { HeadTailBuffer } from "../base/head-tail-buffer.ts";
import type { TerminalText } from "../ports/terminals.ts";
import { PlainText } from "./plain-text.ts";

function omission(dropped: number): string {
  return `\n[… ${dropped} characters omitted …]\n`;
}

/** A text in two parts; null as tail: it is whole. */
interface Cut {
  readonly head: string;
  readonly tail: string | null;
  readonly droppedChars: number;
}

export function textOf({ head, tail, droppedChars }: Cut): TerminalText {
  return { text: tail === null ? head : head + omission(droppedChars) + tail, droppedChars };
}

export class TextCapture {
  readonly #limit: number;
  readonly #kept: HeadTailBuffer;
  readonly #plain: PlainText;

  /** `onSettled` gets text that can no longer change, before it is kept. */
  constructor(limitChars: number, onSettled?: (text: string) => void) {
    this.#limit = Math.max(2, limitChars);
    this.#kept = new HeadTailBuffer(this.#limit);
    this.#plain = new PlainText((text) => {
      onSettled?.(text);
      this.#kept.push(text);
    });
  }

  push(chunk: string): void {
    this.#plain.push(chunk);
  }

  /** Whether a full-screen program has the screen. */
  get alternate(): boolean {
    return this.#plain.alternate;
  }

  /** What can no longer change, as far as it is kept. */
  settled(): string {
    return this.#kept.toString(omission);
  }

  /** What can still change, as it looks now. */
  pending(): string {
    return this.#plain.pending();
  }

  /** What there is now; a later call sees the rest too. `limitChars` may only narrow what was kept. */
  text(limitChars = this.#limit): TerminalText {
    return textOf(this.cut(limitChars));
  }

  /** The same with its parts told apart. */
  cut(limitChars = this.#limit): Cut {
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
    if (split < 0 && head.length <= limit) return { head, tail: null, droppedChars: 0 };
    const total = split < 0 ? head.length : head.length + droppedBefore + tail.length;
    const first = head.slice(0, headLimit);
    const last = tail.slice(Math.max(0, tail.length - (limit - headLimit)));
    return { head: first, tail: last, droppedChars: total - first.length - last.length };
  }
}
