/**
 * Takes a reply of the python interface apart while it streams: prose goes out at once, protocol blocks come as
 * blocks. Fences are CommonMark's (lists and quotes are not followed). What is inside an ordinary fence never opens
 * a block. Each character is looked at a constant number of times, however the reply is cut into deltas.
 */
import type { ReplyBlock, ReplyBlockKind } from "../protocol/reply-blocks.ts";
import { proseOf } from "../protocol/reply-text.ts";
import { type FenceMark, type FenceMeaning, LONGEST_FENCE_LINE, meaningOf } from "./fence.ts";

export type ReplyChunk =
  | { readonly kind: "prose"; readonly delta: string }
  | {
      readonly kind: "block.opened";
      /** Counts the reply's blocks from 0. */
      readonly index: number;
      readonly block: { readonly kind: ReplyBlockKind; readonly filename?: string };
    }
  | { readonly kind: "block.delta"; readonly index: number; readonly delta: string }
  /** Missing where the reply ends before the closing fence. */
  | { readonly kind: "block.closed"; readonly index: number };

export interface ParsedReply {
  readonly text: string;
  /** The protocol blocks in their order. */
  readonly blocks: readonly ReplyBlock[];
  /** The text outside of `blocks`, ordinary fences included; whole lines were cut out, nothing was added. */
  readonly prose: string;
  /** The ordinary fences in their order. */
  readonly displayFences: readonly DisplayFence[];
  /** The reply ended inside an ordinary fence. */
  readonly displayFenceOpen: boolean;
}

/** A fence for the eye, as UTF-16 offsets into the reply. */
export interface DisplayFence {
  /** First word of the info string, lower case; empty where there is none. */
  readonly language: string;
  readonly mark: FenceMark;
  /** Marks in the opening line. */
  readonly length: number;
  readonly start: number;
  readonly end: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
}

/** Parses a whole reply. */
export function parseReply(text: string): ParsedReply {
  const parser = new ReplyParser();
  parser.push(text);
  return parser.end().reply;
}

interface OpenFence {
  readonly mark: FenceMark;
  readonly length: number;
  readonly indent: number;
  readonly start: number;
  readonly bodyStart: number;
  readonly meaning: FenceMeaning;
}

/**
 * How far the current line has been read as a fence line: its indent, its marks, what follows them; `content` once
 * it can not be one any more.
 */
type Phase = "indent" | "marks" | "rest" | "content";

const LF = 10;
const CR = 13;
const TAB = 9;
const SPACE = 32;
const BACKTICK = 96;
const TILDE = 126;
/** Deltas are joined in groups: a string that is added to a million times is a chain of a million pieces. */
const PIECES_PER_JOIN = 1024;

export class ReplyParser {
  #text = "";
  #pieces: string[] = [];
  /** A carriage return or the first half of a character: read together with what follows. */
  #carry = "";
  /** Offset of the piece that is being read. */
  #base = 0;

  #phase: Phase = "indent";
  #lineStart = 0;
  #indent = 0;
  #mark: FenceMark = "`";
  #marks = 0;
  /** The current line as far as earlier pieces held it, while it may still be a fence line of the protocol. */
  #held: string[] = [];
  /** A fence line that is too long for a block: known to be prose before it ends. */
  #overlong = false;

  #fence: OpenFence | null = null;
  readonly #blocks: ReplyBlock[] = [];
  readonly #displayFences: DisplayFence[] = [];

  #chunks: ReplyChunk[] = [];
  #delta: string[] = [];

  /** The next piece of the reply, of any length, cut anywhere. */
  push(delta: string): readonly ReplyChunk[] {
    const piece = this.#carry + delta;
    const last = piece.charCodeAt(piece.length - 1);
    this.#carry = last === CR || (last >= 0xd800 && last < 0xdc00) ? piece.slice(-1) : "";
    this.#read(this.#carry === "" ? piece : piece.slice(0, -1));
    return this.#takeChunks();
  }

