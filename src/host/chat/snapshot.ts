/** The parts of a session that the panel is sent: its newest end, and the stretches before it that are asked for. */

import type { SessionState } from "../../protocol/state.ts";
import {
  charsOf,
  type Place,
  type Stretch,
  type StretchLimit,
  stretchAfter,
  stretchBefore,
  stretchOf,
} from "../../protocol/timeline.ts";
import { slimEntry, slimNotice, slimQueued } from "./slim.ts";

/** A few screens; what is above them is asked for once they are shown. */
const SNAPSHOT: StretchLimit = { entries: 60, chars: 300_000 };
const PAGE: StretchLimit = { entries: 200, chars: 1_000_000 };

export interface Snapshot {
  readonly state: SessionState;
  /** Place of the first entry in `state`. */
  readonly from: Place;
}

export function snapshotOf(state: SessionState, limit: StretchLimit = SNAPSHOT): Snapshot {
  const whole = stretchOf(state.turns);
  const { from, turns } = slimmed(stretchBefore(whole, whole.to, limit, weigh));
  const earlyNotices = state.earlyNotices.map(slimNotice);
  const personCommands = { ...state.personCommands, untold: [] };
  const queued = state.queued.map(slimQueued);
  return { state: { ...state, turns, earlyNotices, queued, personCommands, allowedKeys: [] }, from };
}

/** The stretch that ends (`before`) or begins (`after`) at a place; empty where there is nothing. */
export function pageOf(
  state: SessionState,
  direction: "before" | "after",
  place: Place,
  limit: StretchLimit = PAGE,
): Stretch {
  const whole = stretchOf(state.turns);
  return slimmed(
    direction === "before" ? stretchBefore(whole, place, limit, weigh) : stretchAfter(whole, place, limit, weigh),
  );
}

const weigh: typeof charsOf = (entry) => charsOf(slimEntry(entry));

function slimmed(stretch: Stretch): Stretch {
  return { ...stretch, turns: stretch.turns.map((turn) => ({ ...turn, entries: turn.entries.map(slimEntry) })) };
}
