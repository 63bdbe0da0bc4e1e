/** What the eye sees of a terminal: its raw history, the screen made from it, and everybody who looks. */
import { ControlScanner } from "./control-scanner.ts";
import { type Pty, type PtySize, usableSize } from "./pty.ts";
import { RawHistory } from "./raw-history.ts";
import { Screen } from "./screen.ts";
import { TerminalModes } from "./terminal-modes.ts";
import { TerminalQueries, type ViewerWrite } from "./terminal-queries.ts";
import { Viewer } from "./viewer.ts";
import { ViewerSizes } from "./viewer-sizes.ts";

/** Raw output kept for viewers: 10,000 lines of 200 characters. */
const historyBytes = 2_097_152;

/** What a viewer reports when it loses the focus, to programs that ask for it. */
const focusOut = "\x1b[O";

export interface DisplayView {
  readonly snapshot: string;
  readonly size: PtySize;
  /** Resolves when all that was shown has been delivered. */
  readonly settled: () => Promise<void>;
  /** What of the viewer's data is to be typed into the terminal; makes it the one that was used last. */
  readonly received: (data: string) => readonly ViewerWrite[];
  /** The viewer has this size from now on. One that says nothing usable, as hidden ones do, keeps what it had. */
  readonly resize: (size: PtySize) => void;
  readonly detach: () => void;
}

export class Display {
  readonly screen: Screen;
  readonly #history = new RawHistory(historyBytes);
  readonly #modes = new TerminalModes();
  readonly #scanner: ControlScanner;
  readonly #queries: TerminalQueries;
  readonly #viewers = new ViewerSizes<Viewer>();
  readonly #pty: Pick<Pty, "write" | "resize">;
  #size: PtySize;

  constructor(size: PtySize, pty: Pick<Pty, "write" | "resize">) {
    this.#size = size;
    this.#pty = pty;
    this.screen = new Screen(this.#history, this.#modes, size);
    const queries = new TerminalQueries({
      answer: (text) => pty.write(text),
      cursor: () => this.screen.cursor(),
      hasViewers: () => this.#viewers.count > 0,
    });
    this.#queries = queries;
    this.#scanner = new ControlScanner({
      csi: (parameters, final) => {
        this.#modes.csi(parameters, final);
        queries.csi(parameters, final);
      },
      osc: (code, data) => {
        this.#modes.osc(code, data);
        queries.osc(code, data);
      },
      request: (kind) => queries.request(kind),
      reset: () => this.#modes.reset(),
    });
  }

  /** Whether line feeds come without a carriage return from now on; who looks is given them with one. */
  loneLineFeeds(lone: boolean): void {
    this.#history.loneLineFeeds(lone);
  }

  show(text: string): void {
    this.#history.push(text);
    this.#scanner.push(text);
    for (const viewer of this.#viewers.all()) viewer.notify();
  }

  /**
   * What a new viewer has to paint; from there on `deliver` gets the output, until `detach`. One that says its size gets
   * the picture in it.
   */
  async attach(deliver: (data: string) => void | Promise<void>, wanted?: PtySize): Promise<DisplayView> {
    const own = wanted !== undefined && isSize(wanted) ? usableSize(wanted) : null;
    if (own !== null) this.#become(own);
    const { text, position, size } = await this.screen.snapshot();
    const viewer = new Viewer({ history: this.#history, position, deliver, repaint: () => this.screen.snapshot() });
    this.#viewers.join(viewer);
    if (own !== null) this.#viewerResized(viewer, own);
    viewer.start();
    return {
      snapshot: text,
      size,
      settled: () => viewer.settled(),
      received: (data) => this.#received(viewer, data),
      resize: (wanted) => this.#viewerResized(viewer, wanted),
      detach: () => {
        viewer.dispose();
        this.#viewers.leave(viewer);
        this.#fit();
      },
    };
  }

  /** Nobody will look any more: who still attaches sees an empty screen. */
  dispose(): void {
    for (const viewer of this.#viewers.all()) {
      viewer.dispose();
      this.#viewers.leave(viewer);
    }
    this.#queries.dispose();
    this.screen.forget();
    // Commands are known, and their shells with them, long after the terminal has ended.
    this.#history.forget();
  }

  #received(viewer: Viewer, data: string): readonly ViewerWrite[] {
    const writes = this.#queries.received(data, this.#viewers.isActive(viewer));
    return writes.filter(({ kind, text }) => {
      if (kind === "answer") return true;
      // The one that took the focus has said so already, perhaps before.
      if (text === focusOut) return this.#viewers.isActive(viewer);
      this.#viewers.used(viewer);
      this.#fit();
      return true;
    });
  }

  #viewerResized(viewer: Viewer, wanted: PtySize): void {
    if (!isSize(wanted)) return;
    this.#viewers.resized(viewer, usableSize(wanted));
    this.#fit();
  }

  /** Gives the terminal the size of the viewer that decides. */
  #fit(): void {
    const { size } = this.#viewers;
    if (size !== null) this.#become(size);
  }

  #become(size: PtySize): void {
    if (size.cols === this.#size.cols && size.rows === this.#size.rows) return;
    this.#size = size;
    this.screen.resize(size);
    this.#pty.resize(size);
  }
}

function isSize({ cols, rows }: PtySize): boolean {
  return cols >= 1 && rows >= 1;
}
