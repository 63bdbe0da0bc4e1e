/**
 * What a list shows of a session, from both ends of its journal: mostly the first and the last part of it are enough.
 * Where what tells is longer or further in, it is read on, to a bound at the beginning; nothing but lines of the
 * session and its turns is ever decoded.
 */
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import type { SessionRecord } from "../../ports/session-store.ts";
import { reduce, titleOf } from "../../protocol/reduce.ts";
import { emptyState } from "../../protocol/state.ts";
import { JournalLines, MAX_LINE_BYTES, type Mark, PART_BYTES, type TellingLine } from "./journal-lines.ts";

/** How far a beginning is followed that is longer than usual: instructions of an agent file, a task with pictures. */
const BEGINNING_BYTES = MAX_LINE_BYTES;

/** Summaries that are remembered; a list of more than these reads the rest again. */
const REMEMBERED = 2_000;

export interface JournalFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export type JournalSummary = Omit<SessionRecord, "inUse">;

type Beginning = Pick<JournalSummary, "sessionId" | "title" | "cwd">;
type End = Pick<JournalSummary, "unfinished" | "lastEnd">;

interface Seen {
  readonly summary: JournalSummary;
  readonly mark: Mark;
}

/**
 * Reads a journal again only when it has changed, and then only what is new: a list that is shown is asked for over and
 * over, and whoever writes the journal of a long turn writes often.
 */
export class JournalSummaries {
  readonly #known = new Map<string, { readonly file: JournalFile; readonly seen: Seen | null }>();

  async of(file: JournalFile): Promise<JournalSummary | null> {
    const known = this.#known.get(file.path);
    if (known?.file.sizeBytes === file.sizeBytes && known.file.modifiedAtMs === file.modifiedAtMs) {
      return known.seen?.summary ?? null;
    }
    const seen = await summarizeJournal(file.path, known?.seen ?? null);
    this.#known.delete(file.path);
    this.#known.set(file.path, { file, seen });
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    return seen?.summary ?? null;
  }
}

/** Null when the file is gone or has no session in it. `before`: what it was when it was looked at last. */
async function summarizeJournal(path: string, before: Seen | null): Promise<Seen | null> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch {
    return null;
  }
  try {
    const { size, mtimeMs } = await handle.stat();
    const lines = new JournalLines(handle, size);
    const known = before && (await lines.has(before.mark)) ? before : null;
    const name = basename(path, ".jsonl");
    const beginning = known && known.summary.title !== "" ? known.summary : await readBeginning(lines, name);
    if (!beginning) return null;
    const end = await readEnd(lines, size, known);
    return { summary: { ...beginning, ...end, updatedAtMs: mtimeMs }, mark: await lines.mark() };
  } finally {
    await handle.close();
  }
}

/** Who it is and what it is about; the title is that of the first task with words. */
async function readBeginning(lines: JournalLines, name: string): Promise<Beginning | null> {
  let session: { readonly sessionId: string; readonly cwd: string } | undefined;
  let state = emptyState;
  for await (const line of lines.forward(BEGINNING_BYTES)) {
    const event = await line.event();
    if (event) state = reduce(state, event);
    if (event?.type === "session.opened") session ??= { sessionId: event.sessionId, cwd: event.cwd };
    // What can be told is told: no session may be missing in a list for being long.
    else if (line.tooLong && line.type === "session.opened")
      session ??= { sessionId: name, cwd: stringIn(line, "cwd") };
    if (!session) return null;
    if (state.title !== "") break;
    if (line.tooLong && line.type === "turn.started") return { ...session, title: titleOf(stringIn(line, "text")) };
  }
  return session ? { ...session, title: state.title } : null;
}

/** By the newest event that begins or ends a turn, however far back that is. */
async function readEnd(lines: JournalLines, size: number, known: Seen | null): Promise<End> {
  let unfinished = false;
  for await (const line of lines.backward(known?.mark.end)) {
    // How the turn before ended is told where it needs no further reading.
    if (unfinished && line.start < size - PART_BYTES) return { unfinished, lastEnd: null };
    if (line.type === "session.opened") return { unfinished, lastEnd: null };
    if (line.type === "turn.started" || line.type === "turn.resumed") unfinished = true;
    if (line.type !== "turn.finished") continue;
    const event = await line.event();
    if (event?.type === "turn.finished") return { unfinished, lastEnd: event.reason };
  }
  return { unfinished: unfinished || (known?.summary.unfinished ?? false), lastEnd: known?.summary.lastEnd ?? null };
}

/** The value of a key in a line's head; of one that is cut off there, what is left of it. */
function stringIn({ head }: TellingLine, key: string): string {
  const written = new RegExp(`"${key}":"((?:[^"\\\\]|\\\\.)*)`).exec(head)?.[1] ?? "";
  try {
    return JSON.parse(`"${written}"`) as string;
  } catch {
    return "";
  }
}
