/**
 * What to do with a turn that a dead process left behind. A cut response is forgotten, a call that had not started
 * is asked and run as if nothing had happened, and one that had started is resolved by what it is; never is a call
 * with effects run again on a guess.
 */
import { isAbsolute, relative } from "node:path";
import { hashOf } from "../base/content-hash.ts";
import type { FileSystem } from "../ports/file-system.ts";
import type { SessionJournal } from "../ports/session-store.ts";
import type { Terminals } from "../ports/terminals.ts";
import type { NewEvent, Recovery } from "../protocol/events.ts";
import { openCallsOf, type SessionState, type ToolEntry } from "../protocol/state.ts";
import { describeChange, versionOf } from "../workspace/describe-change.ts";

export interface InterruptedTurn {
  readonly turnId: string;
  /** Every started call can be resolved, so the turn may go on by itself. */
  readonly canContinue: boolean;
  /** Titles of the calls whose effect is not known. */
  readonly unresolved: readonly string[];
}

export function inspectInterrupted(state: SessionState, terminals: Pick<Terminals, "knows">): InterruptedTurn | null {
  const { activeTurnId } = state;
  if (activeTurnId === null) return null;
  const unresolved = startedCalls(state).filter(({ recovery }) => !isResolvable(recovery, terminals));
  return {
    turnId: activeTurnId,
    canContinue: unresolved.length === 0,
    unresolved: unresolved.map((call) => call.summary),
  };
}

function isResolvable(recovery: Recovery | undefined, terminals: Pick<Terminals, "knows">): boolean {
  if (recovery?.kind === "command") return terminals.knows(recovery.commandId);
  return recovery?.kind === "repeat" || recovery?.kind === "edit";
}

/** The world in which it is looked up what has become of a call. */
export interface RecoverySources {
  readonly files: FileSystem;
  readonly terminals: Terminals;
  /** Has the before-images. */
  readonly journal: Pick<SessionJournal, "getBlob">;
}

/** The events that bring an interrupted turn to a point from which the loop can go on. */
export async function recoveryEvents(state: SessionState, sources: RecoverySources): Promise<readonly NewEvent[]> {
  const entries = state.turns.at(-1)?.entries ?? [];
  const cut = entries.filter((entry) => entry.kind !== "notice" && !entry.settled);
  const events: NewEvent[] = [];
  for (const entry of cut) {
    if (entry.kind === "tool" && entry.outcome === undefined) {
      events.push(finish(entry.callId, "cancelled", "Not run: the reply it was part of was cut off."));
    }
  }
  events.push({
    type: "turn.resumed",
    discardedItemIds: cut.flatMap((entry) => (entry.kind === "item" ? [entry.item.id] : [])),
    discardedCallIds: cut.flatMap((entry) => (entry.kind === "tool" ? [entry.callId] : [])),
  });
  for (const call of startedCalls(state)) {
    events.push(...(await resolveStarted(call, state.cwd, sources)));
  }
  return events;
}

function startedCalls(state: SessionState): readonly ToolEntry[] {
  return openCallsOf(state.turns.at(-1)).filter((call) => call.startedAt !== undefined);
}

/** What ends the call; nothing when the scheduler shall run it (again). */
async function resolveStarted(call: ToolEntry, cwd: string, sources: RecoverySources): Promise<readonly NewEvent[]> {
  const recovery = call.recovery;
  switch (recovery?.kind) {
    case "repeat":
      return [];
    case "edit":
      return resolveEdit(call.callId, recovery, cwd, sources);
    case "command":
      // It goes on, or has ended, in a terminal that outlived us: the scheduler has its tool follow it.
      return sources.terminals.knows(recovery.commandId) ? [] : [finish(call.callId, "interrupted", COMMAND_GONE)];
    default:
      return [finish(call.callId, "interrupted", EFFECT_UNKNOWN)];
  }
}

const COMMAND_GONE =
  "CodePilot was restarted while this command ran, and the terminal it ran in is gone. What it had done until then is not known: look at its effects before you run it again.";
const EFFECT_UNKNOWN = "CodePilot was restarted while this ran. Its effect is not known: look before you repeat it.";

/** The file tells whether the edit was applied; one that was has the same traces as if nothing had come between. */
async function resolveEdit(
  callId: string,
  { path, beforeHash, afterHash }: Extract<Recovery, { kind: "edit" }>,
  cwd: string,
  { files, journal }: RecoverySources,
): Promise<readonly NewEvent[]> {
  const bytes = await files.read(path).catch(() => null);
  const hash = bytes === null ? null : hashOf(bytes);
  // Nothing was applied and nobody changed it since: the scheduler does the same edit, which was allowed then.
  if (hash === beforeHash && hash !== afterHash) return [];
  if (bytes === null || hash !== afterHash) {
    const output = `CodePilot was restarted while it wrote ${path}, and the file now has neither the old nor the new content: somebody else changed it. Read it and decide anew.`;
    return [finish(callId, "interrupted", output)];
  }
  const before = beforeHash === null ? null : versionOf(beforeHash, await journal.getBlob(beforeHash));
  const shown = isBelow(cwd, path) ? relative(cwd, path) : path;
  const { change, diff } = await describeChange({ path, shown }, before, versionOf(afterHash, bytes));
  const output = `${path} was written. (CodePilot was restarted meanwhile; the file has the content you gave. Read it before editing it again.)`;
  const display = { kind: "edit", change, diff: diff.diff, diffTruncated: diff.truncated } as const;
  return [
    { type: "files.changed", callId, changes: [change] },
    { type: "tool.finished", callId, outcome: { status: "done", output, display, durationMs: 0 } },
  ];
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !way.startsWith("..") && !isAbsolute(way);
}

function finish(callId: string, status: "done" | "cancelled" | "interrupted", output: string): NewEvent {
  return { type: "tool.finished", callId, outcome: { status, output, durationMs: 0 } };
}
