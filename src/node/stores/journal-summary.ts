/**
 * What a list shows of a session, from the first and the last part of its journal: a list never reads whole files, and
 * of those parts it decodes only the lines that tell something. Most lines are calls and their results.
 */
import { type FileHandle, open } from "node:fs/promises";
import type { SessionRecord, TurnEndReason } from "../../ports/session-store.ts";
import type { AgentEvent } from "../../protocol/events.ts";
import { decodeJournal } from "../../protocol/journal.ts";
import { reduceAll } from "../../protocol/reduce.ts";

const PART_BYTES = 64 * 1024;
/** How the journal's writer begins an event of the session or of a turn; inside a string the quotes are escaped. */
const TELLING = /"type":"(?:session|turn)\./;

/** Summaries that are remembered; a list of more than these reads the rest again. */
const REMEMBERED = 2_000;

export interface JournalFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export type JournalSummary = Omit<SessionRecord, "inUse">;

/** Reads a journal again only when it has changed: a list that is shown is asked for over and over. */
export class JournalSummaries {
  readonly #known = new Map<string, { readonly file: JournalFile; readonly summary: JournalSummary | null }>();

  async of(file: JournalFile): Promise<JournalSummary | null> {
    const known = this.#known.get(file.path);
    if (known?.file.sizeBytes === file.sizeBytes && known.file.modifiedAtMs === file.modifiedAtMs) return known.summary;
    const summary = await summarizeJournal(file.path);
    this.#known.delete(file.path);
    this.#known.set(file.path, { file, summary });
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    return summary;
  }
}

/** Null when the file is gone or has no session in it. */
async function summarizeJournal(path: string): Promise<JournalSummary | null> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch {
    return null;
  }
  try {
    const { size, mtimeMs } = await handle.stat();
    const head = tellingEvents(await readPart(handle, 0, Math.min(size, PART_BYTES)));
    const first = head[0];
    if (first?.type !== "session.opened") return null;
    const tail = size <= PART_BYTES ? head : await readTail(handle, size);
    return {
      sessionId: first.sessionId,
      title: reduceAll(head).title,
      cwd: first.cwd,
      updatedAtMs: mtimeMs,
      unfinished: isUnfinished(tail),
      lastEnd: lastEndOf(tail),
    };
  } finally {
    await handle.close();
  }
}

async function readTail(handle: FileHandle, size: number): Promise<readonly AgentEvent[]> {
  const bytes = await readPart(handle, size - PART_BYTES, PART_BYTES);
  // The part begins inside a line.
  return tellingEvents(bytes.subarray(bytes.indexOf(0x0a) + 1));
}

function tellingEvents(bytes: Uint8Array): readonly AgentEvent[] {
  // A line that is not whole is left out, as it would be by the decoder.
  const lines = new TextDecoder().decode(bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1)).split("\n");
  const telling = lines.filter((line) => TELLING.test(line));
  return decodeJournal(new TextEncoder().encode(telling.map((line) => `${line}\n`).join(""))).events;
}

/** By the newest event that begins or ends a turn; where none is near the end, a long turn is under way. */
function isUnfinished(events: readonly AgentEvent[]): boolean {
  for (const event of events.toReversed()) {
    if (event.type === "turn.finished" || event.type === "session.opened") return false;
    if (event.type === "turn.started" || event.type === "turn.resumed") return true;
  }
  return true;
}

function lastEndOf(events: readonly AgentEvent[]): TurnEndReason | null {
  const last = events.findLast((event) => event.type === "turn.finished");
  return last?.type === "turn.finished" ? last.reason : null;
}

async function readPart(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
