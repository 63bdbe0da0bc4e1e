/** The memory image of an interpreter as a file in a cache folder: `<folder>/<key>/memory.bin`. */
import { randomBytes } from "node:crypto";
import { access, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SnapshotStore } from "../../ports/child-host.ts";
import type { Log } from "../../ports/log.ts";

/** Images of versions that are no longer used, and what killed processes left. */
const STALE_AFTER_MS = 14 * 24 * 60 * 60 * 1_000;
const FILE = "memory.bin";

/** `key` names everything that the image depends on; the folder need not exist, and may be one nobody can write. */
export function openSnapshotFiles(folder: string, key: string, log: Log): SnapshotStore {
  const own = join(folder, key);
  const path = join(own, FILE);
  return {
    async find() {
      return await access(path).then(
        () => path,
        () => null,
      );
    },
    async write(bytes) {
      // Written aside and renamed: two processes may do this at once, and either's file is whole.
      const aside = join(own, `${FILE}.${randomBytes(6).toString("hex")}`);
      try {
        await mkdir(own, { recursive: true, mode: 0o700 });
        await writeFile(aside, bytes, { mode: 0o600, flag: "wx" });
        await rename(aside, path);
        await removeStale(folder, own);
        return true;
      } catch (error) {
        await rm(aside, { force: true }).catch(() => undefined);
        log.warn(`The Python engine starts slowly: its memory image can not be kept in ${own}`, { error: `${error}` });
        return false;
      }
    },
  };
}

async function removeStale(folder: string, own: string): Promise<void> {
  const before = Date.now() - STALE_AFTER_MS;
  const candidates = [
    ...(await readdir(folder)).map((name) => join(folder, name)).filter((path) => path !== own),
    ...(await readdir(own)).filter((name) => name !== FILE).map((name) => join(own, name)),
  ];
  for (const path of candidates) {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (mtimeMs < before) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
