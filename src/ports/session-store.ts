/** Where journals and before-images live. One conformance suite covers every store. */
import type { AgentEvent, DurableEvent, EventOf } from "../protocol/events.ts";

export type TurnEndReason = EventOf<"turn.finished">["reason"];

export interface SessionRecord {
  readonly sessionId: string;
  readonly title: string;
  readonly cwd: string;
  readonly updatedAtMs: number;
  /** A turn was started and not finished. */
  readonly unfinished: boolean;
  /** How the newest turn that has ended did; null before the first end, or where it is too far back to be looked for. */
  readonly lastEnd: TurnEndReason | null;
  /** A living process writes to it. */
  readonly inUse: boolean;
}

export interface SessionJournal {
  /**
   * Appends in order; resolves when the lines are in the file. With `sync` they are also on the disk
   * (fdatasync). Rejects with AppError `storage` (disk full, …), nothing of the batch counting then.
   */
  append(events: readonly DurableEvent[], options: { sync: boolean }): Promise<void>;
  /** Keeps a before-image; returns its SHA-256. Bounded by the store, which then returns the hash without the bytes. */
  putBlob(bytes: Uint8Array): Promise<string>;
  getBlob(hash: string): Promise<Uint8Array | null>;
  /** Releases the writer's claim. */
  close(): Promise<void>;
}

export interface OpenedJournal {
  readonly journal: SessionJournal;
  readonly events: readonly AgentEvent[];
  /** What was passed over: a torn last line, lines of a later version. */
  readonly warnings: readonly string[];
}

export interface SessionStore {
  /**
   * Rejects with AppError `usage` when there is a session of that name, in whichever workspace. `unique`: the name was
   * made by chance, so that no other workspace can have it, and need not be looked for there.
   */
  create(sessionId: string, cwd: string, options?: { readonly unique?: boolean }): Promise<SessionJournal>;
  /** Rejects with AppError `not-found`, or `in-use` when another living process writes to it. */
  open(sessionId: string): Promise<OpenedJournal>;
  /** Reads without claiming. Null when there is none. */
  read(sessionId: string): Promise<readonly AgentEvent[] | null>;
  /** What a list would say of one session; null when there is none. */
  find(sessionId: string): Promise<SessionRecord | null>;
  /** Newest first. `cwd` limits it to one workspace. */
  list(options: { cwd?: string; limit: number }): Promise<SessionRecord[]>;
  /**
   * Removes the journal and the before-images for good. Rejects with AppError `not-found`, or `in-use` while a living
   * process, this one included, writes to it.
   */
  delete(sessionId: string): Promise<void>;
}
