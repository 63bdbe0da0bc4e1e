/**
 * The whole output of one command on disk, readable by lines. Text is gathered in blocks and written behind the
 * shell's back: where the disk is slower than the output, blocks are left out and counted; where it fails, the spool
 * ends and says why, and the command goes on. On disk are segments, so that the oldest part can go while the newest
 * comes; a gap is where one segment does not begin where the one before ended.
 */
import { messageOf, systemCodeOf } from "../base/app-error.ts";
import { countLineFeeds } from "./ascii-lines.ts";
import { waitFor } from "./wait-for.ts";

export interface SpoolFile {
  /** Appends all or rejects. One call at a time. */
  append(bytes: Uint8Array): Promise<void>;
  /** At most `length` bytes from `position` on; none at the end. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Nothing more will be appended. */
  finish(): Promise<void>;
  remove(): Promise<void>;
}

export interface SpoolFiles {
  /** A new, empty file, readable to this user only. */
  create(): Promise<SpoolFile>;
}

export interface SpoolLimits {
  /** Of all commands of a session; the oldest parts of the oldest go first. */
  readonly sessionBytes: number;
  /** Of one command: its first quarter stays, of the rest the newest. */
  readonly commandBytes: number;
  readonly segmentBytes: number;
  /** Gathered before it is written. */
  readonly blockBytes: number;
  /** May wait for the disk; more is left out. */
  readonly queueBytes: number;
}

export const defaultSpoolLimits: SpoolLimits = {
  sessionBytes: 200_000_000,
  commandBytes: 100_000_000,
  segmentBytes: 4_194_304,
  blockBytes: 262_144,
  queueBytes: 8_388_608,
};

/** Where the text ends, in bytes and line ends. */
export interface SpoolPosition {
  readonly bytes: number;
  readonly newlines: number;
}

/** Takes what a range reads, in order. Where a piece does not begin where the one before ended, text is gone. */
export interface SpoolSink {
  readonly done: boolean;
  piece(start: SpoolPosition, text: string, endBytes: number): void;
}

/** How long a reader waits for what is gathered or queued to be on disk. */
const settleMs = 5000;
/** A position is remembered about this often, to begin reading near a line. */
const indexBytes = 65_536;

interface Block {
  readonly bytes: Uint8Array;
  used: number;
  readonly start: SpoolPosition;
}

interface Segment {
  readonly file: SpoolFile;
  readonly start: SpoolPosition;
  size: number;
  /** Positions in the whole output, ascending; the first is `start`. */
  readonly index: SpoolPosition[];
}

const encoder = new TextEncoder();

export class Spool {
  readonly #files: SpoolFiles;
  readonly #limits: SpoolLimits;
  /** Called when bytes were added to the disk (positive) or taken from it (negative). */
  readonly #onSize: (bytes: number) => void;
  #end: SpoolPosition = { bytes: 0, newlines: 0 };
  /** First half of a character that was cut in two. */
  #half = "";
  #block: Block | null = null;
  #free: Uint8Array | null = null;
  #queue: Block[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | null = null;
  #segments: Segment[] = [];
  #ended = false;
  #removed = false;
  readonly #losses = new Set<string>();
  #failed = false;

  constructor(files: SpoolFiles, limits: SpoolLimits, onSize: (bytes: number) => void) {
    this.#files = files;
    this.#limits = limits;
    this.#onSize = onSize;
  }

  get end(): SpoolPosition {
    return this.#end;
  }

  /** Half a character that is in no block yet. */
  get held(): string {
    return this.#half;
  }

