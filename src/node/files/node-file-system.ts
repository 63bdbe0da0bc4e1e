/**
 * The disk behind the `FileSystem` port. A replacement is all or nothing: whatever happens (disk full, power
 * cut, someone else writing), the path holds the old bytes or the new ones, never a part of either.
 */
import { constants, type Stats, stat as statWithCallback } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { systemCodeOf } from "../../base/app-error.ts";
import { hashOf } from "../../base/content-hash.ts";
import { KeyedMutex } from "../../base/mutex.ts";
import type {
  FileStat,
  FileSystem,
  FileVersion,
  ReplaceResult,
  UnsavedFile,
  VersionedContent,
} from "../../ports/file-system.ts";
import { LeftoverSweeper, temporaryIn } from "./leftover-files.ts";
import { syncFolder } from "./sync-folder.ts";

// Absent on Windows, where a path can not be a FIFO that blocks whoever opens it.
const O_NONBLOCK = constants.O_NONBLOCK ?? 0;
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const MAX_LINKS = 40;
const PART_BYTES = 64 * 1024;

export class NodeFileSystem implements FileSystem {
  /** Our own writers of one path wait for each other; the hash check is for everybody else. */
  readonly #locks = new KeyedMutex();
  readonly #leftovers = new LeftoverSweeper();

  async stat(path: string): Promise<FileStat | null> {
    const [stats, writable] = await Promise.all([
      orNull(fs.stat(path)),
      fs.access(path, constants.W_OK).then(
        () => true,
        () => false,
      ),
    ]);
    if (stats === null) return null;
    return {
      kind: stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other",
      sizeBytes: stats.size,
      modifiedAtMs: stats.mtimeMs,
      writable,
    };
  }

  async read(path: string, maxBytes?: number): Promise<Uint8Array | null> {
    return (await orNull(readRegularFile(path, 0, maxBytes)))?.bytes ?? null;
  }

  readVersioned(path: string, maxBytes?: number): Promise<VersionedContent | null> {
    return orNull(readRegularFile(path, 0, maxBytes));
  }

  /** With callbacks, because a promise for each file would cost as much again as the call itself. */
  versions(paths: readonly string[]): Promise<readonly (FileVersion | null)[]> {
    if (paths.length === 0) return Promise.resolve([]);
    const askedAtMs = Date.now();
    const found: (FileVersion | null)[] = paths.map(() => null);
    return new Promise((resolveAll) => {
      let open = paths.length;
      for (const [index, path] of paths.entries()) {
        statWithCallback(path, (error, stats) => {
          if (!error) found[index] = versionOf(stats, askedAtMs);
          open -= 1;
          if (open === 0) resolveAll(found);
        });
      }
    });
  }

  realPath(path: string): Promise<string> {
    return realPathOf(resolve(path), MAX_LINKS);
  }

  replace(path: string, bytes: Uint8Array, expectedHash: string | null): Promise<ReplaceResult> {
    return this.#locks.run(path, () => replaceFile(path, bytes, expectedHash, this.#leftovers));
  }

  async list(path: string): Promise<string[]> {
    const entries = await fs.readdir(path, { withFileTypes: true });
    const names = entries.map(async (entry) => {
      const folder = entry.isSymbolicLink()
        ? ((await fs.stat(join(path, entry.name)).catch(() => null))?.isDirectory() ?? false)
        : entry.isDirectory();
      return folder ? `${entry.name}/` : entry.name;
    });
    return (await Promise.all(names)).sort();
  }

  async unsaved(): Promise<readonly UnsavedFile[]> {
    return [];
  }
}

async function readRegularFile(
  path: string,
  extraFlags: number,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<VersionedContent> {
  const askedAtMs = Date.now();
  // Non-blocking, because opening a FIFO would otherwise hold a thread until someone writes to it.
  const handle = await fs.open(path, constants.O_RDONLY | O_NONBLOCK | extraFlags);
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) throw systemError("EISDIR", "is a directory", path);
    if (!stats.isFile()) throw systemError("EINVAL", "not a regular file", path);
    if (stats.size > maxBytes) throw tooLarge(path, stats.size);
    return { bytes: await readWhole(handle, stats.size, maxBytes, path), version: versionOf(stats, askedAtMs) };
  } finally {
    // Nobody has to wait for that: nothing was written.
    handle.close().catch(() => undefined);
  }
}

/** How far a file system's clock may lag behind: a tick of the kernel, or two seconds where it counts in seconds. */
const FINE_CLOCK_MS = 50;
const COARSE_CLOCK_MS = 2_500;

/** Null for what was written so shortly before that a further write could leave the very same times. */
function versionOf(stats: Stats, askedAtMs: number): FileVersion | null {
  if (!stats.isFile()) return null;
  const { ino: inode, size: sizeBytes, mtimeMs: modifiedAtMs, ctimeMs: changedAtMs } = stats;
  const lag = changedAtMs % 1_000 === 0 ? COARSE_CLOCK_MS : FINE_CLOCK_MS;
  if (changedAtMs > askedAtMs - lag) return null;
  return { inode, sizeBytes, modifiedAtMs, changedAtMs };
}

