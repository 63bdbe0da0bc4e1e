/** Ends the pty hosts that live in a runtime folder, with all their shells, as when a test's window is over. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const LIMIT_MS = 10_000;

/** Resolves when they are gone; kills what is left after ten seconds. */
export async function endPtyHosts(runtimeFolder: string): Promise<void> {
  const pids = await hostsIn(runtimeFolder);
  for (const pid of pids) signal(pid, "SIGTERM");
  const until = Date.now() + LIMIT_MS;
  while (pids.some((pid) => signal(pid, 0)) && Date.now() < until) await sleep(20);
  for (const pid of pids) signal(pid, "SIGKILL");
}

/** Process ids, from the claims in the folder. */
export async function hostsIn(runtimeFolder: string): Promise<number[]> {
  const base = join(runtimeFolder, "codepilot");
  const names = await readdir(base).catch(() => []);
  const claims = await Promise.all(names.map((name) => readFile(join(base, name, "owner"), "utf8").catch(() => null)));
  return claims
    .flatMap((claim) => (claim === null ? [] : [(JSON.parse(claim) as { pid: number }).pid]))
    .filter(isAlive);
}

export function isAlive(pid: number): boolean {
  return signal(pid, 0);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
