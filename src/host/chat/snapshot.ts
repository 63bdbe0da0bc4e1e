/** The newest part of a session for the panel, bounded whatever the session has grown to. */

import type { Entry, SessionState, TurnState } from "../../protocol/state.ts";
import { SNAPSHOT_ENTRIES } from "../../protocol/webview.ts";

/** One turn can be longer than any window; beyond this its beginning stays behind. */
const TURN_ENTRIES = 2_000;
/** What the model was told; the panel shows `display` and, for tools without one, the beginning of this. */
const OUTPUT_CHARS = 8_000;

export interface Snapshot {
  readonly state: SessionState;
  readonly olderTurns: number;
}

export function snapshotOf(state: SessionState): Snapshot {
  const from = firstOfWindow(state.turns, state.turns.length);
  return { state: { ...state, turns: state.turns.slice(from).map(slimTurn), allowedKeys: [] }, olderTurns: from };
}

/** The window of turns before `turnId`; empty when that is the first one or unknown. */
export function turnsBefore(
  state: SessionState,
  turnId: string,
): { readonly turns: readonly TurnState[]; readonly olderTurns: number } {
  const end = state.turns.findIndex((turn) => turn.turnId === turnId);
  if (end <= 0) return { turns: [], olderTurns: 0 };
  const from = firstOfWindow(state.turns, end);
  return { turns: state.turns.slice(from, end).map(slimTurn), olderTurns: from };
}

/** Index of the first turn such that those up to `end` hold about SNAPSHOT_ENTRIES entries; always at least one turn. */
function firstOfWindow(turns: readonly TurnState[], end: number): number {
  let entries = 0;
  let from = end;
  while (from > 0) {
    entries += turns[from - 1]?.entries.length ?? 0;
    if (entries > SNAPSHOT_ENTRIES && from < end) break;
    from -= 1;
  }
  return from;
}

function slimTurn(turn: TurnState): TurnState {
  return { ...turn, entries: turn.entries.slice(-TURN_ENTRIES).map(slimEntry) };
}

function slimEntry(entry: Entry): Entry {
  if (entry.kind === "item" && "replay" in entry.item) {
    const { replay: _sealed, ...item } = entry.item;
    return { ...entry, item };
  }
  if (entry.kind !== "tool") return entry;
  const { replay: _sealed, outcome, ...rest } = entry;
  if (!outcome) return rest;
  const output = outcome.output.length > OUTPUT_CHARS ? `${outcome.output.slice(0, OUTPUT_CHARS)}…` : outcome.output;
  return { ...rest, outcome: { ...outcome, output } };
}
