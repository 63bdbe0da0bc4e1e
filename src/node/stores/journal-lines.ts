/**
 * The lines of a journal that tell of the session or of its turns, from either end and without reading more of the
 * file than is asked for. Of all other lines (calls, results, output) nothing is kept, however long they are.
 */
import type { FileHandle } from "node:fs/promises";
import type { AgentEvent } from "../../protocol/events.ts";
import { decodeJournal } from "../../protocol/journal.ts";

/** The first read; a short journal is read by it whole, once for both ends. */
export const PART_BYTES = 64 * 1024;
const MAX_PART_BYTES = 1024 * 1024;
/** A line beyond this is not decoded. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** Of a line: enough for the envelope, the type and a path. */
const HEAD_BYTES = 8 * 1024;
/** Bytes by which a place in a journal is known again. */
const MARK_BYTES = 256;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);
/** The journal's writer puts an event's type before all that is the event's own. */
const TYPE = /"type":"([^"]*)"/;
const TELLING = /^(?:session|turn)\./;

export interface TellingLine {
  readonly type: string;
  /** Where it begins in the file. */
  readonly start: number;
  /** Its first characters. */
  readonly head: string;
  /** All that is known of it is what its head says. */
  readonly tooLong: boolean;
  /** Null where it is no valid event, or too long. */
  event(): Promise<AgentEvent | null>;
}

/** An end of a line up to which a journal has been looked through, with what stands before it. */
export interface Mark {
  readonly end: number;
  readonly before: Buffer;
}

export class JournalLines {
  readonly #handle: FileHandle;
  readonly #size: number;
  /** Where the last whole line ends; known once the end has been looked at. */
  #wholeBytes = 0;
  /** What was read last. */
  #part: { readonly from: number; readonly bytes: Buffer } = { from: 0, bytes: NOTHING };

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  /** From the beginning; a line of which the end is not among the first `limit` bytes comes last, as its head only. */
  async *forward(limit: number): AsyncGenerator<TellingLine, void, void> {
    const until = Math.min(limit, this.#size);
    let start = 0;
    let step = PART_BYTES;
    for (let from = 0; from < until; step = Math.min(step * 2, MAX_PART_BYTES)) {
      const part = await this.#read(from, Math.min(from + step, until));
      if (part.length === 0) return;
      for (let at = part.indexOf(NEWLINE); at !== -1; at = part.indexOf(NEWLINE, at + 1)) {
        const line = await this.#telling(start, from + at, part, from);
        if (line) yield line;
        start = from + at + 1;
      }
      from += part.length;
    }
    // A line that the file does not have the end of is torn, and is not there.
    const cut = start < until && until < this.#size ? await this.#telling(start, Number.POSITIVE_INFINITY) : null;
    if (cut) yield cut;
  }

  /** From the end, back to the line that begins at `floor`; a torn line is left out. */
  async *backward(floor = 0): AsyncGenerator<TellingLine, void, void> {
    this.#wholeBytes = floor;
    let end: number | null = null;
    let step = PART_BYTES;
    for (let to = this.#size; to > floor; step = Math.min(step * 2, MAX_PART_BYTES)) {
      const from = Math.max(floor, to - step);
      const part = await this.#read(from, to);
      if (part.length < to - from) {
        // Somebody has cut it meanwhile.
        this.#wholeBytes = 0;
        return;
      }
      for (let at = part.lastIndexOf(NEWLINE); at !== -1; at = at > 0 ? part.lastIndexOf(NEWLINE, at - 1) : -1) {
        if (end === null) this.#wholeBytes = from + at + 1;
        const line = end === null ? null : await this.#telling(from + at + 1, end, part, from);
        end = from + at;
        if (line) yield line;
      }
      to = from;
    }
    const first = end === null ? null : await this.#telling(floor, end);
    if (first) yield first;
  }

  /** Of what has been looked through by `backward`. */
  async mark(): Promise<Mark> {
    const end = this.#wholeBytes;
    return { end, before: Buffer.from(await this.#read(Math.max(0, end - MARK_BYTES), end)) };
  }

  /** The journal has only grown since: what stands before the mark is what it was. */
  async has({ end, before }: Mark): Promise<boolean> {
    return end > 0 && end <= this.#size && before.equals(await this.#read(end - before.length, end));
  }

  /** `part`: bytes of the file, from `from`, that may hold the line. */
  async #telling(start: number, end: number, part: Buffer = NOTHING, from = 0): Promise<TellingLine | null> {
    const slice = async (to: number) => {
      const isHere = start >= from && to <= from + part.length;
      return isHere ? part.subarray(start - from, to - from) : this.#read(start, to);
    };
    const head = (await slice(Math.min(end, start + HEAD_BYTES, this.#size))).toString("utf8");
    const type = TYPE.exec(head)?.[1];
    if (type === undefined || !TELLING.test(type)) return null;
    const tooLong = end - start > MAX_LINE_BYTES;
    const event = async () => {
      if (tooLong) return null;
      return decodeJournal(Buffer.concat([await slice(end), Buffer.of(NEWLINE)])).events[0] ?? null;
    };
    return { type, start, head, tooLong, event };
  }

  /** Shorter only where the file is, by now. */
  async #read(from: number, to: number): Promise<Buffer> {
    const held = this.#part;
    if (from >= held.from && to <= held.from + held.bytes.length) {
      return held.bytes.subarray(from - held.from, to - held.from);
    }
    const buffer = Buffer.allocUnsafe(to - from);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, buffer.length - filled, from + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    const bytes = buffer.subarray(0, filled);
    if (bytes.length <= MAX_PART_BYTES) this.#part = { from, bytes };
    return bytes;
  }
}
