/** A folder in the temporary directory that only this user can enter, made on first need and again when it was removed. */
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, lstat, mkdir, open as openFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemCodeOf } from "../../base/app-error.ts";
import type { PrivateFolder } from "../../terminals/pty.ts";

/** Files that are written again and again, one before every command of a shell, stay open: this many of them. */
const maxOpen = 8;

interface OpenFile {
  readonly handle: FileHandle;
  readonly inode: number;
  sizeBytes: number;
}

export function temporaryPrivateFolder(parent = tmpdir()): PrivateFolder {
  const folder = join(parent, `codepilot-${randomBytes(9).toString("hex")}`);
  const written = new Set<string>();
  const open = new Map<string, OpenFile>();
  let used = false;
  let removed = false;
  const make = async (path = folder) => {
    if (removed) throw new Error("the folder was removed");
    used = true;
    await makePrivateFolder(folder).catch(async (error: unknown) => {
      // A temporary directory can go before those who were started with it: that of a shell for one project, of a batch job.
      if (systemCodeOf(error) !== "ENOENT") throw error;
      await mkdir(parent, { recursive: true, mode: 0o700 });
      await makePrivateFolder(folder);
    });
    if (dirname(path) !== folder && path !== folder) await makePrivateFolder(dirname(path));
  };
  const forget = async (name: string) => {
    const known = open.get(name);
    open.delete(name);
    await known?.handle.close();
  };
  const create = async (name: string, content: string) => {
    const path = join(folder, name);
    await forget(name);
    await make(path);
    if (!written.has(name)) {
      written.add(name);
      return writeFile(path, content, { mode: 0o600 });
    }
    const handle = await openFile(path, "w", 0o600);
    const file = { handle, inode: (await handle.stat()).ino, sizeBytes: 0 };
    // Meanwhile; then nobody would close it.
    if (removed) {
      await handle.close();
      throw new Error("the folder was removed");
    }
    open.set(name, file);
    await rewrite(file, content);
    const [oldest] = open.keys();
    if (open.size > maxOpen && oldest !== undefined) await forget(oldest);
  };
  return {
    async pathOf(name) {
      await make();
      return join(folder, name);
    },
    async write(name, content) {
      const path = join(folder, name);
      const known = open.get(name);
      // Looked at every time: somebody may have tidied up temporary files, and others know the name by then.
      if (known !== undefined && !removed && (await isUntouched(folder, path, known))) await rewrite(known, content);
      else await create(name, content);
      return path;
    },
    async remove() {
      removed = true;
      await Promise.allSettled([...open.keys()].map(forget));
      // A write may be under way; then the folder is not empty at the first try.
      if (used) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Whether the way to the open file leads through folders of ours alone, and still to that file. */
async function isUntouched(folder: string, path: string, { inode }: OpenFile): Promise<boolean> {
  try {
    const [top, inner, file] = await Promise.all([lstat(folder), lstat(dirname(path)), lstat(path)]);
    return isOurs(top) && isOurs(inner) && file.ino === inode;
  } catch {
    return false;
  }
}

async function rewrite(file: OpenFile, content: string): Promise<void> {
  const bytes = Buffer.from(content);
  const before = file.sizeBytes;
  // What a full disk has taken of it is cut off the next time.
  file.sizeBytes = Math.max(before, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    at += (await file.handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
  }
  if (bytes.length < before) await file.handle.truncate(bytes.length);
  file.sizeBytes = bytes.length;
}

/** A folder of this user's that nobody else may enter. Where users have no numbers, any folder. */
export function isOurs(info: Stats): boolean {
  const own = process.getuid === undefined || (info.uid === process.getuid() && (info.mode & 0o077) === 0);
  return info.isDirectory() && own;
}

/** Rejects when something of that name is there which others could have made or can look into. */
export async function makePrivateFolder(folder: string): Promise<void> {
  const there = await lstat(folder).catch(() => null);
  if (there === null) {
    try {
      await mkdir(folder, { mode: 0o700 });
      return;
    } catch (error) {
      if (systemCodeOf(error) !== "EEXIST") throw error;
    }
  }
  const info = there ?? (await lstat(folder));
  if (!isOurs(info)) throw new Error(`${folder} is not a private folder of this user`);
}
