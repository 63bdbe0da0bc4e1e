/** Output for the eye: at most 20 calls a second and 16 KiB a call, saying what was left out. */
import { cleanCut } from "../base/raw-output.ts";

const intervalMs = 50;
const callLimit = 16_384;

export class OutputThrottle {
  readonly #listener: (chunk: string) => void;
  #waiting = "";
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #lastAt = 0;

  constructor(listener: (chunk: string) => void) {
    this.#listener = listener;
  }

  push(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length > 4 * callLimit) this.#shorten();
    this.#timer ??= setTimeout(() => this.flush(), Math.max(0, this.#lastAt + intervalMs - Date.now()));
  }

  #shorten(): void {
    if (this.#waiting.length <= callLimit) return;
    const excess = cleanCut(this.#waiting, this.#waiting.length - callLimit);
    this.#dropped += excess;
    this.#waiting = this.#waiting.slice(excess);
  }

  /** Delivers what waits, at once. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting === "") return;
    this.#shorten();
    const note = this.#dropped === 0 ? "" : `\r\n[… ${this.#dropped} characters skipped …]\r\n`;
    const chunk = note + this.#waiting;
    this.#waiting = "";
    this.#dropped = 0;
    this.#lastAt = Date.now();
    this.#listener(chunk);
  }
}
