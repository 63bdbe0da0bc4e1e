/**
 * One writer a session. The claim is a file that names its process; on the same machine the kernel tells whether that
 * process lives, so a killed writer is followed at once. Of other machines (a shared home, a container that was thrown
 * away) only the heartbeat can tell: a claim that was not renewed for a while is stale. A stale claim is
 * removed under a guard that one process has at a time, so of many that see it one wins.
 */
import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, readlink, rmdir, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { systemCodeOf } from "../../base/app-error.ts";

const HEARTBEAT_MS = 10_000;
const STALE_AFTER_MS = 40_000;
const GUARD_STALE_AFTER_MS = 10_000;

export interface WriterClaim {
  /** Whether the claim is still where it was made: it may have been removed, with the folder around it. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

interface ClaimContent {
  readonly pid: number;
  /** Tells which kernel and process table the pid belongs to. */
  readonly machine: string;
  /** Start of the process in kernel ticks where the system tells: a recycled pid is not the same process. */
  readonly start: string;
  readonly token: string;
}

/** Null when a living process holds the claim. */
export async function claimWriter(path: string): Promise<WriterClaim | null> {
  const content: ClaimContent = {
    pid: process.pid,
    machine: await thisMachine(),
    start: await processStart(process.pid),
    token: randomBytes(8).toString("hex"),
  };
  const text = JSON.stringify(content);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await tryCreate(path, text)) return keepAlive(path, text);
    const held = await readFile(path, "utf8").catch(() => null);
    if (held === null) continue;
    if (await isAlive(path, held)) return null;
    await removeStale(path);
  }
  return null;
}

/** Whether a living process holds the claim, without touching it. */
export async function isClaimed(path: string): Promise<boolean> {
  const held = await readFile(path, "utf8").catch(() => null);
  return held !== null && (await isAlive(path, held));
}

function keepAlive(path: string, text: string): WriterClaim {
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    isHeld: async () => (await readFile(path, "utf8").catch(() => null)) === text,
    async release() {
      clearInterval(heartbeat);
      const held = await readFile(path, "utf8").catch(() => null);
      if (held === text) await unlink(path).catch(() => undefined);
    },
  };
}

/** A claim appears whole or not at all: written aside, then linked to its name. */
async function tryCreate(path: string, text: string): Promise<boolean> {
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  await writeFile(aside, text, { flag: "wx", mode: 0o600 });
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "EEXIST") return false;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS") throw error;
    return await createInPlace(path, text);
  } finally {
    await unlink(aside).catch(() => undefined);
  }
}

/** Where there are no hard links: exclusive, though a kill in mid-write leaves a claim that reads as stale. */
async function createInPlace(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** A claim is looked at and removed by one process at a time, so nobody removes the fresh claim that followed a stale one. */
async function removeStale(path: string): Promise<void> {
  const guard = `${path}.takeover`;
  try {
    await mkdir(guard);
  } catch {
    const info = await stat(guard).catch(() => null);
    // Whoever made it was killed in the middle.
    if (info !== null && Date.now() - info.mtimeMs > GUARD_STALE_AFTER_MS) await rmdir(guard).catch(() => undefined);
    return;
  }
  try {
    const held = await readFile(path, "utf8").catch(() => null);
    if (held !== null && !(await isAlive(path, held))) await unlink(path).catch(() => undefined);
  } finally {
    await rmdir(guard).catch(() => undefined);
  }
}

async function isAlive(path: string, text: string): Promise<boolean> {
  let held: Partial<ClaimContent>;
  try {
    held = JSON.parse(text) as Partial<ClaimContent>;
  } catch {
    return false;
  }
  if (typeof held.pid !== "number") return false;
  if (held.machine !== (await thisMachine())) return isFresh(path);
  try {
    process.kill(held.pid, 0);
  } catch (error) {
    if (systemCodeOf(error) === "ESRCH") return false;
  }
  const start = await processStart(held.pid);
  // Dead, though its parent has not taken notice.
  if (start === "zombie") return false;
  // Where the system does not tell when a process began, a recycled pid shows by the missing heartbeat.
  return start === "" ? isFresh(path) : start === held.start;
}

async function isFresh(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => null);
  return info !== null && Date.now() - info.mtimeMs < STALE_AFTER_MS;
}

/** Host name, boot and process namespace: two containers may share the first and even the second. */
export async function thisMachine(): Promise<string> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return [hostname(), boot.trim(), namespace].join(" ");
}

async function processStart(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the command in parentheses and may hold spaces; the third is the state, the 22nd the start.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "zombie" : (fields[19] ?? "");
}