  /** The reply is over; nothing may be pushed after that. */
  end(): { readonly chunks: readonly ReplyChunk[]; readonly reply: ParsedReply } {
    this.#read(this.#carry);
    this.#endLine("", 0, 0, 0);
    this.#flush();
    const text = this.#text + this.#pieces.join("");
    const open = this.#fence;
    if (open) this.#record(open, text.length, text.length, false);
    const blocks = this.#blocks;
    const reply: ParsedReply = {
      text,
      blocks,
      prose: proseOf(text, blocks),
      displayFences: this.#displayFences,
      displayFenceOpen: open?.meaning.kind === "ordinary",
    };
    return { chunks: this.#takeChunks(), reply };
  }

  #read(piece: string): void {
    /** Where in the piece begins what is not out yet. */
    let from = 0;
    for (let at = 0; at < piece.length; ) {
      const code = piece.charCodeAt(at);
      if (code === LF || code === CR) {
        const next = at + (code === CR && piece.charCodeAt(at + 1) === LF ? 2 : 1);
        from = this.#endLine(piece, from, at, next);
        at = next;
        continue;
      }
      if (this.#phase !== "content" && !this.#mayGoOn(code)) {
        this.#phase = "content";
        from = this.#release(piece, from);
      }
      at += 1;
      if (this.#phase !== "content") continue;
      while (at < piece.length && piece.charCodeAt(at) !== LF && piece.charCodeAt(at) !== CR) at += 1;
    }
    this.#suspend(piece, from);
    this.#keep(piece);
  }

  /** Whether the line may still be a fence line with this character; counts indent and marks. */
  #mayGoOn(code: number): boolean {
    if (this.#phase === "indent") {
      if (code === SPACE) {
        this.#indent += 1;
        return this.#indent <= 3;
      }
      const wanted = this.#fence?.mark;
      if (code === BACKTICK && wanted !== "~") this.#mark = "`";
      else if (code === TILDE && wanted !== "`") this.#mark = "~";
      else return false;
      this.#phase = "marks";
      this.#marks = 1;
      return true;
    }
    if (this.#phase === "marks") {
      if (code === (this.#mark === "`" ? BACKTICK : TILDE)) {
        this.#marks += 1;
        return true;
      }
      if (this.#marks < (this.#fence?.length ?? 3)) return false;
      this.#phase = "rest";
    }
    if (this.#fence) return code === SPACE || code === TAB;
    return code !== BACKTICK || this.#mark === "~";
  }

  /** The line ends at `at` of the piece, the next one begins at `next`. Returns where in the piece the output goes on. */
  #endLine(piece: string, from: number, at: number, next: number): number {
    const fence = this.#fence;
    const inLine = Math.max(0, this.#lineStart - this.#base);
    const tooLong = this.#base + at - this.#lineStart > LONGEST_FENCE_LINE;
    const enoughMarks = this.#phase !== "content" && this.#marks >= (fence?.length ?? 3);
    let cutOut = false;
    if (enoughMarks && !(fence && isBlock(fence) && tooLong)) {
      this.#out(piece, from, inLine);
      from = inLine;
      if (fence) cutOut = this.#close(fence, this.#base + next);
      else {
        const line = tooLong ? "" : this.#held.join("") + piece.slice(inLine, at);
        cutOut = this.#open(meaningOf(line.slice(this.#indent + this.#marks)), this.#base + next);
      }
    }
    if (cutOut) {
      this.#held = [];
      from = next;
    } else if (this.#phase !== "content") from = this.#release(piece, from);
    this.#phase = "indent";
    this.#indent = 0;
    this.#marks = 0;
    this.#overlong = false;
    this.#lineStart = this.#base + next;
    return from;
  }

  /** The current line opens a fence. True when it belongs to a block and not to the prose. */
  #open(meaning: FenceMeaning, bodyStart: number): boolean {
    const { kind, filename } = meaning;
    if (kind !== "ordinary") {
      this.#flush();
      const block = { kind, ...(filename === undefined ? {} : { filename }) };
      this.#chunks.push({ kind: "block.opened", index: this.#blocks.length, block });
    }
    const place = { indent: this.#indent, start: this.#lineStart, bodyStart };
    this.#fence = { mark: this.#mark, length: this.#marks, meaning, ...place };
    return kind !== "ordinary";
  }

  /** The current line closes the fence. True when it belongs to a block and not to the prose. */
  #close(fence: OpenFence, end: number): boolean {
    this.#flush();
    if (isBlock(fence)) this.#chunks.push({ kind: "block.closed", index: this.#blocks.length });
    this.#record(fence, this.#lineStart, end, true);
    this.#fence = null;
    return isBlock(fence);
  }

  #record(fence: OpenFence, bodyEnd: number, end: number, closed: boolean): void {
    const { mark, length, indent, start, bodyStart, meaning } = fence;
    const { kind, language, filename } = meaning;
    const place = { start, end, bodyStart, bodyEnd };
    if (kind === "ordinary") this.#displayFences.push({ language, mark, length, ...place });
    else {
      const optional = { ...(indent === 0 ? {} : { indent }), ...(filename === undefined ? {} : { filename }) };
      this.#blocks.push({ kind, ...place, ...optional, closed });
    }
  }

  /** The line turned out to be content: lets go of what was held, less the block's indent. */
  #release(piece: string, from: number): number {
    const fence = this.#fence;
    const strip = fence && isBlock(fence) ? Math.min(this.#indent, fence.indent) : 0;
    if (this.#held.length > 0) {
      const held = this.#held.join("");
      this.#held = [];
      this.#out(held, strip, held.length);
      return Math.max(0, strip - held.length);
    }
    if (strip === 0) return from;
    const inLine = Math.max(0, this.#lineStart - this.#base);
    this.#out(piece, from, inLine);
    return inLine + strip;
  }

  /** The piece is over: what is decided goes out, a line that may still become a fence line of the protocol is held. */
  #suspend(piece: string, from: number): void {
    const length = this.#base + piece.length - this.#lineStart;
    const mayBeProtocol = this.#phase !== "content" && !this.#overlong && (!this.#fence || isBlock(this.#fence));
    if (mayBeProtocol && length > LONGEST_FENCE_LINE) {
      from = this.#release(piece, from);
      if (this.#fence) this.#phase = "content";
      else this.#overlong = true;
    } else if (mayBeProtocol) {
      const inLine = Math.max(0, this.#lineStart - this.#base);
      this.#out(piece, from, inLine);
      if (inLine < piece.length) this.#held.push(piece.slice(inLine));
      from = piece.length;
    }
    this.#out(piece, from, piece.length);
    this.#flush();
  }

  #keep(piece: string): void {
    this.#base += piece.length;
    this.#pieces.push(piece);
    if (this.#pieces.length < PIECES_PER_JOIN) return;
    this.#text += this.#pieces.join("");
    this.#pieces = [];
  }

  #out(source: string, from: number, to: number): void {
    if (from < to) this.#delta.push(source.slice(from, to));
  }

  /** Makes one chunk of the output so far; it belongs to the block that is open, or to the prose. */
  #flush(): void {
    if (this.#delta.length === 0) return;
    const delta = this.#delta.join("");
    this.#delta = [];
    const inBlock = this.#fence !== null && isBlock(this.#fence);
    this.#chunks.push(inBlock ? { kind: "block.delta", index: this.#blocks.length, delta } : { kind: "prose", delta });
  }

  #takeChunks(): readonly ReplyChunk[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }
}

function isBlock(fence: OpenFence): boolean {
  return fence.meaning.kind !== "ordinary";
}
