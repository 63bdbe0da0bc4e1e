/**
 * Windows of a session's timeline. A session may hold any number of entries, and one turn alone may; what shows it
 * holds stretches of it and asks for the ones next to them. Places count turns and entries from the beginning, so they
 * stay what they are while the session grows at its end.
 */
import type { Entry, TurnState } from "./state.ts";

/** Where an entry is: its turn among all turns of the session and its place in that turn, both from 0. */
export interface Place {
  readonly turn: number;
  readonly entry: number;
}

export const FIRST_PLACE: Place = { turn: 0, entry: 0 };

/** Entries that follow each other without a gap. The first turn may lack its beginning and the last one its end. */
export interface Stretch {
  readonly from: Place;
  /** Behind the last entry. Entry 0 of a turn means that the turn before is here to its very end. */
  readonly to: Place;
  readonly turns: readonly TurnState[];
}

/** How much a stretch may hold; one entry is always taken, however large. */
export interface StretchLimit {
  readonly entries: number;
  readonly chars: number;
}

/** Negative when `one` comes before `other`, 0 when they are the same. */
export function comparePlaces(one: Place, other: Place): number {
  return one.turn - other.turn || one.entry - other.entry;
}

export function samePlace(one: Place, other: Place): boolean {
  return comparePlaces(one, other) === 0;
}

/** All that begins at `from` (the whole timeline, where it is not given). */
export function stretchOf(turns: readonly TurnState[], from: Place = FIRST_PLACE): Stretch {
  return { from, to: { turn: from.turn + turns.length, entry: 0 }, turns };
}

export function entriesOf(stretch: Stretch): number {
  return stretch.turns.reduce((sum, turn) => sum + turn.entries.length, 0);
}

/** What of a stretch lies between two places. */
export function clip(stretch: Stretch, from: Place, to: Place): Stretch {
  const low = later(from, stretch.from);
  const high = earlier(to, stretch.to);
  if (comparePlaces(low, high) >= 0) return { from: low, to: low, turns: [] };
  if (samePlace(low, stretch.from) && samePlace(high, stretch.to)) return stretch;
  const turns: TurnState[] = [];
  stretch.turns.forEach((turn, index) => {
    const number = stretch.from.turn + index;
    if (number < low.turn || number > high.turn || (number === high.turn && high.entry === 0)) return;
    const offset = index === 0 ? stretch.from.entry : 0;
    const start = number === low.turn ? low.entry - offset : 0;
    const end = number === high.turn ? high.entry - offset : turn.entries.length;
    const whole = start === 0 && end >= turn.entries.length;
    turns.push(whole ? turn : { ...turn, entries: turn.entries.slice(start, end) });
  });
  return { from: low, to: high, turns };
}

/** Two stretches as one; `second` begins where `first` ends. What both say of a shared turn is taken from `second`. */
export function join(first: Stretch, second: Stretch): Stretch {
  if (first.turns.length === 0) return second;
  if (second.turns.length === 0) return first;
  const { from } = first;
  const { to } = second;
  // A turn that `first` has to its end begins anew in `second` at entry 0 of the next one.
  const last = first.turns.at(-1) as TurnState;
  const [head, ...rest] = second.turns as readonly [TurnState, ...TurnState[]];
  if (last.turnId !== head.turnId) return { from, to, turns: [...first.turns, ...second.turns] };
  const merged = { ...head, entries: [...last.entries, ...head.entries] };
  return { from, to, turns: [...first.turns.slice(0, -1), merged, ...rest] };
}

/** The newest entries of `stretch` before `end`, as many as the limit has room for. */
export function stretchBefore(
  stretch: Stretch,
  end: Place,
  limit: StretchLimit,
  weigh: (entry: Entry) => number = charsOf,
): Stretch {
  const to = earlier(end, stretch.to);
  const room = roomFor(limit, weigh);
  let from = to;
  while (comparePlaces(from, stretch.from) > 0) {
    const before = placeBefore(stretch, from);
    if (!room(entryAt(stretch, before))) break;
    from = before;
  }
  return clip(stretch, from, to);
}

/** The oldest entries of `stretch` from `start` on, as many as the limit has room for. */
export function stretchAfter(
  stretch: Stretch,
  start: Place,
  limit: StretchLimit,
  weigh: (entry: Entry) => number = charsOf,
): Stretch {
  const from = later(start, stretch.from);
  const room = roomFor(limit, weigh);
  let to = from;
  while (comparePlaces(to, stretch.to) < 0) {
    if (!room(entryAt(stretch, to))) break;
    const next = placeAfter(stretch, to);
    if (samePlace(next, to)) break;
    to = next;
  }
  return clip(stretch, from, to);
}

/** Characters of an entry's texts: what it costs to send and to keep. */
export function charsOf(entry: Entry): number {
  let chars = sizes.get(entry);
  if (chars === undefined) {
    chars = charsIn(entry);
    sizes.set(entry, chars);
  }
  return chars;
}

/** Entries are immutable. */
const sizes = new WeakMap<Entry, number>();

function charsIn(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  let chars = 0;
  for (const part of Object.values(value)) chars += charsIn(part);
  return chars;
}

/** Says of one entry after the other whether it still fits. */
function roomFor(limit: StretchLimit, weigh: (entry: Entry) => number): (entry: Entry | undefined) => boolean {
  let entries = 0;
  let chars = 0;
  return (entry) => {
    const more = entry ? weigh(entry) : 0;
    if (entries > 0 && (entries >= limit.entries || chars + more > limit.chars)) return false;
    entries += 1;
    chars += more;
    return true;
  };
}

function turnAt(stretch: Stretch, number: number): TurnState | undefined {
  return stretch.turns[number - stretch.from.turn];
}

function offsetAt(stretch: Stretch, number: number): number {
  return number === stretch.from.turn ? stretch.from.entry : 0;
}

function entryAt(stretch: Stretch, place: Place): Entry | undefined {
  return turnAt(stretch, place.turn)?.entries[place.entry - offsetAt(stretch, place.turn)];
}

function placeBefore(stretch: Stretch, { turn, entry }: Place): Place {
  if (entry > offsetAt(stretch, turn)) return { turn, entry: entry - 1 };
  const offset = offsetAt(stretch, turn - 1);
  const count = turnAt(stretch, turn - 1)?.entries.length ?? 0;
  return { turn: turn - 1, entry: offset + Math.max(0, count - 1) };
}

function placeAfter(stretch: Stretch, { turn, entry }: Place): Place {
  const end = offsetAt(stretch, turn) + (turnAt(stretch, turn)?.entries.length ?? 0);
  if (entry + 1 < end) return { turn, entry: entry + 1 };
  // The end of a turn that goes on is not the beginning of the next one.
  const over = turnAt(stretch, turn)?.finished !== undefined || turn + 1 < stretch.to.turn;
  return over ? { turn: turn + 1, entry: 0 } : { turn, entry: end };
}

function earlier(one: Place, other: Place): Place {
  return comparePlaces(one, other) <= 0 ? one : other;
}

function later(one: Place, other: Place): Place {
  return comparePlaces(one, other) >= 0 ? one : other;
}
