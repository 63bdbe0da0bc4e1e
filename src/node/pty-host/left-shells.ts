/** Ends what a pty host that was killed has left running: shells and daemons that do not mind a hangup. */
import { readFile, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { Log } from "../../ports/log.ts";
import { endLeftSessions } from "../../terminals/process-control.ts";
import { systemProcessTable } from "../pty/process-table.ts";
import { isClaimed, thisMachine } from "../stores/writer-claim.ts";
import type { HostPlace } from "./host-place.ts";

/** How often a living host renews its record. */
export const renewEveryMs = 10_000;
/** Within this time the system does not give all its numbers away. */
const recentMs = 30_000;

/** What the system may need to end a process that was killed, on a busy machine. */
const deathMs = 2_000;
const pollMs = 20;

const leftShellsSchema = z.object({
  /** After a restart the same numbers are other processes. */
  machine: z.string(),
  markPrefix: z.string().min(16),
  shells: z.array(z.object({ pid: z.number(), startedAt: z.string() })),
});
export type LeftShells = z.infer<typeof leftShellsSchema>;

/** Does nothing where a living process owns the place. Resolves within 7 s. */
export async function endShellsOfKilledHost(place: HostPlace, log: Log): Promise<void> {
  // Its connections are gone a moment before it is.
  for (const until = Date.now() + deathMs; await isClaimed(place.claimFile); ) {
    if (Date.now() > until) return;
    await sleep(pollMs);
  }
  await endLeftShells(place, log);
}

/** The caller knows that the process which wrote the record is gone. */
export async function endLeftShells(place: HostPlace, log: Log): Promise<void> {
  const left = await readRecord(place);
  if (left === null || left.machine !== (await thisMachine())) return;
  const { markPrefix, shells: leaders, recent } = left;
  const ended = await endLeftSessions(systemProcessTable(log), { markPrefix, leaders, recent }, process.pid);
  if (!ended) log.warn("something that a killed pty host has left could not be ended", { folder: place.folder });
}

async function readRecord(place: HostPlace): Promise<(LeftShells & { readonly recent: boolean }) | null> {
  try {
    const { mtimeMs } = await stat(place.shellsFile);
    const left = leftShellsSchema.parse(JSON.parse(await readFile(place.shellsFile, "utf8")));
    return { ...left, recent: Date.now() - mtimeMs < recentMs };
  } catch {
    // None, or one that was cut off: its processes can not be told from others.
    return null;
  }
}
