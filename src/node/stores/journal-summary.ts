/** What a list shows of a session, from the first and the last part of its journal: a list never reads whole files. */
import { type FileHandle, open } from "node:fs/promises";
import type { SessionRecord } from "../../ports/session-store.ts";
import type { AgentEvent } from "../../protocol/events.ts";
import { decodeJournal } from "../../protocol/journal.ts";
import { reduceAll } from "../../protocol/reduce.ts";

const PART_BYTES = 64 * 1024;

/** Null when the file is gone or has no session in it. */
export async function summarizeJournal(path: string): Promise<Omit<SessionRecord, "inUse"> | null> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch {
    return null;
  }
  try {
    const { size, mtimeMs } = await handle.stat();
    const head = decodeJournal(await readPart(handle, 0, Math.min(size, PART_BYTES))).events;
    const first = head[0];
    if (first?.type !== "session.opened") return null;
    const tail = size <= PART_BYTES ? head : await readTail(handle, size);
    return {
      sessionId: first.sessionId,
      title: reduceAll(head).title,
      cwd: first.cwd,
      updatedAtMs: mtimeMs,
      unfinished: isUnfinished(tail),
    };
  } finally {
    await handle.close();
  }
}

async function readTail(handle: FileHandle, size: number): Promise<readonly AgentEvent[]> {
  const bytes = await readPart(handle, size - PART_BYTES, PART_BYTES);
  // The part begins inside a line.
  return decodeJournal(bytes.subarray(bytes.indexOf(0x0a) + 1)).events;
}

/** By the newest event that begins or ends a turn; where none is near the end, a long turn is under way. */
function isUnfinished(events: readonly AgentEvent[]): boolean {
  for (const event of events.toReversed()) {
    if (event.type === "turn.finished" || event.type === "session.opened") return false;
    if (event.type === "turn.started" || event.type === "turn.resumed") return true;
  }
  return true;
}

async function readPart(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
