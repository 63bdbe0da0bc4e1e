/**
 * Sessions as files: `<home>/sessions/<workspace key>/<session id>.jsonl`, before-images in a folder beside it.
 * Nothing but the journals is kept; a list is made by looking at them.
 */
import { mkdir, open, readdir, readFile, rm, stat, unlink } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { AppError, messageOf, systemCodeOf } from "../../base/app-error.ts";
import { systemClock } from "../../base/clock.ts";
import { hashOf } from "../../base/content-hash.ts";
import type { OpenedJournal, SessionJournal, SessionRecord, SessionStore } from "../../ports/session-store.ts";
import type { AgentEvent } from "../../protocol/events.ts";
import { decodeJournal } from "../../protocol/journal.ts";
import { syncFolder } from "../files/sync-folder.ts";
import { type JournalFile, JournalSummaries } from "./journal-summary.ts";
import { JsonlJournal, openForAppend, storageError } from "./jsonl-journal.ts";
import { sessionExists, sessionInUse, sessionNotFound } from "./session-errors.ts";
import { claimWriter, isClaimed, type WriterClaim } from "./writer-claim.ts";

/** A window that is just closing gets this long to let go before a session counts as in use. */
const CLAIM_WAIT_MS = 3_000;
const CLAIM_POLL_MS = 100;

/** `$CODEPILOT_HOME`, else `~/.codepilot`. */
export function defaultHome(environment: NodeJS.ProcessEnv): string {
  return environment.CODEPILOT_HOME || join(homedir(), ".codepilot");
}

export interface FileSessionStoreOptions {
  /** How long an open waits for another writer to let go. */
  readonly claimWaitMs?: number;
  /** Makes the names in a folder durable. */
  readonly syncFolder?: (folder: string) => Promise<void>;
}

export class FileSessionStore implements SessionStore {
  readonly #root: string;
  readonly #claimWaitMs: number;
  readonly #syncFolder: (folder: string) => Promise<void>;
  readonly #summaries = new JournalSummaries();

  /** `home`: see `defaultHome`. */
  constructor(home: string, options: FileSessionStoreOptions = {}) {
    this.#root = join(home, "sessions");
    this.#claimWaitMs = options.claimWaitMs ?? CLAIM_WAIT_MS;
    this.#syncFolder = options.syncFolder ?? syncFolder;
  }

  async create(sessionId: string, cwd: string, options: { unique?: boolean } = {}): Promise<SessionJournal> {
    checkId(sessionId);
    // What can not be looked at is nobody's reason not to begin.
    if (!options.unique && (await this.#find(sessionId).catch(() => null)) !== null) throw sessionExists(sessionId);
    const folder = join(this.#root, workspaceKey(cwd));
    const path = join(folder, `${sessionId}.jsonl`);
    const firstMade = await orStorageError(mkdir(folder, { recursive: true, mode: 0o700 }));
    const claim = await this.#claim(path, sessionId);
    try {
      const handle = await orStorageError(open(path, "a", 0o600));
      if ((await handle.stat()).size > 0) {
        await handle.close();
        throw sessionExists(sessionId);
      }
      const exists = Promise.all(foldersFrom(folder, firstMade).map(this.#syncFolder));
      return new JsonlJournal(handle, 0, blobFolderOf(path), claim, exists);
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  async open(sessionId: string): Promise<OpenedJournal> {
    const path = await this.#find(sessionId);
    if (path === null) throw sessionNotFound(sessionId);
    const claim = await this.#claim(path, sessionId);
    try {
      const { events, warnings, wholeBytes } = decodeJournal(await orReadError(path, readFile(path)));
      const handle = await orStorageError(openForAppend(path, wholeBytes));
      return { journal: new JsonlJournal(handle, wholeBytes, blobFolderOf(path), claim), events, warnings };
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  async read(sessionId: string): Promise<readonly AgentEvent[] | null> {
    const path = await this.#find(sessionId);
    return path === null ? null : decodeJournal(await orReadError(path, readFile(path))).events;
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
    if (path === null) throw sessionNotFound(sessionId);
    const claim = await orStorageError(claimWriter(lockOf(path)));
    if (!claim) throw sessionInUse(sessionId, "then delete it");
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

  /** Path of the session's journal. An empty one is what a start leaves that failed before its first event: none. */
  async #find(sessionId: string): Promise<string | null> {
    checkId(sessionId);
    const folders = await orReadError(this.#root, namesOf(this.#root));
    const paths = folders.map((folder) => join(this.#root, folder, `${sessionId}.jsonl`));
    const sizes = await Promise.allSettled(paths.map((path) => orReadError(path, sizeOf(path))));
    const index = sizes.findIndex((size) => size.status === "fulfilled" && size.value > 0);
    if (index >= 0) return paths[index] ?? null;
    // Not to be told as “there is none”: it may be where nobody may look.
    const unreadable = sizes.find((size) => size.status === "rejected");
    if (unreadable) throw unreadable.reason;
    return null;
  }

  async #claim(path: string, sessionId: string): Promise<WriterClaim> {
    for (let waitedMs = 0; ; waitedMs += CLAIM_POLL_MS) {
      const claim = await orStorageError(claimWriter(lockOf(path)));
      if (claim) return claim;
      if (waitedMs >= this.#claimWaitMs) {
        throw sessionInUse(sessionId, "or start a new session");
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

/** Every folder in which a name was added, when `firstMade` is the uppermost of those made on the way to `folder`. */
function foldersFrom(folder: string, firstMade: string | undefined): string[] {
  const folders = [folder];
  for (let made = folder; firstMade !== undefined && made !== dirname(firstMade); made = dirname(made)) {
    folders.push(dirname(made));
  }
  return folders;
}

async function orReadError<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new AppError("storage", `The session can not be read: ${messageOf(error)}.`, {
      next: `Make ${path} readable for you, then try again.`,
      cause: error,
    });
  }
}

/** 0 where there is nothing. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isAbsent(error)) return 0;
    throw error;
  }
}

/** Empty where there is no such folder. */
async function namesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemCodeOf(error) ?? "");
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
