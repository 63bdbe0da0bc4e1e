/**
 * What the model knows of each file, in one session. Two things are kept apart: the bytes it has seen, which alone
 * may be edited by line number, and the content up to which it has been told of changes. Content itself is kept within
 * a bound, to be able to say which lines changed since.
 */
import type { FileVersion } from "../ports/file-system.ts";
import { changedRanges, type LineRange } from "./text-diff.ts";
import { decodeDocument } from "./text-document.ts";

export type Knowledge =
  | { readonly kind: "current" }
  | { readonly kind: "unread" }
  /** `ranges`: changed lines, numbered as they are now; null when the seen content is not kept any more. */
  | { readonly kind: "stale"; readonly ranges: readonly LineRange[] | null };

/** What is at a path; `hash` is SHA-256 in hex. All but `content` are told once and then waited out. */
export type FileState =
  | { readonly kind: "content"; readonly hash: string }
  | { readonly kind: "gone" | "folder" | "special" | "too-large" | "unreadable" | "elsewhere" };

export interface Content {
  readonly hash: string;
  /** Null: not kept, or known from a journal only. */
  readonly bytes: Uint8Array | null;
}

export interface ReadContent extends Content {
  /** Null: not known, so the file is read anew to find out whether it changed. */
  readonly version: FileVersion | null;
}

/** What the model was last told of a file. */
export interface ToldContent {
  readonly state: FileState;
  readonly bytes: Uint8Array | null;
  readonly version: FileVersion | null;
  /** A change by somebody else that an own write went over before it was told. */
  readonly covered: CoveredChange | null;
  /** A write of the agent's own whose end a dead process did not see: this content would be its. */
  readonly maybeHash: string | null;
}

export interface CoveredChange {
  readonly before: { readonly state: FileState; readonly bytes: Uint8Array | null };
  /** What the own write replaced; null: there was no file. */
  readonly after: Content | null;
}

/** The first line that a write has moved; null: none; `rewritten`: the writer gave the whole content. */
export type MovedLines = number | null | "rewritten";

interface Entry {
  /** Of the bytes that the model has read or written. */
  seenHash: string | undefined;
  told: ToldContent;
  /** See `movedFrom`. */
  movedFrom: number | undefined;
}

export interface ReadLedgerOptions {
  readonly maxKeptBytes?: number;
  readonly maxFileBytes?: number;
}

export class ReadLedger {
  /** Oldest use first. */
  readonly #files = new Map<string, Entry>();
  readonly #maxKeptBytes: number;
  readonly #maxFileBytes: number;
  #keptBytes = 0;

  constructor(options: ReadLedgerOptions = {}) {
    this.#maxKeptBytes = options.maxKeptBytes ?? 16 * 1024 * 1024;
    this.#maxFileBytes = options.maxFileBytes ?? 1024 * 1024;
  }

  /**
   * The model has read this. `path` is a real path. `whole`: it was shown all of it; a part does not show what changed
   * in the rest, so then what it was told stays as it was, and the change is still to be told.
   */
  recordRead(path: string, content: ReadContent, whole: boolean): void {
    const known = this.#files.get(path);
    const changed = known?.told.state.kind === "content" && known.told.state.hash !== content.hash;
    this.#set(path, content.hash, changed && !whole ? known.told : toldOf(content, known?.told.covered ?? null));
  }

  /**
   * The agent has written this over `before` (null: there was no file). `seen`: the model knows all of the new content,
   * which it does not after adding to a file that it never read. `moved`: the first line whose number the write has
   * changed; null: none has.
   */
  recordWrite(
    path: string,
    before: Content | null,
    after: Content,
    { seen, moved }: { readonly seen: boolean; readonly moved: MovedLines },
  ): void {
    const known = this.#files.get(path);
    const covered = known ? coveredBy(known.told, before) : null;
    this.#set(path, seen ? after.hash : known?.seenHash, toldOf({ ...after, version: null }, covered));
    if (moved === "rewritten") return;
    const from = Math.min(known?.movedFrom ?? Number.POSITIVE_INFINITY, moved ?? Number.POSITIVE_INFINITY);
    const entry = this.#files.get(path);
    if (entry && Number.isFinite(from)) entry.movedFrom = from;
  }

