/** A folder in the temporary directory that only this user can enter, made on first need. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PrivateFolder } from "../../terminals/pty.ts";

export function temporaryPrivateFolder(parent = tmpdir()): PrivateFolder {
  let folder: Promise<string> | undefined;
  let removed = false;
  return {
    async write(name, content) {
      if (removed) throw new Error("the folder was removed");
      // mkdtemp makes it 0700 under a name that nobody can foresee.
      folder ??= mkdtemp(join(parent, "codepilot-"));
      const path = join(await folder, name);
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
