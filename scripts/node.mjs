#!/usr/bin/env node
// Runs a script with the project's own Node: `node scripts/node.mjs FILE [ARGS…]`.
// People and CI enter with whatever Node the machine has (20 is enough to read this file); everything else here
// relies on Node 24 running TypeScript directly. On a fresh clone the dependencies are installed first.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");

/** The Node to use: the project's platform package, else the running one when it is new enough. */
function findNode() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const binary = process.platform === "win32" ? "node.exe" : "node";
  for (const prefix of ["node", "node-bin"]) {
    const file = join(modules, `${prefix}-${platform}-${process.arch}`, "bin", binary);
    if (existsSync(file)) return file;
  }
  return Number(process.versions.node.split(".")[0]) >= 24 ? process.execPath : undefined;
}

/** npm writes node_modules/.package-lock.json last, so its absence or age tells an unfinished or outdated install. */
function isInstalled() {
  try {
    const installed = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8")).packages;
    const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
    return Object.entries(wanted).every(
      ([path, { version, link, optional }]) =>
        !path.startsWith("node_modules/") || link || (installed[path] ? installed[path].version === version : optional),
    );
  } catch {
    return false;
  }
}

/** A fresh clone gets exactly the lockfile; an installation that is merely outdated is brought up to it in place. */
function install() {
  const command = existsSync(join(modules, ".package-lock.json")) && !process.env.CI ? "install" : "ci";
  process.stderr.write(`Installing dependencies (npm ${command}) …\n`);
  const result = spawnSync("npm", [command, "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    // npm is a .cmd file there.
    shell: process.platform === "win32",
  });
  if (result.status !== 0) {
    const reason = result.error?.message ?? `exit ${result.status}`;
    process.stderr.write(`npm ${command} failed (${reason}); fix that and run again.\n`);
    process.exit(result.status || 1);
  }
}

if (!isInstalled()) install();
const node = findNode();
if (!node) {
  process.stderr.write(
    `CodePilot's scripts need Node 24 or newer; this is ${process.version} and no bundled Node exists for ${process.platform}-${process.arch}.\n`,
  );
  process.exit(1);
}

// The bundled Node goes first on the PATH so that children (npm scripts, tests, node-gyp) use the same one.
const env = {
  ...process.env,
  PATH: [dirname(node), join(modules, ".bin"), process.env.PATH ?? ""].join(delimiter),
  NODE_NO_WARNINGS: process.env.NODE_NO_WARNINGS ?? "1",
};
const child = spawn(node, process.argv.slice(2), { stdio: "inherit", env });
// A terminal's Ctrl-C reaches the child by itself; other signals are passed on. Either way the child decides when to end.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
