/** Output for the eye, its lines ending as a terminal wants: at most 20 calls a second and 16 KiB a call, saying what was left out. */
import { cleanCut, lookBackChars } from "../base/raw-output.ts";

const intervalMs = 50;
const callLimit = 16_384;

export class OutputThrottle {
  readonly #listener: (chunk: string) => void;
  /** Not one string: of a flood nearly all is left out, and must not be copied together for that. */
  #waiting: string[] = [];
  #length = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #lastAt = 0;

  constructor(listener: (chunk: string) => void) {
    this.#listener = listener;
  }

  push(text: string): void {
    this.#waiting.push(text);
    this.#length += text.length;
    if (this.#length > 4 * callLimit) this.#shorten();
    this.#timer ??= setTimeout(() => this.flush(), Math.max(0, this.#lastAt + intervalMs - Date.now()));
  }

  #shorten(): void {
    const excess = this.#length - callLimit;
    if (excess <= 0) return;
    let first = 0;
    let before = 0;
    for (let piece = this.#waiting[0]; piece !== undefined; piece = this.#waiting[first]) {
      // The cut looks back, for what has begun in front of it.
      if (before + piece.length > excess - lookBackChars) break;
      before += piece.length;
      first += 1;
    }
    const rest = this.#waiting.slice(first).join("");
    let cut = cleanCut(rest, excess - before);
    if (rest[cut] === "\n" && rest[cut - 1] === "\r") cut += 1;
    this.#dropped += before + cut;
    this.#waiting = [rest.slice(cut)];
    this.#length = rest.length - cut;
  }

  /** Delivers what waits, at once. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#length === 0) return;
    this.#shorten();
    const note = this.#dropped === 0 ? "" : `\r\n[… ${this.#dropped} characters skipped …]\r\n`;
    // Of a flood they come alone, see LineFeedMode.
    const chunk = (note + this.#waiting.join("")).replace(/\r?\n/g, "\r\n");
    this.#waiting = [];
    this.#length = 0;
    this.#dropped = 0;
    this.#lastAt = Date.now();
    this.#listener(chunk);
  }
}
