/** A folder in the temporary directory that only this user can enter, made on first need. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PrivateFolder } from "../../terminals/pty.ts";

export function temporaryPrivateFolder(parent = tmpdir()): PrivateFolder {
  let folder: Promise<string> | undefined;
  return {
    async write(name, content) {
      // mkdtemp makes it 0700 under a name that nobody can foresee.
      folder ??= mkdtemp(join(parent, "codepilot-"));
      const path = join(await folder, name);
      await writeFile(path, content, { mode: 0o600 });
      return path;
    },
    async remove() {
      const made = folder;
      folder = undefined;
      if (made !== undefined) await rm(await made, { recursive: true, force: true });
    },
  };
}
