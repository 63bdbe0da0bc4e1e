/**
 * Where the files of the Python engine are. In a bundle they lie in `python/` beside it (see esbuild.mjs); run from
 * source, Node takes the scripts as they are and Pyodide comes from its package.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PythonFiles } from "../../scripting/python/engine.ts";

/** Rejects when a file is missing. Paths have no symbolic links in them: the permission model compares text. */
export async function findPythonFiles(): Promise<PythonFiles> {
  const here = fileURLToPath(import.meta.url);
  return here.endsWith(".ts") ? await fromSource(dirname(here)) : await fromBundle(dirname(here));
}

/** Names all that a memory image depends on: the scripts that boot the interpreter, and its version. */
export async function snapshotKey({ script, pyodideFolder }: PythonFiles): Promise<string> {
  const folder = dirname(script);
  const names = (await readdir(folder)).filter((name) => /\.(ts|mjs|py)$/.test(name) && !name.startsWith("pyodide."));
  const hash = createHash("sha256");
  for (const path of [...names.sort().map((name) => join(folder, name)), join(pyodideFolder, "pyodide-lock.json")]) {
    hash.update(await readFile(path)).update("\0");
  }
  return `pyodide-${hash.digest("hex").slice(0, 24)}`;
}

async function fromBundle(folder: string): Promise<PythonFiles> {
  const root = basename(folder) === "chunks" ? dirname(folder) : folder;
  const python = await realpath(join(root, "python"));
  return {
    script: join(python, "main.mjs"),
    worker: join(python, "worker.mjs"),
    prelude: join(python, "prelude.py"),
    pyodideFolder: python,
    readable: [python],
  };
}

async function fromSource(folder: string): Promise<PythonFiles> {
  const python = await realpath(join(folder, "../../scripting/python"));
  const manifest = await realpath(join(folder, "../../../package.json"));
  const pyodide = await realpath(dirname(fileURLToPath(import.meta.resolve("pyodide/package.json"))));
  return {
    script: join(python, "child/main.ts"),
    worker: join(python, "child/worker.ts"),
    prelude: join(python, "child/prelude.py"),
    pyodideFolder: pyodide,
    readable: [python, pyodide, manifest],
  };
}
