/**
 * The newest part of a terminal's raw output, bounded, from which a screen can be rebuilt when somebody looks.
 * Keeping a screen emulated all the time would cost more than the output itself.
 */
export interface RawPart {
  /** Sets the modes that were switched on before this part, such as the alternate screen. */
  readonly modes: string;
  readonly text: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject
const modeSequence = /\x1b\[\?([\d;]+)([hl])/g;
const modeOpening = "\x1b[?";
/** Chunks are joined up to this length, so that many small writes do not cost an array entry each. */
const joinedLength = 8192;

export class RawHistory {
  readonly #limit: number;
  #chunks: string[] = [];
  #start = 0;
  #end = 0;
  readonly #modes = new Map<string, "h" | "l">();

  constructor(limitChars: number) {
    this.#limit = limitChars;
  }

  /** Characters ever written: the position after the newest. */
  get end(): number {
    return this.#end;
  }

  /** Position of the oldest character that is kept. */
  get start(): number {
    return this.#start;
  }

  push(text: string): void {
    const last = this.#chunks.length - 1;
    const lastChunk = this.#chunks[last];
    if (lastChunk !== undefined && lastChunk.length + text.length < joinedLength) this.#chunks[last] = lastChunk + text;
    else this.#chunks.push(text);
    this.#end += text.length;
    // Trimmed at twice the limit, so that the cost of a push is constant.
    if (this.#end - this.#start > 2 * this.#limit) this.#trim();
  }

  #trim(): void {
    let drop = 0;
    while (this.#end - this.#start > this.#limit && drop < this.#chunks.length - 1) {
      const chunk = this.#chunks[drop] ?? "";
      if (chunk.includes(modeOpening)) this.#noteModes(chunk);
      this.#start += chunk.length;
      drop += 1;
    }
    this.#chunks.splice(0, drop);
  }

  #noteModes(text: string): void {
    for (const [, numbers = "", state] of text.matchAll(modeSequence)) {
      for (const number of numbers.split(";")) this.#modes.set(number, state === "h" ? "h" : "l");
    }
  }

  /** What was written from `position` on; null when part of that is gone. */
  from(position: number): string | null {
    if (position < this.#start) return null;
    // From the newest backwards: a viewer that keeps up misses only the last chunk.
    const parts: string[] = [];
    let at = this.#end;
    for (let index = this.#chunks.length - 1; at > position && index >= 0; index--) {
      const chunk = this.#chunks[index] ?? "";
      at -= chunk.length;
      parts.push(at < position ? chunk.slice(position - at) : chunk);
    }
    parts.reverse();
    return parts.join("");
  }

  /** All that is kept. When the beginning was dropped, starts after a line end: never inside a sequence. */
  whole(): RawPart {
    const text = this.#chunks.join("");
    if (this.#start === 0) return { modes: "", text };
    const modes = [...this.#modes].map(([number, state]) => `${modeOpening}${number}${state}`).join("");
    const newline = text.indexOf("\n");
    const safe = newline < 0 ? text.indexOf("\x1b") : newline + 1;
    return { modes, text: safe < 0 ? text : text.slice(safe) };
  }
}
