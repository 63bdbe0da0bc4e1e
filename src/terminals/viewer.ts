/**
 * Somebody who looks at a terminal: a position in its raw history. Output is handed over as it comes, joined within a
 * few milliseconds; while the viewer is busy with the last piece (its promise is pending) nothing is queued, and one
 * that has fallen behind what the history keeps gets a repaint. So nobody who looks slows the shell or fills memory.
 */
import type { RawHistory } from "./raw-history.ts";

const frameMs = 8;
const pieceLimit = 65_536;

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

  /** Begins with what came since the position; not before the caller had its turn to show the snapshot. */
  start(): void {
    setImmediate(() => this.notify());
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  async #deliver(): Promise<void> {
    const { history, deliver, repaint } = this.#options;
    this.#busy = true;
    this.#lastAt = Date.now();
    try {
      const missing = history.from(this.#position);
      if (missing === null) {
        const { text, position } = await repaint();
        if (this.#disposed) return;
        this.#position = position;
        await deliver(`\x1bc${text}`);
      } else if (missing !== "") {
        const piece = firstPiece(missing);
        this.#position += piece.length;
        const pending = deliver(piece);
        if (pending !== undefined) await pending;
      }
    } catch {
      // A viewer that fails is no reason to stop the shell; its owner detaches it.
    } finally {
      this.#busy = false;
    }
    if (this.#position < history.end) this.notify();
  }
}

/** At most a piece, never half a surrogate pair. */
function firstPiece(text: string): string {
  if (text.length <= pieceLimit) return text;
  const code = text.charCodeAt(pieceLimit - 1);
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? pieceLimit - 1 : pieceLimit);
}
