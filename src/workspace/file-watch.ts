/**
 * Finds out which of the files that the model knows are not any more what it knows, whoever changed them. Looked at
 * when asked, before a request is made: a notification of the system may come late or not at all, and a file that
 * has kept its version needs no reading.
 */
import { isAbsolute, relative, sep } from "node:path";
import { systemCodeOf } from "../base/app-error.ts";
import { hashOf } from "../base/content-hash.ts";
import type { FileSystem, FileVersion } from "../ports/file-system.ts";
import type { ToldFile } from "../protocol/items.ts";
import { type Comparison, compareContents } from "./compare-contents.ts";
import { MAX_FILE_BYTES } from "./read-file.ts";
import { type FileState, isContent, isSameState, type ReadLedger, type ToldContent } from "./read-ledger.ts";
import type { ResolvedPath, WorkspacePaths } from "./workspace-paths.ts";

export interface FoundChange {
  readonly path: string;
  /** As the model is told the path. */
  readonly shown: string;
  /** `covered`: an own write has gone over it since. */
  readonly kind: "now" | "covered";
  readonly before: FileState;
  readonly after: FileState;
  /** It is back with the content that the model had read or written. */
  readonly asSeen: boolean;
  readonly difference: Comparison | { readonly kind: "unknown" } | { readonly kind: "withheld" };
  /** For the ledger, once the model has been told. */
  readonly told: ToldContent;
}

export interface FileWatchOptions {
  readonly files: Pick<FileSystem, "readVersioned" | "versions">;
  readonly paths: Pick<WorkspacePaths, "resolve">;
  readonly ledger: ReadLedger;
}

export interface LookOptions {
  /** Every known file, however many there are. Otherwise the oldest of very many take turns. */
  readonly thorough: boolean;
  /** Whether the model may see what is in a file without anybody being asked. */
  readonly mayShow: (path: ResolvedPath) => boolean;
  /** A content of which only the hash is known any more; null: not kept. */
  readonly readBlob: (hash: string) => Promise<Uint8Array | null>;
}

/** Known files that are looked at each time, newest first, and how many of the others. */
const NEWEST = 200;
const ROTATING = 100;
/** Read at the same time. */
const READERS = 8;
/** Files whose lines are compared in one look; there are no lines to show for more. */
const MAX_COMPARED = 50;
/** Of a file whose lines are compared; the ledger keeps no larger ones either. */
const MAX_COMPARED_BYTES = 1024 * 1024;

export class FileWatch {
  readonly #options: FileWatchOptions;
  #rotation = 0;

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  /** No file is known, so there is nothing to look at. */
  get isIdle(): boolean {
    return this.#options.ledger.size === 0;
  }

  /** The next request shows the model the results of all its calls. */
  resultsSeen(): void {
    this.#options.ledger.recordResultsSeen();
  }

  /** Sorted by path; null: nothing changed. The same changes are found again until the ledger is told of them. */
  async look(options: LookOptions): Promise<readonly FoundChange[] | null> {
    const { files, ledger } = this.#options;
    const due = options.thorough ? ledger.paths() : this.#due();
    const versions = await files.versions(due);
    const suspects = due.filter((path, index) => isSuspect(ledger.told(path), versions[index] ?? null));
    if (suspects.length === 0) return null;
    const found: FoundChange[] = [];
    const inspection = new Inspection(this.#options, options);
    for (let from = 0; from < suspects.length; from += READERS) {
      const some = suspects.slice(from, from + READERS);
      found.push(...(await Promise.all(some.map((path) => inspection.of(path)))).flat());
    }
    if (found.length === 0) return null;
    return found.sort((a, b) => (a.shown < b.shown ? -1 : a.shown > b.shown ? 1 : 0));
  }

  /** The model has been told of these changes; `told` has them in the same order. */
  accept(found: readonly FoundChange[], told: readonly ToldFile[]): void {
    for (const [index, { path, told: content }] of found.entries()) {
      this.#options.ledger.recordTold(path, content, told[index]?.seen ?? false);
    }
  }

  #due(): readonly string[] {
    const known = this.#options.ledger.paths();
    if (known.length <= NEWEST + ROTATING) return known;
    const older = known.slice(0, -NEWEST);
    const start = this.#rotation % older.length;
    this.#rotation = start + ROTATING;
    return [...[...older, ...older].slice(start, start + ROTATING), ...known.slice(-NEWEST)];
  }
}

function isSuspect(told: ToldContent | undefined, version: FileVersion | null): boolean {
  if (!told) return false;
  return told.covered !== null || !version || !told.version || !isSameVersion(told.version, version);
}

function isSameVersion(a: FileVersion, b: FileVersion): boolean {
  return (
    a.modifiedAtMs === b.modifiedAtMs &&
    a.changedAtMs === b.changedAtMs &&
    a.sizeBytes === b.sizeBytes &&
    a.inode === b.inode &&
    a.document === b.document
  );
}

interface Present {
  readonly state: FileState;
  readonly bytes: Uint8Array | null;
  readonly version: FileVersion | null;
  readonly shown: string;
  readonly mayShow: boolean;
}

