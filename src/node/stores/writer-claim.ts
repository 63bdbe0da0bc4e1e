/**
 * One writer a session. The claim is a file with the writer's process in it; a claim whose process is gone is
 * stale and is taken over. Two that see the same stale claim can not both win: it is moved away, not deleted, and who
 * moved the wrong one puts it back.
 */

import { randomBytes } from "node:crypto";
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { systemCodeOf } from "../../base/app-error.ts";

export interface WriterClaim {
  release(): Promise<void>;
}

interface ClaimContent {
  readonly pid: number;
  readonly host: string;
  /** Start of the process in kernel ticks where the system tells: a recycled pid is not the same process. */
  readonly start: string;
  readonly token: string;
}

/** Null when a living process holds the claim. */
export async function claimWriter(path: string): Promise<WriterClaim | null> {
  const content: ClaimContent = {
    pid: process.pid,
    host: hostname(),
    start: await processStart(process.pid),
    token: randomBytes(8).toString("hex"),
  };
  const text = JSON.stringify(content);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await tryCreate(path, text)) return { release: () => releaseClaim(path, text) };
    const held = await readFile(path, "utf8").catch(() => null);
    if (held === null) continue;
    if (await isAlive(held)) return null;
    await moveAway(path, held);
  }
  return null;
}

/** A claim appears whole or not at all: written aside, then linked to its name. */
async function tryCreate(path: string, text: string): Promise<boolean> {
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  await writeFile(aside, text, { flag: "wx", mode: 0o600 });
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(aside).catch(() => undefined);
  }
}

async function moveAway(path: string, stale: string): Promise<void> {
  const aside = `${path}.stale-${randomBytes(6).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readFile(aside, "utf8").catch(() => stale);
  if (moved !== stale) await link(aside, path).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}

async function releaseClaim(path: string, text: string): Promise<void> {
  const held = await readFile(path, "utf8").catch(() => null);
  if (held === text) await unlink(path).catch(() => undefined);
}

async function isAlive(text: string): Promise<boolean> {
  let held: Partial<ClaimContent>;
  try {
    held = JSON.parse(text) as Partial<ClaimContent>;
  } catch {
    return false;
  }
  if (typeof held.pid !== "number") return false;
  // Another machine on a shared home can not be asked; its claim stands.
  if (held.host !== hostname()) return true;
  try {
    process.kill(held.pid, 0);
  } catch (error) {
    if (systemCodeOf(error) === "ESRCH") return false;
  }
  const start = await processStart(held.pid);
  return start === held.start || start === "";
}

async function processStart(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the command in parentheses and may hold spaces; start time is field 22.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
