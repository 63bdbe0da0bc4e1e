/** Throw-away workspaces written as object literals: `await fileTree({ "src/a.ts": "…", "link": symlinkTo("/etc") })`. */
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { removeFolder } from "./remove-folder.ts";

export interface Symlink {
  readonly target: string;
}

export function symlinkTo(target: string): Symlink {
  return { target };
}

/** A name ending in `/` is a folder without content. */
export type Tree = Record<string, string | Uint8Array | Symlink>;

export interface TempWorkspace extends AsyncDisposable {
  /** Absolute and real. */
  readonly root: string;
  path(name: string): string;
  read(name: string): Promise<string>;
  bytes(name: string): Promise<Uint8Array>;
  write(name: string, content: string | Uint8Array): Promise<void>;
  /** Names of everything in a folder, dot files too: shows temporary files that were left behind. */
  names(folder?: string): Promise<string[]>;
  dispose(): Promise<void>;
}

export async function fileTree(tree: Tree = {}): Promise<TempWorkspace> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "codepilot-test-")));
  const path = (name: string) => join(root, name);
  const write = async (name: string, content: string | Uint8Array) => {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), content);
  };
  for (const [name, content] of Object.entries(tree)) {
    if (name.endsWith("/")) await mkdir(path(name), { recursive: true });
    else if (typeof content === "string" || content instanceof Uint8Array) await write(name, content);
    else {
      await mkdir(dirname(path(name)), { recursive: true });
      await symlink(content.target, path(name));
    }
  }
  const dispose = async () => {
    // A test may have taken away the right to look into the folder.
    await chmod(root, 0o700).catch(() => undefined);
    await removeFolder(root);
  };
  return {
    root,
    path,
    read: (name) => readFile(path(name), "utf8"),
    bytes: (name) => readFile(path(name)),
    write,
    names: async (folder = ".") => (await readdir(path(folder))).sort(),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
