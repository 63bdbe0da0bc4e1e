/** A folder in the temporary directory that only this user can enter, made on first need. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemCodeOf } from "../../base/app-error.ts";
import type { PrivateFolder } from "../../terminals/pty.ts";

function ignoreExisting(error: unknown): void {
  if (systemCodeOf(error) !== "EEXIST") throw error;
}

export function temporaryPrivateFolder(parent = tmpdir()): PrivateFolder {
  let folder: Promise<string> | undefined;
  let removed = false;
  const pathOf = async (name: string) => {
    if (removed) throw new Error("the folder was removed");
    // mkdtemp makes it 0700 under a name that nobody can foresee.
    folder ??= mkdtemp(join(parent, "codepilot-"));
    return join(await folder, name);
  };
  return {
    pathOf,
    async write(name, content) {
      const path = await pathOf(name);
      // Not recursive: a folder that somebody has removed is not made again under a name that is known by now.
      if (name.includes("/")) await mkdir(dirname(path), { mode: 0o700 }).catch(ignoreExisting);
      await writeFile(path, content, { mode: 0o600 });
      return path;
    },
    async remove() {
      removed = true;
      // A write may be under way; then the folder is not empty at the first try.
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