/** One look at files that seem to have changed. */
class Inspection {
  readonly #watch: FileWatchOptions;
  readonly #look: LookOptions;
  #compared = 0;

  constructor(watch: FileWatchOptions, look: LookOptions) {
    this.#watch = watch;
    this.#look = look;
  }

  async of(path: string): Promise<readonly FoundChange[]> {
    const { ledger } = this.#watch;
    const told = ledger.told(path);
    const present = await this.#presentOf(path);
    if (!told || !present) return [];
    const { state, version, shown } = present;
    const bytes = (present.bytes?.byteLength ?? 0) > MAX_COMPARED_BYTES ? null : present.bytes;
    const ownWrite = told.maybeHash !== null && isContent(state, told.maybeHash);
    const next: ToldContent = { state, bytes, version, covered: null, maybeHash: null };
    if (ownWrite || isSameState(told.state, state)) {
      if (!told.covered) {
        // A look that took too long goes on by itself; what was recorded meanwhile is newer.
        const isLatest = ledger.told(path) === told;
        if (isLatest && (version || ownWrite)) ledger.recordTold(path, next, false);
        return [];
      }
      return [await this.#covered(path, shown, told, next, present.mayShow)];
    }
    const seen = ledger.hashOf(path);
    const change: FoundChange = {
      path,
      shown,
      kind: "now",
      before: told.state,
      after: state,
      asSeen: told.state.kind !== "content" && seen !== undefined && isContent(state, seen),
      difference: await this.#difference(told, state, bytes, present.mayShow),
      told: next,
    };
    return told.covered ? [await this.#covered(path, shown, told, next, present.mayShow), change] : [change];
  }

  async #covered(
    path: string,
    shown: string,
    { covered }: ToldContent,
    told: ToldContent,
    mayShow: boolean,
  ): Promise<FoundChange> {
    const after: FileState = covered?.after ? { kind: "content", hash: covered.after.hash } : { kind: "gone" };
    const before = covered?.before ?? { state: after, bytes: null };
    const difference = await this.#difference(before, after, covered?.after?.bytes ?? null, mayShow);
    return { path, shown, kind: "covered", before: before.state, after, asSeen: false, difference, told };
  }

  async #difference(
    before: { readonly state: FileState; readonly bytes: Uint8Array | null },
    after: FileState,
    bytes: Uint8Array | null,
    mayShow: boolean,
  ): Promise<FoundChange["difference"]> {
    if (after.kind !== "content") return { kind: "unknown" };
    if (!mayShow) return { kind: "withheld" };
    const { state } = before;
    if (bytes === null || (state.kind !== "content" && state.kind !== "gone")) return { kind: "unknown" };
    this.#compared += 1;
    if (this.#compared > MAX_COMPARED) return { kind: "unknown" };
    const old = state.kind === "content" ? (before.bytes ?? (await this.#blob(state.hash))) : null;
    if (state.kind === "content" && old === null) return { kind: "unknown" };
    // Comparing may take a while each time, and others want to be heard in between.
    await new Promise((resolve) => setImmediate(resolve));
    return compareContents(old, bytes);
  }

  #blob(hash: string): Promise<Uint8Array | null> {
    return this.#look.readBlob(hash).catch(() => null);
  }

  /** Null: can not be said now; it will be looked at again. */
  async #presentOf(path: string): Promise<Present | null> {
    const read = await readState(this.#watch.files, path);
    if (!read) return null;
    const target = await this.#watch.paths.resolve(path);
    const stillThere = target.kind === "resolved" && target.path === path;
    if (stillThere) return { ...read, shown: target.shown, mayShow: this.#look.mayShow(target) };
    // What the path leads to now was never asked for.
    const elsewhere = { state: { kind: "elsewhere" }, bytes: null, version: null } as const;
    const shown = await this.#shown(path);
    return { ...(read.state.kind === "content" ? elsewhere : read), shown, mayShow: false };
  }

  /** Relative to the working folder when it is below it, whatever the path leads to now. */
  async #shown(path: string): Promise<string> {
    const cwd = await this.#watch.paths.resolve(".");
    const fromCwd = cwd.kind === "resolved" ? relative(cwd.path, path) : path;
    return isAbsolute(fromCwd) || fromCwd === ".." || fromCwd.startsWith(`..${sep}`) ? path : fromCwd;
  }
}

/** Null: can not be said now. Never rejects. */
async function readState(
  files: FileWatchOptions["files"],
  path: string,
): Promise<Pick<Present, "state" | "bytes" | "version"> | null> {
  const other = (kind: Exclude<FileState["kind"], "content">) => ({ state: { kind }, bytes: null, version: null });
  try {
    const content = await files.readVersioned(path, MAX_FILE_BYTES);
    if (!content) return other("gone");
    return { ...content, state: { kind: "content", hash: hashOf(content.bytes) } };
  } catch (error) {
    switch (systemCodeOf(error)) {
      case "ENOTDIR":
        return other("gone");
      case "EISDIR":
        return other("folder");
      case "EINVAL":
      case "ENXIO":
        return other("special");
      case "EFBIG":
        return other("too-large");
      case "EACCES":
      case "EPERM":
        return other("unreadable");
      default:
        return null;
    }
  }
}