  /** The model gets to see the results of all its calls so far, and with them where lines are now. */
  recordResultsSeen(): void {
    for (const entry of this.#files.values()) entry.movedFrom = undefined;
  }

  /**
   * The first line that has another number than when the model last saw the file or the result of a write to it: of
   * this line and those below, a number in a call of the same reply may be meant as before or as after the write.
   */
  movedFrom(path: string): number | undefined {
    return this.#files.get(path)?.movedFrom;
  }

  /** From now on this is what the model was last told. `seen`: it was shown every changed line. */
  recordTold(path: string, told: ToldContent, seen: boolean): void {
    const known = this.#files.get(path);
    if (!known) return;
    // It knows the new content only when it knew the old one.
    const knewOld = isContent(known.told.state, known.seenHash);
    if (seen && knewOld && told.state.kind === "content") known.seenHash = told.state.hash;
    // The order of use stays: being told of a file is not using it.
    this.#keep(known.told, -1);
    known.told = this.#bounded(told);
    this.#keep(known.told, 1);
    this.#dropOldest();
  }

  /** A write of the agent's own that a dead process began: whether it was done, the file will tell. */
  recordBegun(path: string, beforeHash: string | null, afterHash: string): void {
    const known = this.#files.get(path);
    const state: FileState = beforeHash === null ? { kind: "gone" } : { kind: "content", hash: beforeHash };
    const told = known?.told ?? { state, bytes: null, version: null, covered: null };
    this.#set(path, known?.seenHash, { ...told, maybeHash: afterHash });
  }

  /** The agent itself has taken the file away. */
  forget(path: string): void {
    const known = this.#files.get(path);
    if (known) this.#keep(known.told, -1);
    this.#files.delete(path);
  }

  /** Of the bytes that may be edited by line number. */
  hashOf(path: string): string | undefined {
    return this.#files.get(path)?.seenHash;
  }

  told(path: string): ToldContent | undefined {
    return this.#files.get(path)?.told;
  }

  /** All files that the model knows something of, oldest use first. */
  paths(): readonly string[] {
    return [...this.#files.keys()];
  }

  get size(): number {
    return this.#files.size;
  }

  async check(path: string, current: { readonly hash: string; readonly bytes: Uint8Array }): Promise<Knowledge> {
    const known = this.#files.get(path);
    if (known?.seenHash === undefined) return { kind: "unread" };
    if (known.seenHash === current.hash) return { kind: "current" };
    const { state, bytes } = known.told;
    const before = bytes && isContent(state, known.seenHash) ? decodeDocument(bytes) : null;
    const after = decodeDocument(current.bytes);
    const comparable = before?.kind === "text" && after.kind === "text";
    return { kind: "stale", ranges: comparable ? await changedRanges(before.document, after.document) : null };
  }

  #set(path: string, seenHash: string | undefined, told: ToldContent): void {
    const old = this.#files.get(path);
    if (old) this.#keep(old.told, -1);
    this.#files.delete(path);
    const kept = this.#bounded(told);
    this.#files.set(path, { seenHash, told: kept, movedFrom: undefined });
    this.#keep(kept, 1);
    this.#dropOldest();
  }

  #bounded(told: ToldContent): ToldContent {
    const large = (bytes: Uint8Array | null | undefined) => (bytes?.byteLength ?? 0) > this.#maxFileBytes;
    if (large(told.covered?.after?.bytes)) return withoutBytes(told);
    return large(told.bytes) ? { ...told, bytes: null } : told;
  }

  #keep(told: ToldContent, sign: 1 | -1): void {
    this.#keptBytes += sign * keptBytes(told);
  }

  #dropOldest(): void {
    if (this.#keptBytes <= this.#maxKeptBytes) return;
    for (const entry of this.#files.values()) {
      this.#keep(entry.told, -1);
      entry.told = withoutBytes(entry.told);
      if (this.#keptBytes <= this.#maxKeptBytes) return;
    }
  }
}

export function isContent(state: FileState, hash: string | undefined): boolean {
  return state.kind === "content" && state.hash === hash;
}

export function isSameState(a: FileState, b: FileState): boolean {
  return a.kind === "content" ? isContent(b, a.hash) : a.kind === b.kind;
}

function toldOf({ hash, bytes, version }: ReadContent, covered: CoveredChange | null): ToldContent {
  return { state: { kind: "content", hash }, bytes, version, covered, maybeHash: null };
}

function keptBytes({ bytes, covered }: ToldContent): number {
  const beneath = (covered?.before.bytes?.byteLength ?? 0) + (covered?.after?.bytes?.byteLength ?? 0);
  return (bytes?.byteLength ?? 0) + beneath;
}

function withoutBytes(told: ToldContent): ToldContent {
  const { covered } = told;
  if (covered === null) return { ...told, bytes: null };
  const after = covered.after && { ...covered.after, bytes: null };
  return { ...told, bytes: null, covered: { before: { ...covered.before, bytes: null }, after } };
}

/** What an own write over `before` leaves untold of a file. */
function coveredBy(told: ToldContent, before: Content | null): CoveredChange | null {
  const { state, bytes, covered, maybeHash } = told;
  const asTold = before ? isContent(state, before.hash) || before.hash === maybeHash : state.kind !== "content";
  if (asTold) return covered;
  // Own lines lie between two such changes; which lines were whose can not be told apart any more.
  if (covered) return { before: { ...covered.before, bytes: null }, after: before };
  return { before: { state, bytes }, after: before };
}
