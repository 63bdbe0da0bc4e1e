/**
 * Installs code-server (a complete VS Code) into the cache folder from npm packages, for `npm start` and the tests.
 * Interrupted at any instant it goes on where it was: each step leaves a stamp in a working folder which becomes the
 * final one by a rename. It runs on the project's Node, so nothing is compiled but VS Code's log writer.
 */
import { existsSync } from "node:fs";
import { glob, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "./child-process.ts";
import { cacheFolder } from "./paths.ts";
import { PlainFailure, say, step } from "./progress.ts";

const VERSION = "4.139.1";
/** Goes up whenever the steps below change, so that an older installation is not taken for a complete one. */
const RECIPE = 1;

/** What nobody needs for developing or testing this extension: more than a third of the size. */
const SUPERFLUOUS = [
  "node_modules/@github",
  "node_modules/@devcontainers",
  "node_modules/@microsoft/mxc-sdk",
  "node_modules/@vscode/windows-ca-certs",
  "node_modules/@vscode/windows-mutex",
  "node_modules/@vscode/windows-process-tree",
  "node_modules/@vscode/windows-registry",
  "extensions/copilot",
  "extensions/mermaid-markdown-features",
  "extensions/microsoft-authentication",
];

export interface CodeServerInstallation {
  /** The script to run with Node. */
  entry: string;
  node: string;
  version: string;
}

function installation(folder: string): CodeServerInstallation {
  return {
    entry: join(folder, "node_modules/code-server/out/node/entry.js"),
    node: process.execPath,
    version: VERSION,
  };
}

function finalFolder(): string {
  return join(cacheFolder(), `code-server-${VERSION}-r${RECIPE}`);
}

/** The installed code-server; throws a plain failure when `ensureCodeServer` has not run. */
export function findCodeServer(): CodeServerInstallation {
  const folder = finalFolder();
  if (!existsSync(folder))
    throw new PlainFailure("code-server is not installed yet: run `npm run test:e2e` or `npm start`.");
  return installation(folder);
}

export async function ensureCodeServer(): Promise<CodeServerInstallation> {
  const folder = finalFolder();
  if (!existsSync(folder)) await withLock(`${folder}.lock`, () => (existsSync(folder) ? undefined : install(folder)));
  return installation(folder);
}

async function install(folder: string): Promise<void> {
  const working = `${folder}.partial`;
  const server = join(working, "node_modules/code-server/lib/vscode");
  const stamps = join(working, "stamps");
  await mkdir(stamps, { recursive: true });

  const once = async (name: string, title: string, work: (note: (detail: string) => void) => Promise<void>) => {
    const stamp = join(stamps, name);
    if (existsSync(stamp)) return;
    await step(title, work);
    await writeFile(stamp, "");
  };

  const npm = async (cwd: string, args: string[], note: (detail: string) => void) => {
    const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts", "--loglevel=http"];
    const onLine = (line: string): void => {
      if (line.includes("http fetch")) note(`fetched ${line.split("/").slice(3).join("/").slice(0, 60)}`);
    };
    const { code, output } = await run("npm", [...args, ...quiet], { cwd, onLine, timeLimitMs: 10 * 60_000 });
    if (code !== 0) throw new PlainFailure(`npm ${args.join(" ")} failed:\n${output.slice(-2000)}`);
  };

  await once("1-code-server", `Fetching code-server ${VERSION} (once, into ${dirname(folder)})`, async (note) => {
    await writeFile(join(working, "package.json"), JSON.stringify({ private: true }));
    await npm(working, ["install", `code-server@${VERSION}`], note);
  });
  await once("2-editor", "Fetching the editor's packages", (note) => npm(server, ["install", "--omit=dev"], note));
  await once("3-extensions", "Fetching the built-in extensions' packages", (note) =>
    npm(join(server, "extensions"), ["install", "--omit=dev"], note),
  );
  await once("4-log-writer", "Compiling the editor's log writer", async () => {
    // The headers for node-gyp ship with the project's Node, so that nothing is downloaded. Without a compiler
    // everything works, but Output channels stay empty.
    const rebuild = (): Promise<{ code: number }> =>
      run("npm", ["rebuild", "@vscode/spdlog", "@vscode/native-watchdog"], {
        cwd: server,
        env: { npm_config_nodedir: dirname(dirname(process.execPath)), JOBS: String(cpus().length) },
        output: "keep",
        timeLimitMs: 5 * 60_000,
      });
    // A compiler left over from an interrupted installation can get in the way of the first try.
    if ((await rebuild()).code !== 0 && (await rebuild()).code !== 0) {
      say("  not compiled (needs g++, make, python3); going on, the Output panel will stay empty");
    }
  });
  await once("5-prune", "Removing what is not needed", async () => {
    for (const path of SUPERFLUOUS) await rm(join(server, path), { recursive: true, force: true });
    for await (const map of glob("**/*.map", { cwd: server })) await rm(join(server, map), { force: true });
  });
  await rename(working, folder);
}

/** One installer at a time; a lock whose owner is gone is taken over. */
async function withLock(lock: string, work: () => Promise<void> | undefined): Promise<void> {
  for (let told = false, unowned = 0; ; await sleep(500)) {
    try {
      await writeFile(lock, String(process.pid), { flag: "wx" });
      break;
    } catch {
      const owner = Number(await readFile(lock, "utf8").catch(() => ""));
      if (owner > 0 && isAlive(owner)) {
        if (!told) say(`Waiting for process ${owner}, which is installing code-server …`);
        told = true;
      } else if (owner > 0 || ++unowned > 4) {
        // Its owner is gone, or died before it could write its number.
        await rm(lock, { force: true });
      }
    }
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
