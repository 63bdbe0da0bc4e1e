/** What the eye sees of a terminal: its raw history, the screen made from it, and everybody who looks. */
import { type PtySize, usableSize } from "./pty.ts";
import { RawHistory } from "./raw-history.ts";
import { Screen } from "./screen.ts";
import { answerQueries } from "./terminal-queries.ts";
import { Viewer } from "./viewer.ts";

/** Raw output kept for viewers. */
const historyBytes = 1_048_576;

export interface DisplayView {
  readonly snapshot: string;
  readonly size: PtySize;
  /** Resolves when all that was shown has been delivered. */
  readonly settled: () => Promise<void>;
  readonly detach: () => void;
}

export class Display {
  readonly screen: Screen;
  readonly #history = new RawHistory(historyBytes);
  readonly #viewers = new Set<Viewer>();
  readonly #answer: (text: string) => void;
  #size: PtySize;

  /** `answer` types into the terminal what a program has asked of it. */
  constructor(size: PtySize, answer: (text: string) => void) {
    this.#size = size;
    this.#answer = answer;
    this.screen = new Screen(this.#history, size);
  }

  show(text: string): void {
    this.#history.push(text);
    if (this.#viewers.size === 0 && text.includes("\x1b")) void this.#answerQueries(text);
    for (const viewer of this.#viewers) viewer.notify();
  }

  /** What a new viewer has to paint; from there on `deliver` gets the output, until `detach`. */
  async attach(deliver: (data: string) => void | Promise<void>): Promise<DisplayView> {
    const { text, position } = await this.screen.snapshot();
    const viewer = new Viewer({ history: this.#history, position, deliver, repaint: () => this.screen.snapshot() });
    this.#viewers.add(viewer);
    viewer.start();
    const detach = () => {
      viewer.dispose();
      this.#viewers.delete(viewer);
    };
    return { snapshot: text, size: this.#size, settled: () => viewer.settled(), detach };
  }

  /** The size to give to the terminal, or null when it stays. */
  resize(wanted: PtySize): PtySize | null {
    const size = usableSize(wanted);
    if (size.cols === this.#size.cols && size.rows === this.#size.rows) return null;
    this.#size = size;
    this.screen.resize(size);
    return size;
  }

  dispose(): void {
    for (const viewer of this.#viewers) viewer.dispose();
    this.#viewers.clear();
    this.screen.forget();
  }

  async #answerQueries(text: string): Promise<void> {
    // The screen may have been closed meanwhile; then nobody waits any more.
    await answerQueries(text, { cursor: () => this.screen.cursor(), answer: this.#answer }).catch(() => undefined);
  }
}
