/**
 * Names the packages whose code is in the bundles, with their licences: `dist/THIRD-PARTY-NOTICES.txt`. What the
 * bundler has taken in is read from its metafiles, so the list is never out of date.
 */
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromRoot } from "./paths.ts";

/** Shipped as files or beside the bundles, so no metafile has them. */
const COPIED = [
  "node_modules/pyodide",
  "node_modules/@vscode/codicons",
  "node_modules/node-pty",
  "node_modules/@vscode/ripgrep",
];

/** What has to be said beyond a licence's text. */
const REMARKS: Readonly<Record<string, string>> = {
  pyodide:
    "Pyodide is distributed unchanged under the Mozilla Public License 2.0 (https://mozilla.org/MPL/2.0/); its source is at https://github.com/pyodide/pyodide. It contains CPython, under the Python Software Foundation License (https://docs.python.org/3/license.html).",
  "@vscode/codicons": "The icons are by Microsoft, under the Creative Commons Attribution 4.0 licence.",
};

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** Writes the file; the metafiles of a finished build must be there. */
export async function writeNotices(): Promise<void> {
  const folders = new Set(COPIED);
  for (const name of await readdir(fromRoot("dist/meta"))) {
    const meta = JSON.parse(await readFile(fromRoot(join("dist/meta", name)), "utf8")) as { inputs: object };
    for (const input of Object.keys(meta.inputs)) {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
      if (folder) folders.add(folder);
    }
  }
  const entries = await Promise.all([...folders].map(describe));
  const text = entries
    .filter((entry) => entry !== undefined)
    .sort()
    .join(`\n${"-".repeat(80)}\n\n`);
  await writeFile(fromRoot("dist/THIRD-PARTY-NOTICES.txt"), `What CodePilot ships of others\n\n${text}`);
}

async function describe(folder: string): Promise<string | undefined> {
  const path = fromRoot(folder);
  if (!existsSync(join(path, "package.json"))) return undefined;
  const { name, version, license } = JSON.parse(await readFile(join(path, "package.json"), "utf8")) as Manifest;
  const file = (await readdir(path)).find((entry) => /^(licen[cs]e|copying)(\.|-|$)/i.test(entry));
  const words = file ? (await readFile(join(path, file), "utf8")).trim() : "";
  const remark = REMARKS[name];
  return [`${name} ${version} (${license ?? "see below"})`, ...(remark ? [remark] : []), ...(words ? [words] : [])]
    .map((part) => `${part}\n`)
    .join("\n");
}
