/** The end of a command's output as the eye sees it, where it is coloured. The model gets its text without. */
import { endOfRaw, withoutOverwritten } from "../base/raw-output.ts";

/** Sequences take room: of a colourful output about as much text is left as is shown of a plain one. */
const tailChars = 4_000;
/** So much is gathered before it is shortened. */
const gatheredChars = 8 * tailChars;

export class ColouredTail {
  #pieces: string[] = [];
  #length = 0;
  #coloured = false;

  push(text: string): void {
    this.#pieces.push(text);
    this.#length += text.length;
    this.#coloured ||= text.includes("\x1b[");
    if (this.#length > gatheredChars) this.#shorten();
  }

  /** Null where there are no colours in it. */
  get text(): string | null {
    if (!this.#coloured) return null;
    const text = endOfRaw(withoutOverwritten(this.#pieces.join("")), tailChars);
    return text.includes("\x1b[") ? text : null;
  }

  /** The text stays, what could be gathered goes. */
  finish(): void {
    const { text } = this;
    this.#pieces = text === null ? [] : [text];
    this.#coloured = text !== null;
  }

  #shorten(): void {
    if (this.#coloured) {
      // What a progress bar has taken back must not push out the lines above it.
      const kept = endOfRaw(withoutOverwritten(this.#pieces.join("")), gatheredChars / 2);
      this.#pieces = [kept];
      this.#length = kept.length;
      this.#coloured = kept.includes("\x1b[");
      return;
    }
    // Of a plain flood nothing is copied together.
    let first = 0;
    for (const piece of this.#pieces) {
      if (this.#length - piece.length < tailChars) break;
      this.#length -= piece.length;
      first += 1;
    }
    this.#pieces = this.#pieces.slice(first);
  }
}
