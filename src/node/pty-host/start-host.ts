/** Starts the pty host as a process of its own, which outlives this one. */
import { spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError, messageOf } from "../../base/app-error.ts";
import { compileCacheFolder } from "../compile-cache.ts";
import { isClaimed } from "../stores/writer-claim.ts";
import { type HostPlace, preparePlace } from "./host-place.ts";

/** It may have to end first what a killed one has left. */
const startTimeoutMs = 15_000;
const keptChars = 4_000;

/** What the host itself needs; the shells get the environment that their session brings. */
const ownNames = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "XDG_RUNTIME_DIR", "SystemRoot"];

export type HostStart =
  /** It takes connections. */
  | { readonly kind: "ready" }
  /** Another process owns the place: it takes connections already, or soon, or ends just now. */
  | { readonly kind: "taken" }
  | { readonly kind: "failed"; readonly message: string };

export async function startHost(place: HostPlace, env = process.env): Promise<HostStart> {
  try {
    await preparePlace(place);
    // Many may want to be the first; a process for each of them would only make it slower.
    if (await isClaimed(place.claimFile)) return { kind: "taken" };
    const script = await hostScript();
    return await launch([script, place.folder, place.controlSocket], await environmentOf(env));
  } catch (error) {
    const next = AppError.is(error) && error.next !== undefined ? `. ${error.next}` : "";
    return { kind: "failed", message: messageOf(error) + next };
  }
}

function launch(args: readonly string[], env: Record<string, string>): Promise<HostStart> {
  const { promise, resolve } = Promise.withResolvers<HostStart>();
  const child = spawn(process.execPath, args, {
    detached: true,
    cwd: "/",
    env,
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  let said = "";
  let complaint = "";
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
    resolve({ kind: "failed", message: `it was not ready after ${startTimeoutMs} ms` });
  }, startTimeoutMs);
  child.once("error", (error) => resolve({ kind: "failed", message: error.message }));
  // Without descriptors it has not even got pipes.
  if (child.pid === undefined) return promise.finally(() => clearTimeout(timer));
  // Not `exit`, which may come before what it has said.
  child.once("close", (code, signal) => {
    const why = /^\w*Error\b.*/m.exec(complaint)?.[0] ?? `it ended (${code ?? signal})`;
    resolve({ kind: "failed", message: why });
  });
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString("utf8")).slice(-keptChars);
  });
  child.stdout.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(0, keptChars);
    const [line, ...more] = said.split("\n");
    if (line === undefined || more.length === 0) return;
    if (line === "ready" || line === "taken") resolve({ kind: line });
    else resolve({ kind: "failed", message: line.replace(/^failed /, "") });
  });
  return promise.finally(() => {
    clearTimeout(timer);
    child.stdout.destroy();
    child.stderr.destroy();
    child.removeAllListeners();
    child.on("error", () => undefined);
    child.unref();
  });
}

/** Beside the bundles, or in the source. Rejects when it is not there. */
async function hostScript(): Promise<string> {
  const here = fileURLToPath(import.meta.url);
  const folder = dirname(here);
  if (here.endsWith(".ts")) return join(folder, "../../pty-host/main.ts");
  const script = join(basename(folder) === "chunks" ? dirname(folder) : folder, "pty-host.js");
  await access(script);
  return script;
}

/** Keys and tokens of this process have no business there. In the editor its program runs as plain Node. */
async function environmentOf(env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const own = Object.entries(env).filter(([name]) => ownNames.includes(name) || name.startsWith("CODEPILOT_PTY_HOST_"));
  const compiled = await compileCacheFolder();
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
    ELECTRON_RUN_AS_NODE: "1",
  };
}
