/**
 * The newest part of a terminal's raw output, from which a screen can be rebuilt when somebody looks. A ring of bytes:
 * keeping strings would make every flood pass through the old generation of the heap, keeping a screen emulated would
 * cost more than the output itself. Positions count bytes since the beginning.
 */
import { LoneLineFeeds } from "./lone-line-feeds.ts";
import { alternateScreens } from "./terminal-modes.ts";

export interface RawPart {
  /** Where it begins. */
  readonly position: number;
  /** Sets the modes that were switched on before this part, such as the alternate screen. */
  readonly modes: string;
  readonly text: string;
  /** Whether it begins on the alternate screen. */
  readonly alternate: boolean;
}

interface ModeChange {
  /** Of its sequence. */
  readonly position: number;
  readonly number: string;
  readonly state: "h" | "l";
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject
const modeSequence = /\x1b\[\?([\d;]+)([hl])/g;
const modeOpening = "\x1b[?";
const firstCapacity = 65_536;
/** In UTF-8, of a UTF-16 unit. */
const mostBytesOfChar = 3;
/** Above this many changes the oldest are taken as if they lay before the kept part. */
const maxModeChanges = 2000;

export class RawHistory {
  readonly #limit: number;
  #ring: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Modes at `#start`, and their changes after it. */
  readonly #modes = new Map<string, "h" | "l">();
  #changes: ModeChange[] = [];
  readonly #lineFeeds = new LoneLineFeeds();
  #lineFeedsLone = false;
  #forgotten = false;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Bytes ever written: the position after the newest. */
  get end(): number {
    return this.#end;
  }

  /** Frees the memory. From now on it is empty, and stays so. */
  forget(): void {
    this.#forgotten = true;
    this.#ring = Buffer.alloc(0);
    this.#start = this.#end;
    this.#modes.clear();
    this.#changes = [];
  }

  /** Whether line feeds come without a carriage return from here on: of what is read, they are given one. */
  loneLineFeeds(lone: boolean): void {
    this.#lineFeedsLone = lone;
    if (lone) this.#lineFeeds.begin(this.#end);
    else this.#lineFeeds.end(this.#end);
  }

  push(text: string): void {
    if (this.#forgotten) return;
    if (text.includes(modeOpening)) this.#noteModes(text);
    if (this.#writeInPlace(text)) return;
    let bytes = Buffer.from(text);
    this.#end += bytes.length;
    if (bytes.length > this.#limit) bytes = bytes.subarray(bytes.length - this.#limit);
    this.#reserve(Math.min(this.#limit, this.#end - this.#start));
    const size = this.#ring.length;
    const at = (this.#end - bytes.length) % size;
    const first = bytes.copy(this.#ring, at, 0, Math.min(bytes.length, size - at));
    bytes.copy(this.#ring, 0, first);
    this.#start = Math.max(this.#start, this.#end - size);
  }

  /** Once the ring has its full size, as a rule it fits before the end, however long its characters are: no copy. */
  #writeInPlace(text: string): boolean {
    const place = this.#end % this.#limit;
    const room = this.#ring.length === this.#limit ? this.#limit - place : 0;
    if (mostBytesOfChar * text.length >= room) return false;
    this.#end += this.#ring.write(text, place, "utf8");
    this.#start = Math.max(this.#start, this.#end - this.#limit);
    return true;
  }

  #reserve(needed: number): void {
    if (needed <= this.#ring.length) return;
    const kept = this.#bytes(this.#start, Math.min(this.#end, this.#start + this.#ring.length));
    let size = Math.max(firstCapacity, this.#ring.length);
    while (size < needed) size *= 2;
    this.#ring = Buffer.alloc(Math.min(size, this.#limit));
    // Before the first overflow the content lies at its positions, whatever the size.
    kept.copy(this.#ring, this.#start % this.#ring.length);
  }

  #noteModes(text: string): void {
    let position = this.#end;
    let counted = 0;
    for (const { index, 1: numbers = "", 2: state } of text.matchAll(modeSequence)) {
      position += Buffer.byteLength(text.slice(counted, index));
      counted = index;
      for (const number of numbers.split(";")) {
        this.#changes.push({ position, number, state: state === "h" ? "h" : "l" });
        // A full-screen program says itself when it wants a carriage return.
        if (!this.#lineFeedsLone || !alternateScreens.has(number)) continue;
        if (state === "h") this.#lineFeeds.end(position);
        else this.#lineFeeds.begin(position);
      }
    }
    const passed = this.#changes.findIndex(({ position }) => position >= this.#start);
    const drop = Math.max(passed < 0 ? this.#changes.length : passed, this.#changes.length - maxModeChanges);
    for (const { number, state } of this.#changes.splice(0, drop)) this.#modes.set(number, state);
  }

  #bytes(from: number, to: number): Buffer {
    const size = this.#ring.length;
    if (from >= to || size === 0) return Buffer.alloc(0);
    const at = from % size;
    if (at + (to - from) <= size) return this.#ring.subarray(at, at + (to - from));
    return Buffer.concat([this.#ring.subarray(at), this.#ring.subarray(0, to - from - (size - at))]);
  }

  /** What was written from `position` on, at most `limitBytes`, and where it ends; null when part of it is gone. */
  from(position: number, limitBytes = Number.POSITIVE_INFINITY): { text: string; end: number } | null {
    if (position < this.#start) return null;
    let end = Math.min(this.#end, position + limitBytes);
    let bytes = this.#bytes(position, end);
    if (end < this.#end) {
      // Not inside a character: back to before its first byte.
      let cut = bytes.length;
      while (cut > 0 && ((this.#ring[(position + cut) % this.#ring.length] ?? 0) & 0xc0) === 0x80) cut -= 1;
      bytes = bytes.subarray(0, cut);
      end = position + cut;
    }
    return { text: this.#lineFeeds.textOf(bytes, position), end };
  }

  /** All that is kept. When the beginning was dropped, starts after a line end: never inside a sequence. */
  whole(): RawPart {
    return this.newest(Number.POSITIVE_INFINITY);
  }

  /** At most the newest `limitBytes`, starting after a line end. */
  newest(limitBytes: number): RawPart {
    const from = Math.max(this.#start, this.#end - limitBytes);
    const bytes = this.#bytes(from, this.#end);
    this.#lineFeeds.forgetBefore(this.#start);
    if (from === 0) return { position: 0, modes: "", text: this.#lineFeeds.textOf(bytes, 0), alternate: false };
    const newline = bytes.indexOf(10);
    const safe = newline < 0 ? Math.max(0, bytes.indexOf(27)) : newline + 1;
    const modes = new Map(this.#modes);
    for (const { position, number, state } of this.#changes) {
      if (position < from + safe) modes.set(number, state);
    }
    const alternate = [...alternateScreens].some((number) => modes.get(number) === "h");
    const prefix = [...modes].map(([number, state]) => `${modeOpening}${number}${state}`).join("");
    const position = from + safe;
    return { position, modes: prefix, text: this.#lineFeeds.textOf(bytes.subarray(safe), position), alternate };
  }
}
