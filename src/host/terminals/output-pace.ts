/**
 * How fast a pane is given output. VS Code takes whatever it is given and never says that it can not keep up; what it
 * has not passed on piles up in the extension host. So whoever delivers is held back in its stead. What a person can
 * follow is far below the rate, and never waits.
 */
import type { Clock } from "../../base/clock.ts";

export const bytesPerSecond = 1_000_000;
export const burstBytes = 512_000;

export class OutputPace {
  readonly #clock: Clock;
  readonly #end = new AbortController();
  /** What may be handed over now; below zero, what was too much. */
  #credit = burstBytes;
  #creditAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#creditAt = clock.now();
  }

  /** Counts what was handed over. A promise is pending until more may come, or until `dispose`. */
  took(data: string): undefined | Promise<void> {
    const now = this.#clock.now();
    const elapsedMs = Math.max(0, now - this.#creditAt);
    this.#creditAt = now;
    this.#credit = Math.min(burstBytes, this.#credit + (elapsedMs * bytesPerSecond) / 1_000) - Buffer.byteLength(data);
    const waitMs = Math.floor((-this.#credit * 1_000) / bytesPerSecond);
    if (waitMs <= 0 || this.#end.signal.aborted) return undefined;
    return this.#clock.sleep(waitMs, this.#end.signal);
  }

  dispose(): void {
    this.#end.abort();
  }
}