/** One read for a file that keeps its size; `readFile` would take three trips for it. */
async function readWhole(
  handle: fs.FileHandle,
  sizeBytes: number,
  maxBytes: number,
  path: string,
): Promise<Uint8Array> {
  // One byte more than there should be, so that a file that grew is noticed.
  const buffer = Buffer.allocUnsafe(sizeBytes + 1);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
  // Short reads, growing files and /proc, where every size is 0, take the long way.
  if (bytesRead === sizeBytes && sizeBytes > 0) return buffer.subarray(0, sizeBytes);
  return maxBytes === Number.POSITIVE_INFINITY ? handle.readFile() : readAtMost(handle, maxBytes, path);
}

/** What a file says of its size is no bound: some of /proc go on for gigabytes. */
async function readAtMost(handle: fs.FileHandle, maxBytes: number, path: string): Promise<Uint8Array> {
  const part = Buffer.allocUnsafe(PART_BYTES);
  const parts: Buffer[] = [];
  for (let sizeBytes = 0; ; ) {
    const { bytesRead } = await handle.read(part, 0, part.length, sizeBytes);
    if (bytesRead === 0) return Buffer.concat(parts, sizeBytes);
    sizeBytes += bytesRead;
    if (sizeBytes > maxBytes) throw tooLarge(path, sizeBytes);
    parts.push(Buffer.from(part.subarray(0, bytesRead)));
  }
}

async function realPathOf(path: string, linksLeft: number): Promise<string> {
  try {
    return await fs.realpath(path);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
  }
  // A link to something that is not there yet: what counts is where a write would end up.
  const link = await fs.readlink(path).catch(() => null);
  if (link !== null) {
    if (linksLeft === 0) throw systemError("ELOOP", "too many symbolic links", path);
    const target = isAbsolute(link) ? link : join(await realPathOf(dirname(path), linksLeft - 1), link);
    return realPathOf(target, linksLeft - 1);
  }
  const parent = dirname(path);
  return parent === path ? path : join(await realPathOf(parent, linksLeft), basename(path));
}

async function replaceFile(
  path: string,
  bytes: Uint8Array,
  expectedHash: string | null,
  leftovers: LeftoverSweeper,
): Promise<ReplaceResult> {
  const old = await orNull(fs.lstat(path));
  if (old?.isDirectory()) throw systemError("EISDIR", "is a directory", path);
  if (old?.isSymbolicLink()) throw systemError("ELOOP", "is a symbolic link; its real path is needed", path);
  if (old && !old.isFile()) throw systemError("EINVAL", "not a regular file", path);
  if ((old === null) !== (expectedHash === null)) return { kind: "changed" };
  // A rename needs no right to write to the file itself, so a read-only file has to be refused here.
  if (old) await fs.access(path, constants.W_OK);

  const folder = dirname(path);
  const firstMadeFolder = await fs.mkdir(folder, { recursive: true });
  const temporary = temporaryIn(folder);
  let placed = false;
  try {
    const swept = leftovers.sweep(folder);
    await writeTemporary(temporary, bytes, old).finally(() => swept);
    placed = expectedHash === null ? await placeNew(temporary, path) : await placeOver(temporary, path, expectedHash);
  } finally {
    if (!placed) {
      await fs.rm(temporary, { force: true }).catch(() => undefined);
      if (firstMadeFolder !== undefined) await removeEmptyFolders(folder, firstMadeFolder);
    }
  }
  if (!placed) return { kind: "changed" };
  // The content is safe already; this makes the rename so.
  await syncFolder(folder);
  return { kind: "replaced" };
}

async function writeTemporary(temporary: string, bytes: Uint8Array, old: Stats | null): Promise<void> {
  const handle = await fs.open(temporary, "wx", old ? 0o600 : 0o666);
  try {
    await handle.writeFile(bytes);
    if (old) {
      // Owner before mode, because changing the owner clears set-user-id bits. Only root may give a file away.
      const own = await handle.stat();
      if (own.uid !== old.uid || own.gid !== old.gid) await handle.chown(old.uid, old.gid).catch(() => undefined);
      await handle.chmod(old.mode & 0o7777);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A hard link fails when the path exists by now, which a rename would not. */
async function placeNew(temporary: string, path: string): Promise<boolean> {
  try {
    await fs.link(temporary, path);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "EEXIST") return false;
    // File systems without hard links (exFAT, some network shares).
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS") throw error;
    if ((await orNull(fs.lstat(path))) !== null) return false;
    await fs.rename(temporary, path);
    return true;
  }
  await fs.rm(temporary, { force: true }).catch(() => undefined);
  return true;
}

async function placeOver(temporary: string, path: string, expectedHash: string): Promise<boolean> {
  const current = await orNull(readRegularFile(path, O_NOFOLLOW));
  if (current === null || hashOf(current.bytes) !== expectedHash) return false;
  await fs.rename(temporary, path);
  return true;
}

async function removeEmptyFolders(from: string, last: string): Promise<void> {
  for (let folder = from; ; folder = dirname(folder)) {
    const removed = await fs.rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!removed || folder === last || folder === dirname(folder)) return;
  }
}

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return null;
    throw error;
  }
}

function tooLarge(path: string, sizeBytes: number): Error {
  return Object.assign(systemError("EFBIG", "too large", path), { sizeBytes });
}

function systemError(code: string, message: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${message}, '${path}'`), { code, path });
}