  /** Why parts can not be read any more, in words; empty when all can. */
  get losses(): readonly string[] {
    return [...this.#losses];
  }

  get bytesOnDisk(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  append(text: string): void {
    let rest = this.#half + text;
    const last = rest.charCodeAt(rest.length - 1);
    this.#half = last >= 0xd800 && last < 0xdc00 ? rest.slice(-1) : "";
    if (this.#half !== "") rest = rest.slice(0, -1);
    while (rest !== "") {
      const block = this.#block ?? this.#newBlock();
      const { read, written } = encoder.encodeInto(rest, block.bytes.subarray(block.used));
      const newlines = countLineFeeds(block.bytes, block.used, block.used + written);
      block.used += written;
      this.#end = { bytes: this.#end.bytes + written, newlines: this.#end.newlines + newlines };
      rest = read === rest.length ? "" : rest.slice(read);
      if (rest !== "" || block.used > block.bytes.length - 4) this.#submit();
    }
  }

  /** Nothing more will come. */
  finish(): void {
    this.#ended = true;
    if (this.#half !== "") {
      // The other half never came.
      this.#half = "";
      this.append("\ufffd");
    }
    this.#submit();
    this.#work();
  }

  /**
   * Hands the text up to `end` over, beginning at the latest in line `fromLine` (from 1), until the sink has enough.
   * False when it was aborted, or the disk did not keep up within 5 s.
   */
  async read(fromLine: number, end: SpoolPosition, sink: SpoolSink, signal: AbortSignal): Promise<boolean> {
    this.#submit();
    this.#work();
    const until = Date.now() + settleMs;
    // Looked at again and again: while output comes the writing itself has no end.
    while (this.#queue.some(({ start }) => start.bytes < end.bytes) && this.#writing !== null) {
      if ((await waitFor(this.#writing, { timeoutMs: 10, signal })) === "aborted" || Date.now() > until) return false;
    }
    const { first, from } = this.#startOf(fromLine);
    for (const segment of this.#segments.slice(first)) {
      let at: SpoolPosition = segment.start.bytes < from.bytes ? from : segment.start;
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      const limit = Math.min(end.bytes, segment.start.bytes + segment.size);
      while (at.bytes < limit && !sink.done) {
        if (signal.aborted) return false;
        const bytes = await this.#bytes(segment, at.bytes, Math.min(limit - at.bytes, this.#limits.blockBytes));
        if (bytes === null) break;
        const endBytes = at.bytes + bytes.length;
        sink.piece(at, decoder.decode(bytes, { stream: true }), endBytes);
        at = { bytes: endBytes, newlines: at.newlines + countLineFeeds(bytes, 0, bytes.length) };
      }
      if (sink.done) break;
    }
    return true;
  }

  /** Takes the oldest part away; false when nothing is left. */
  dropOldest(why: string): boolean {
    return this.#drop(0, why);
  }

  async remove(): Promise<void> {
    this.#removed = true;
    this.#block = null;
    await this.#writing;
    for (const { file } of this.#segments.splice(0)) await file.remove().catch(() => undefined);
  }

  #newBlock(): Block {
    const bytes = this.#free ?? new Uint8Array(this.#limits.blockBytes);
    this.#free = null;
    this.#block = { bytes, used: 0, start: this.#end };
    return this.#block;
  }

  /** What is gathered goes to the writer, or is left out. */
  #submit(): void {
    const block = this.#block;
    if (block === null || block.used === 0) return;
    this.#block = null;
    if (this.#failed || this.#removed) {
      this.#free = block.bytes;
      return;
    }
    if (this.#queuedBytes + block.used > this.#limits.queueBytes) {
      this.#losses.add("the disk was slower than the output");
      this.#free = block.bytes;
      return;
    }
    this.#queue.push(block);
    this.#queuedBytes += block.used;
    this.#work();
  }

  #work(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
      if (this.#queue.length > 0) this.#work();
    });
  }

  async #write(): Promise<void> {
    try {
      for (let block = this.#queue[0]; block !== undefined && !this.#removed; block = this.#queue[0]) {
        const segment = await this.#segmentFor(block);
        await segment.file.append(block.bytes.subarray(0, block.used));
        const last = segment.index.at(-1) ?? segment.start;
        if (block.start.bytes - last.bytes >= indexBytes) segment.index.push(block.start);
        segment.size += block.used;
        this.#queue.shift();
        this.#queuedBytes -= block.used;
        this.#free = block.bytes;
        this.#bound();
        this.#onSize(block.used);
      }
      if (this.#ended) {
        this.#free = null;
        await this.#segments.at(-1)?.file.finish();
      }
    } catch (error) {
      this.#failed = true;
      this.#losses.add(`it could not be written to disk (${systemCodeOf(error) ?? messageOf(error)})`);
    }
    if (this.#failed || this.#removed) {
      this.#queue = [];
      this.#queuedBytes = 0;
      if (this.#failed)
        await this.#segments
          .at(-1)
          ?.file.finish()
          .catch(() => undefined);
    }
  }

  async #segmentFor(block: Block): Promise<Segment> {
    const last = this.#segments.at(-1);
    const continues = last !== undefined && last.start.bytes + last.size === block.start.bytes;
    if (continues && last.size + block.used <= this.#limits.segmentBytes) return last;
    await last?.file.finish();
    const file = await this.#files.create();
    const segment: Segment = { file, start: block.start, size: 0, index: [block.start] };
    this.#segments.push(segment);
    return segment;
  }

  /** The beginning tells what ran and the end how it went: between them is what goes first. */
  #bound(): void {
    const { commandBytes, segmentBytes } = this.#limits;
    const head = Math.max(1, Math.floor(commandBytes / 4 / segmentBytes));
    while (this.bytesOnDisk > commandBytes) {
      const why = `one command keeps at most ${Math.round(commandBytes / 1e6)} MB of output`;
      if (!this.#drop(Math.min(head, this.#segments.length - 2), why)) return;
    }
  }

  /** The newest segment is being written and stays. */
  #drop(position: number, why: string): boolean {
    const written = position === this.#segments.length - 1 && (this.#writing !== null || !this.#ended);
    if (position < 0 || written) return false;
    const [segment] = this.#segments.splice(position, 1);
    if (segment === undefined) return false;
    this.#losses.add(why);
    this.#onSize(-segment.size);
    segment.file.remove().catch(() => undefined);
    return true;
  }

  /** Where to begin reading so that the whole of a line is seen. */
  #startOf(line: number): { first: number; from: SpoolPosition } {
    let first = 0;
    let from: SpoolPosition = { bytes: 0, newlines: 0 };
    for (const [number, { index }] of this.#segments.entries()) {
      for (const position of index) {
        // A position in the line itself may lie behind its beginning.
        if (position.newlines >= line - 1) return { first, from };
        first = number;
        from = position;
      }
    }
    return { first, from };
  }

  async #bytes(segment: Segment, position: number, length: number): Promise<Uint8Array | null> {
    try {
      const bytes = await segment.file.read(position - segment.start.bytes, length);
      if (bytes.length > 0) return bytes;
      this.#losses.add("its file is damaged");
    } catch (error) {
      // It may have been dropped meanwhile; then that is the reason.
      if (this.#segments.includes(segment))
        this.#losses.add(`its file can not be read (${systemCodeOf(error) ?? messageOf(error)})`);
    }
    return null;
  }
}
