/**
 * Temporary files that a killed process left beside the files it was writing. They are taken away by the next write
 * into the same folder: only those that bear our name, and only old ones, because a young one may be somebody's.
 */
import { randomBytes } from "node:crypto";
import { lstat, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";

/** A write that is under way touches its file all the time; this long nobody waits for a disk. */
export const LEFTOVER_AFTER_MS = 15 * 60_000;
/** Folders whose last sweep is remembered. */
const MAX_FOLDERS = 500;
const TEMPORARY = /^\.codepilot-[0-9a-f]{12}\.tmp$/;

/** A name in `folder` that nobody has. */
export function temporaryIn(folder: string): string {
  return join(folder, `.codepilot-${randomBytes(6).toString("hex")}.tmp`);
}

export class LeftoverSweeper {
  readonly #sweptAtMs = new Map<string, number>();

  /** Removes what is left over in a folder, at most once in a while. Never rejects: what can not go, stays. */
  async sweep(folder: string): Promise<void> {
    const now = Date.now();
    if (now - (this.#sweptAtMs.get(folder) ?? Number.NEGATIVE_INFINITY) < LEFTOVER_AFTER_MS) return;
    if (this.#sweptAtMs.size >= MAX_FOLDERS) this.#sweptAtMs.clear();
    this.#sweptAtMs.set(folder, now);
    const names = await readdir(folder).catch(() => []);
    for (const name of names) {
      if (!TEMPORARY.test(name)) continue;
      const path = join(folder, name);
      const info = await lstat(path).catch(() => null);
      if (info?.isFile() && now - info.mtimeMs > LEFTOVER_AFTER_MS) await unlink(path).catch(() => undefined);
    }
  }
}
