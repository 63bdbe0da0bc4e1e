/** Ends what a pty host that was killed has left running: shells and daemons that do not mind a hangup. */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import type { Log } from "../../ports/log.ts";
import { endLeftSessions } from "../../terminals/process-control.ts";
import { systemProcessTable } from "../pty/process-table.ts";
import { isClaimed, thisMachine } from "../stores/writer-claim.ts";
import type { HostPlace } from "./host-place.ts";

const leftShellsSchema = z.object({
  /** After a restart the same numbers are other processes. */
  machine: z.string(),
  markPrefix: z.string().min(16),
  shells: z.array(z.object({ pid: z.number(), startedAt: z.string() })),
});
export type LeftShells = z.infer<typeof leftShellsSchema>;

/** Does nothing while a living process owns the place. Resolves within 5 s. */
export async function endShellsOfKilledHost(place: HostPlace, log: Log): Promise<void> {
  if (!(await isClaimed(place.claimFile))) await endLeftShells(place, log);
}

/** The caller knows that the process which wrote the record is gone. */
export async function endLeftShells(place: HostPlace, log: Log): Promise<void> {
  const left = await readRecord(place);
  if (left === null || left.machine !== (await thisMachine())) return;
  const { markPrefix, shells } = left;
  const ended = await endLeftSessions(systemProcessTable(log), { markPrefix, leaders: shells }, process.pid);
  if (!ended) log.warn("something that a killed pty host has left could not be ended", { folder: place.folder });
}

async function readRecord(place: HostPlace): Promise<LeftShells | null> {
  try {
    return leftShellsSchema.parse(JSON.parse(await readFile(place.shellsFile, "utf8")));
  } catch {
    // None, or one that was cut off: its processes can not be told from others.
    return null;
  }
}
