/**
 * Everything a command printed: its beginning and end in memory, for results; the whole, once that is not the whole, in a
 * spool on disk. What fits into a result never touches the disk.
 */
import type { OutputLines, TerminalText } from "../ports/terminals.ts";
import { LineWindow, type LineWindowOptions } from "./line-window.ts";
import type { Spool } from "./spool.ts";
import type { SpoolShelf } from "./spool-shelf.ts";
import { TextCapture, textOf } from "./text-capture.ts";
import { TextWatch } from "./text-watch.ts";

export interface ReadLines {
  readonly pieces: readonly OutputLines[];
  readonly nextLine: number | null;
  readonly losses: readonly string[];
}

export function countNewlines(text: string): number {
  let count = 0;
  for (let index = text.indexOf("\n"); index >= 0; index = text.indexOf("\n", index + 1)) count += 1;
  return count;
}

export class CommandOutput {
  readonly #limit: number;
  readonly #watches = new Set<TextWatch>();
  #capture: TextCapture | null;
  #shelf: SpoolShelf | null = null;
  #spool: Spool | null = null;
  #settledChars = 0;
  /** Once it is over. */
  #final: (TerminalText & { readonly newlines: number; readonly totalLines: number }) | null = null;

  constructor(limitChars: number) {
    this.#limit = Math.max(2, limitChars);
    this.#capture = new TextCapture(limitChars, (text) => this.#settle(text));
  }

  /** From now on the whole is kept: on this shelf what does not fit. */
  keepWhole(shelf: SpoolShelf): void {
    this.#shelf = shelf;
  }

  push(text: string): void {
    this.#capture?.push(text);
    for (const watch of this.#watches) watch.changed();
  }

  finish(): void {
    const capture = this.#capture;
    if (capture === null) return;
    for (const watch of this.#watches) watch.look();
    const text = this.text();
    const { newlines, totalLines } = this;
    if (this.#spool === null && text.droppedChars > 0) this.#spill(capture);
    this.#spool?.append(capture.pending());
    this.#spool?.finish();
    this.#final = { ...text, newlines, totalLines };
    // The text stays, the machinery for rendering more of it goes.
    this.#capture = null;
  }

  text(): TerminalText {
    if (this.#final !== null) {
      const { text, droppedChars, droppedLines } = this.#final;
      return { text, droppedChars, ...(droppedLines === undefined ? {} : { droppedLines }) };
    }
    const capture = this.#capture;
    if (capture === null) return { text: "", droppedChars: 0 };
    const cut = capture.cut();
    if (cut.tail === null) return textOf(cut);
    const from = countNewlines(cut.head) + 1;
    return { ...textOf(cut), droppedLines: { from, to: this.newlines - countNewlines(cut.tail) + 1 } };
  }

  /** Line ends so far. */
  get newlines(): number {
    return this.#final?.newlines ?? this.#settledNewlines() + countNewlines(this.#capture?.pending() ?? "");
  }

  get totalLines(): number {
    if (this.#final !== null) return this.#final.totalLines;
    const end = this.#capture === null ? "" : this.#capture.pending() || this.#capture.settled();
    return this.newlines + (end === "" || end.endsWith("\n") ? 0 : 1);
  }

  /** Null when it was aborted or the disk did not answer. */
  async read(range: LineWindowOptions, signal: AbortSignal): Promise<ReadLines | null> {
    const window = new LineWindow(range);
    const spool = this.#spool;
    const pending = this.#capture?.pending() ?? "";
    if (spool === null) {
      const whole = this.#final?.text ?? (this.#capture?.settled() ?? "") + pending;
      window.piece({ bytes: 0, newlines: 0 }, whole, whole.length);
      window.finish(whole.length);
    } else {
      const { end, held } = spool;
      if (!(await spool.read(range.fromLine, end, window, signal))) return null;
      // Its bytes are not counted yet; one stands for all.
      const rest = held + pending;
      const endBytes = end.bytes + (rest === "" ? 0 : 1);
      if (rest !== "") window.piece(end, rest, endBytes);
      window.finish(endBytes);
    }
    return { pieces: window.lines, nextLine: window.nextLine, losses: spool?.losses ?? [] };
  }

  /** Waits for a text in it, from the first character on as far as it is kept. The caller stops it. */
  watch(text: string): TextWatch {
    const capture = this.#capture;
    const watch = new TextWatch(
      text,
      capture?.settled() ?? this.#final?.text ?? "",
      () => this.#capture?.pending() ?? "",
    );
    if (capture !== null) this.#watches.add(watch);
    return watch;
  }

  unwatch(watch: TextWatch): void {
    watch.stop();
    this.#watches.delete(watch);
  }

  /** Takes it from the disk. */
  async forget(): Promise<void> {
    const spool = this.#spool;
    if (spool !== null) await this.#shelf?.remove(spool);
  }

  #settle(text: string): void {
    for (const watch of this.#watches) watch.settled(text);
    this.#settledChars += text.length;
    if (this.#spool === null && this.#settledChars > this.#limit && this.#capture !== null) this.#spill(this.#capture);
    this.#spool?.append(text);
  }

  /** Begins the spool with what was kept, which is still all of it. */
  #spill(capture: TextCapture): void {
    this.#spool = this.#shelf?.begin() ?? null;
    this.#spool?.append(capture.settled());
  }

  #settledNewlines(): number {
    return this.#spool?.end.newlines ?? countNewlines(this.#capture?.settled() ?? "");
  }
}
