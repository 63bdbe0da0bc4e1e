/** A folder in the temporary directory that only this user can enter, made on first need and again when it was removed. */
import { randomBytes } from "node:crypto";
import { lstat, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemCodeOf } from "../../base/app-error.ts";
import type { PrivateFolder } from "../../terminals/pty.ts";

export function temporaryPrivateFolder(parent = tmpdir()): PrivateFolder {
  const folder = join(parent, `codepilot-${randomBytes(9).toString("hex")}`);
  let used = false;
  let removed = false;
  const make = async () => {
    if (removed) throw new Error("the folder was removed");
    used = true;
    await makePrivate(folder);
  };
  return {
    async pathOf(name) {
      await make();
      return join(folder, name);
    },
    async write(name, content) {
      const path = join(folder, name);
      // Looked at every time: somebody may have tidied up temporary files, and others know the name by then.
      await make();
      if (name.includes("/")) await makePrivate(dirname(path));
      await writeFile(path, content, { mode: 0o600 });
      return path;
    },
    async remove() {
      removed = true;
      // A write may be under way; then the folder is not empty at the first try.
      if (used) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Rejects when something of that name is there which others could have made or can look into. */
async function makePrivate(folder: string): Promise<void> {
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
  const isOurs = process.getuid === undefined || (info.uid === process.getuid() && (info.mode & 0o077) === 0);
  if (!info.isDirectory() || !isOurs) throw new Error(`${folder} is not a private folder of this user`);
}
