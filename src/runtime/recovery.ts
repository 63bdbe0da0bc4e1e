/**
 * What to do with a turn that a dead process left behind. A cut response is forgotten, a call that had not started
 * is asked and run as if nothing had happened, and one that had started is resolved by what it is; never is a call
 * with effects run again on a guess.
 */

import { hashOf } from "../base/content-hash.ts";
import type { FileSystem } from "../ports/file-system.ts";
import type { Terminals } from "../ports/terminals.ts";
import type { NewEvent } from "../protocol/events.ts";
import { openCallsOf, type SessionState, type ToolEntry } from "../protocol/state.ts";

export interface InterruptedTurn {
  readonly turnId: string;
  /** Every started call can be resolved, so the turn may go on by itself. */
  readonly canContinue: boolean;
  /** Titles of the calls whose effect is not known. */
  readonly unresolved: readonly string[];
}

export function inspectInterrupted(state: SessionState): InterruptedTurn | null {
  const { activeTurnId } = state;
  if (activeTurnId === null) return null;
  const unresolved = startedCalls(state).filter(
    ({ recovery }) => recovery?.kind !== "repeat" && recovery?.kind !== "edit",
  );
  return {
    turnId: activeTurnId,
    canContinue: unresolved.length === 0,
    unresolved: unresolved.map((call) => call.summary),
  };
}

/** The events that bring an interrupted turn to a point from which the loop can go on. */
export async function recoveryEvents(
  state: SessionState,
  files: FileSystem,
  terminals: Terminals,
): Promise<readonly NewEvent[]> {
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
    const resolved = await resolveStarted(call, files, terminals);
    if (resolved) events.push(resolved);
  }
  return events;
}

function startedCalls(state: SessionState): readonly ToolEntry[] {
  return openCallsOf(state.turns.at(-1)).filter((call) => call.startedAt !== undefined);
}

/** The call's end, or null when the scheduler shall run it (again). */
async function resolveStarted(call: ToolEntry, files: FileSystem, terminals: Terminals): Promise<NewEvent | null> {
  const recovery = call.recovery;
  switch (recovery?.kind) {
    case "repeat":
      return null;
    case "edit": {
      const bytes = await files.read(recovery.path).catch(() => null);
      const hash = bytes === null ? null : hashOf(bytes);
      if (hash === recovery.afterHash) {
        return finish(
          call.callId,
          "done",
          `${recovery.path} was written. (CodePilot was restarted meanwhile; the file has the content you gave. Read it before editing it again.)`,
        );
      }
      // Nothing was applied and nobody changed it since: the scheduler does the same edit, which was allowed then.
      if (hash === recovery.beforeHash) return null;
      return finish(
        call.callId,
        "interrupted",
        `CodePilot was restarted while it wrote ${recovery.path}, and the file now has neither the old nor the new content: somebody else changed it. Read it and decide anew.`,
      );
    }
    case "command": {
      const result = await terminals.result(recovery.commandId);
      if (result && result.status === "completed") {
        return finish(
          call.callId,
          "done",
          `The command ended while CodePilot was restarted. Exit code: ${result.exitCode}\n${result.output.text}`,
        );
      }
      return finish(
        call.callId,
        "interrupted",
        "CodePilot was restarted while this command ran, and the command ended with it. What it had done until then is not known: look at its effects before you run it again.",
      );
    }
    default:
      return finish(
        call.callId,
        "interrupted",
        "CodePilot was restarted while this ran. Its effect is not known: look before you repeat it.",
      );
  }
}

function finish(callId: string, status: "done" | "cancelled" | "interrupted", output: string): NewEvent {
  return { type: "tool.finished", callId, outcome: { status, output, durationMs: 0 } };
}
