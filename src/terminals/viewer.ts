/**
 * Somebody who looks at a terminal: a position in its raw history. Output is handed over as it comes, joined within a
 * few milliseconds; while the viewer is busy with the last piece (its promise is pending) nothing is queued, and one
 * that has fallen behind what the history keeps is told so and goes on with the newest. So nobody who looks slows the shell or fills memory.
 */
import type { RawHistory } from "./raw-history.ts";
import { waitFor } from "./wait-for.ts";

const frameMs = 8;
const pieceBytes = 65_536;
const repaintDelayMs = 500;

export interface ViewerOptions {
  readonly history: RawHistory;
  /** Position in the history from which the viewer has seen nothing. */
  readonly position: number;
  readonly deliver: (data: string) => void | Promise<void>;
  /** Escape sequences that repaint everything, and the position they stand for. */
  readonly repaint: () => Promise<{ text: string; position: number }>;
}

export class Viewer {
  readonly #options: ViewerOptions;
  #position: number;
  #busy = false;
  #timer: NodeJS.Timeout | undefined;
  #lastAt = 0;
  #disposed = false;
  #settled: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  readonly #gone = Promise.withResolvers<void>();

  constructor(options: ViewerOptions) {
    this.#options = options;
    this.#position = options.position;
  }

  /** There is new output. */
  notify(): void {
    if (this.#busy || this.#timer !== undefined || this.#disposed) return;
    const waitMs = this.#lastAt + frameMs - Date.now();
    if (waitMs <= 0) return void this.#deliver();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#deliver();
    }, waitMs);
  }

  /** Resolves when all that was there when it was called has been delivered; never after `dispose`. */
  settled(): Promise<void> {
    if (!this.#busy && this.#position >= this.#options.history.end) return Promise.resolve();
    this.#settled ??= Promise.withResolvers<void>();
    return this.#settled.promise;
  }

  /** Begins with what came since the position; not before the caller had its turn to show the snapshot. */
  start(): void {
    setImmediate(() => this.notify());
  }

  /** Skips what is no longer kept: to the newest lines of a log, to a repaint of what a full-screen program shows. */
  async #catchUp(): Promise<void> {
    const { history, deliver, repaint } = this.#options;
    const { position, modes, text, alternate } = history.newest(pieceBytes);
    if (!alternate) {
      const skipped = position - this.#position;
      this.#position = history.end;
      await deliver(`\x1b[0m\r\n[… ${skipped} bytes skipped …]\r\n${modes}${text}`);
      return;
    }
    // Painting costs more than the output did, so it waits for a calmer moment.
    await waitFor(this.#gone.promise, { timeoutMs: repaintDelayMs });
    if (this.#disposed) return;
    const painted = await repaint();
    if (this.#disposed) return;
    this.#position = painted.position;
    await deliver(`\x1bc${painted.text}`);
  }

  dispose(): void {
    this.#disposed = true;
    this.#gone.resolve();
    clearTimeout(this.#timer);
  }

  async #deliver(): Promise<void> {
    const { history, deliver } = this.#options;
    this.#busy = true;
    this.#lastAt = Date.now();
    try {
      const missing = history.from(this.#position, pieceBytes);
      if (missing === null) {
        await this.#catchUp();
      } else if (missing.text !== "") {
        this.#position = missing.end;
        const pending = deliver(missing.text);
        if (pending !== undefined) await pending;
      }
    } catch {
      // A viewer that fails is no reason to stop the shell; its owner detaches it.
    } finally {
      this.#busy = false;
    }
    if (this.#position < history.end) this.notify();
    else if (!this.#disposed) this.#settled?.resolve();
  }
}
