/**
 * Sessions as files: `<home>/sessions/<workspace key>/<session id>.jsonl`, before-images in a folder beside it.
 * Nothing but the journals is kept; a list is made by looking at them.
 */
import { mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { AppError } from "../../base/app-error.ts";
import { systemClock } from "../../base/clock.ts";
import { hashOf } from "../../base/content-hash.ts";
import type { OpenedJournal, SessionJournal, SessionRecord, SessionStore } from "../../ports/session-store.ts";
import type { AgentEvent } from "../../protocol/events.ts";
import { decodeJournal } from "../../protocol/journal.ts";
import { summarizeJournal } from "./journal-summary.ts";
import { JsonlJournal, openForAppend } from "./jsonl-journal.ts";
import { claimWriter, type WriterClaim } from "./writer-claim.ts";

/** A window that is just closing gets this long to let go before a session counts as in use. */
const CLAIM_WAIT_MS = 3_000;
const CLAIM_POLL_MS = 100;

/** `$CODEPILOT_HOME`, else `~/.codepilot`. */
export function defaultHome(environment: NodeJS.ProcessEnv): string {
  return environment.CODEPILOT_HOME || join(homedir(), ".codepilot");
}

export class FileSessionStore implements SessionStore {
  readonly #root: string;

  /** `home`: see `defaultHome`. */
  constructor(home: string) {
    this.#root = join(home, "sessions");
  }

  async create(sessionId: string, cwd: string): Promise<SessionJournal> {
    checkId(sessionId);
    if ((await this.#find(sessionId)) !== null) {
      throw new AppError("usage", `a session named ${sessionId} already exists`, {
        next: "Choose another name, or open it to go on with it.",
      });
    }
    const folder = join(this.#root, workspaceKey(cwd));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${sessionId}.jsonl`);
    const claim = await this.#claim(path, sessionId);
    const handle = await open(path, "wx+", 0o600);
    return new JsonlJournal(handle, 0, blobFolderOf(path), claim);
  }

  async open(sessionId: string): Promise<OpenedJournal> {
    const path = await this.#find(sessionId);
    if (path === null) throw notFound(sessionId);
    const claim = await this.#claim(path, sessionId);
    try {
      const { events, warnings, wholeBytes } = decodeJournal(await readFile(path));
      const handle = await openForAppend(path, wholeBytes);
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

  async list(options: { cwd?: string; limit: number }): Promise<SessionRecord[]> {
    const folders = options.cwd === undefined ? await names(this.#root) : [workspaceKey(options.cwd)];
    const files: { path: string; modifiedAtMs: number }[] = [];
    for (const folder of folders) {
      for (const name of await names(join(this.#root, folder))) {
        if (!name.endsWith(".jsonl")) continue;
        const path = join(this.#root, folder, name);
        const info = await stat(path).catch(() => null);
        if (info) files.push({ path, modifiedAtMs: info.mtimeMs });
      }
    }
    files.sort((a, b) => b.modifiedAtMs - a.modifiedAtMs);
    const records = await Promise.all(files.slice(0, options.limit).map(({ path }) => summarizeJournal(path)));
    return records.filter((record) => record !== null);
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
      const claim = await claimWriter(path.replace(/\.jsonl$/, ".lock"));
      if (claim) return claim;
      if (waitedMs >= CLAIM_WAIT_MS) {
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

function blobFolderOf(journalPath: string): string {
  return journalPath.replace(/\.jsonl$/, ".blobs");
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
