/**
 * Which of several viewers of a terminal decides: its size, and whose terminal answers what a program asks. It is the
 * one that was used last. Every viewer keeps the size that it wants, so when the deciding one goes the next gets its own.
 */
import type { PtySize } from "./pty.ts";

interface Entry<Viewer> {
  readonly viewer: Viewer;
  /** Null: it has never said. */
  wanted: PtySize | null;
}

export class ViewerSizes<Viewer> {
  /** Least recently used first. */
  #entries: Entry<Viewer>[] = [];

  get count(): number {
    return this.#entries.length;
  }

  all(): readonly Viewer[] {
    return this.#entries.map(({ viewer }) => viewer);
  }

  /** Somebody looks; that alone takes nothing from the others. */
  join(viewer: Viewer): void {
    this.#entries.unshift({ viewer, wanted: null });
  }

  /** The viewer was typed into. */
  used(viewer: Viewer): void {
    const entry = this.#entries.find((each) => each.viewer === viewer);
    if (entry === undefined || entry === this.#entries.at(-1)) return;
    this.#entries = [...this.#entries.filter((each) => each !== entry), entry];
  }

  /** The viewer has another size, which counts as using it. */
  resized(viewer: Viewer, wanted: PtySize): void {
    this.used(viewer);
    const last = this.#entries.at(-1);
    if (last?.viewer === viewer) last.wanted = wanted;
  }

  leave(viewer: Viewer): void {
    this.#entries = this.#entries.filter((each) => each.viewer !== viewer);
  }

  isActive(viewer: Viewer): boolean {
    return this.#entries.at(-1)?.viewer === viewer;
  }

  /** What the terminal is to have: the wish of the one used last that has one; null while nobody has. */
  get size(): PtySize | null {
    return this.#entries.findLast(({ wanted }) => wanted !== null)?.wanted ?? null;
  }
}
