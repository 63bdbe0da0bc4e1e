/**
 * Sessions as files: `<home>/sessions/<workspace key>/<session id>.jsonl`, before-images in a folder beside it.
 * Nothing but the journals is kept; a list is made by looking at them.
 */
import { mkdir, open, readdir, readFile, rm, stat, unlink } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { AppError } from "../../base/app-error.ts";
import { systemClock } from "../../base/clock.ts";
import { hashOf } from "../../base/content-hash.ts";
import type { OpenedJournal, SessionJournal, SessionRecord, SessionStore } from "../../ports/session-store.ts";
import type { AgentEvent } from "../../protocol/events.ts";
import { decodeJournal } from "../../protocol/journal.ts";
import { type JournalFile, JournalSummaries } from "./journal-summary.ts";
import { JsonlJournal, openForAppend, storageError } from "./jsonl-journal.ts";
import { claimWriter, isClaimed, type WriterClaim } from "./writer-claim.ts";

/** A window that is just closing gets this long to let go before a session counts as in use. */
const CLAIM_WAIT_MS = 3_000;
const CLAIM_POLL_MS = 100;

/** `$CODEPILOT_HOME`, else `~/.codepilot`. */
export function defaultHome(environment: NodeJS.ProcessEnv): string {
  return environment.CODEPILOT_HOME || join(homedir(), ".codepilot");
}

export class FileSessionStore implements SessionStore {
  readonly #root: string;
  readonly #claimWaitMs: number;
  readonly #summaries = new JournalSummaries();

  /** `home`: see `defaultHome`. `claimWaitMs`: how long an open waits for another writer to let go. */
  constructor(home: string, options: { readonly claimWaitMs?: number } = {}) {
    this.#root = join(home, "sessions");
    this.#claimWaitMs = options.claimWaitMs ?? CLAIM_WAIT_MS;
  }

  async create(sessionId: string, cwd: string): Promise<SessionJournal> {
    checkId(sessionId);
    const found = await this.#find(sessionId);
    // An empty file is what a start leaves that failed before its first event.
    if (found !== null && (await stat(found)).size > 0) throw taken(sessionId);
    const folder = join(this.#root, workspaceKey(cwd));
    const path = join(folder, `${sessionId}.jsonl`);
    await orStorageError(mkdir(folder, { recursive: true, mode: 0o700 }));
    const claim = await this.#claim(path, sessionId);
    try {
      const handle = await orStorageError(open(path, "a", 0o600));
      if ((await handle.stat()).size > 0) {
        await handle.close();
        throw taken(sessionId);
      }
      return new JsonlJournal(handle, 0, blobFolderOf(path), claim);
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  async open(sessionId: string): Promise<OpenedJournal> {
    const path = await this.#find(sessionId);
    if (path === null) throw notFound(sessionId);
    const claim = await this.#claim(path, sessionId);
    try {
      const { events, warnings, wholeBytes } = decodeJournal(await orStorageError(readFile(path)));
      const handle = await orStorageError(openForAppend(path, wholeBytes));
      return { journal: new JsonlJournal(handle, wholeBytes, blobFolderOf(path), claim), events, warnings };
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  async read(sessionId: string): Promise<readonly AgentEvent[] | null> {
    const path = await this.#find(sessionId);
    return path === null ? null : decodeJournal(await readFile(path)).events;
  }

  async find(sessionId: string): Promise<SessionRecord | null> {
    const path = await this.#find(sessionId);
    const file = path === null ? null : await fileAt(path);
    return file && this.#recordOf(file);
  }

  async list(options: { cwd?: string; limit: number }): Promise<SessionRecord[]> {
    const folders = options.cwd === undefined ? await names(this.#root) : [workspaceKey(options.cwd)];
    const found = await Promise.all(folders.map((folder) => journalsIn(join(this.#root, folder))));
    const files = found.flat().sort((a, b) => b.modifiedAtMs - a.modifiedAtMs);
    const records = await Promise.all(files.slice(0, options.limit).map((file) => this.#recordOf(file)));
    return records.filter((record) => record !== null);
  }

  async delete(sessionId: string): Promise<void> {
    const path = await this.#find(sessionId);
    if (path === null) throw notFound(sessionId);
    const claim = await orStorageError(claimWriter(lockOf(path)));
    if (!claim) {
      throw new AppError("in-use", `session ${sessionId} is open in another window or process`, {
        next: "Close it there first, then delete it.",
      });
    }
    try {
      // The journal goes last: whatever cuts this short leaves a session that is listed and can be deleted again.
      await orStorageError(rm(blobFolderOf(path), { recursive: true, force: true }));
      await orStorageError(unlink(path));
    } finally {
      await claim.release();
    }
  }

  async #recordOf(file: JournalFile): Promise<SessionRecord | null> {
    const summary = await this.#summaries.of(file);
    return summary && { ...summary, inUse: await isClaimed(lockOf(file.path)) };
  }

  async #find(sessionId: string): Promise<string | null> {
    checkId(sessionId);
    for (const folder of await names(this.#root)) {
      const path = join(this.#root, folder, `${sessionId}.jsonl`);
      if (await stat(path).catch(() => null)) return path;
    }
    return null;
  }

  async #claim(path: string, sessionId: string): Promise<WriterClaim> {
    for (let waitedMs = 0; ; waitedMs += CLAIM_POLL_MS) {
      const claim = await orStorageError(claimWriter(lockOf(path)));
      if (claim) return claim;
      if (waitedMs >= this.#claimWaitMs) {
        throw new AppError("in-use", `session ${sessionId} is open in another window or process`, {
          next: "Close it there first, or start a new session.",
        });
      }
      await systemClock.sleep(CLAIM_POLL_MS);
    }
  }
}

/** A readable name and enough of a hash that two folders never share one. */
export function workspaceKey(cwd: string): string {
  const name =
    basename(cwd)
      .replace(/[^\w.-]+/g, "-")
      .slice(0, 40) || "root";
  return `${name}-${hashOf(cwd).slice(0, 12)}`;
}

function checkId(sessionId: string): void {
  if (/^[A-Za-z0-9][\w.-]{0,99}$/.test(sessionId)) return;
  throw new AppError("usage", `${JSON.stringify(sessionId)} can not be the name of a session`, {
    next: "Use letters, digits, “.”, “_” and “-”, 100 at most.",
  });
}

function notFound(sessionId: string): AppError {
  return new AppError("not-found", `there is no session ${sessionId}`, {
    next: "List the sessions of this workspace to find the right one.",
  });
}

function taken(sessionId: string): AppError {
  return new AppError("usage", `a session named ${sessionId} already exists`, {
    next: "Choose another name, or open it to go on with it.",
  });
}

async function orStorageError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw AppError.is(error) ? error : storageError(error);
  }
}

function lockOf(journalPath: string): string {
  return journalPath.replace(/\.jsonl$/, ".lock");
}

function blobFolderOf(journalPath: string): string {
  return journalPath.replace(/\.jsonl$/, ".blobs");
}

async function journalsIn(folder: string): Promise<JournalFile[]> {
  const journals = (await names(folder)).filter((name) => name.endsWith(".jsonl"));
  const files = await Promise.all(journals.map((name) => fileAt(join(folder, name))));
  return files.filter((file) => file !== null);
}

async function fileAt(path: string): Promise<JournalFile | null> {
  const info = await stat(path).catch(() => null);
  return info && { path, sizeBytes: info.size, modifiedAtMs: info.mtimeMs };
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
