/**
 * The part of a session's timeline that the panel holds: its live end, which events change, and what was loaded before
 * it. The two meet, or there is a gap between them that is loaded when the person comes near. Both are bounded: what is
 * far from where the person reads is dropped, because the host still has it.
 */
import type { AgentEvent, EventType } from "../../../src/protocol/events.ts";
import { reduce } from "../../../src/protocol/reduce.ts";
import type { Entry, Phase, SessionState, TurnState } from "../../../src/protocol/state.ts";
import {
  clip,
  comparePlaces,
  entriesOf,
  FIRST_PLACE,
  join,
  type Place,
  type Stretch,
  type StretchLimit,
  samePlace,
  stretchAfter,
  stretchBefore,
  stretchOf,
} from "../../../src/protocol/timeline.ts";

export interface Held {
  /** Its turns are the live end. */
  readonly session: SessionState;
  /** Place of the first entry in `session`. */
  readonly from: Place;
  /** Never empty, and never past `from`. */
  readonly past: Stretch | null;
}

export interface HeldBounds {
  /** The live end is cut back to `liveKept` when it has more than `liveMost` entries. */
  readonly liveMost: number;
  readonly liveKept: number;
  readonly past: StretchLimit;
}

/** A program may make 1,000 calls: there is room for one and what is around it. */
export const heldBounds: HeldBounds = { liveMost: 400, liveKept: 200, past: { entries: 1_500, chars: 16_000_000 } };

/** Where the person reads: an entry, or null at the end, following what comes. */
export type Reading = Place | null;

/** Whether what is shown goes on to the live end. */
export function isJoined({ past, from }: Pick<Held, "past" | "from">): boolean {
  return past === null || samePlace(past.to, from);
}

/** Where the next older entries would end; null when there are none. */
export function olderEdge({ past, from }: Pick<Held, "past" | "from">): Place | null {
  const edge = past?.from ?? from;
  return samePlace(edge, FIRST_PLACE) ? null : edge;
}

/** Where the gap before the live end begins; null when there is none. */
export function newerEdge(held: Pick<Held, "past" | "from">): Place | null {
  return held.past && !isJoined(held) ? held.past.to : null;
}

/** Events that change entries which are there already, and so perhaps some in the past. */
const CHANGES: ReadonlySet<EventType> = new Set<EventType>([
  "tool.started",
  "tool.finished",
  "script.finished",
  "permission.asked",
  "permission.answered",
  "question.asked",
  "question.answered",
  "usage.updated",
  "turn.finished",
]);

/** Events that change an entry of any turn. */
const CHANGES_ANYWHERE: ReadonlySet<EventType> = new Set<EventType>([
  "context.archived",
  "command.finished",
  "terminal.exited",
]);

/** Null: entries were taken back and the places of what is held can not be told any more; a new snapshot tells. */
export function applyEvent(held: Held, event: AgentEvent): Held | null {
  const session = reduce(held.session, event);
  if (session === held.session) return held;
  if (event.type === "turn.resumed" && (held.past || held.from.entry > 0)) return null;
  const { past } = held;
  const newestTurn = held.from.turn + held.session.turns.length - 1;
  const isOfPast =
    CHANGES_ANYWHERE.has(event.type) ||
    (CHANGES.has(event.type) && past !== null && past.from.turn + past.turns.length - 1 === newestTurn);
  if (!past || !isOfPast) {
    return { ...held, session };
  }
  const { turns } = reduce({ ...held.session, turns: past.turns }, event);
  return { ...held, session, past: { ...past, turns } };
}

/** `phase` as the host says it: what it depends on may have left the window. */
export function withPhase(held: Held, phase: Phase): Held {
  return held.session.phase === phase ? held : { ...held, session: { ...held.session, phase } };
}

/** A new live end; of what was held before it, what cannot have changed since stays, or the view would jump. */
export function takeLiveEnd(before: Held | null, session: SessionState, from: Place, reading: Reading): Held {
  const fresh: Held = { session, from, past: null };
  if (!before || before.session.sessionId !== session.sessionId) return fresh;
  const goingOn = new Set(Object.values(before.session.background).map(({ callId }) => callId));
  const kept = clip(unchanging(allOf(before), goingOn), FIRST_PLACE, from);
  if (kept.turns.length === 0) return fresh;
  const held = { ...fresh, past: kept };
  return reading === null && !isJoined(held) ? fresh : held;
}

/** A page that was asked for. One that fits nowhere any more changes nothing. */
export function takePage(held: Held, page: Stretch): Held {
  const added = clip(page, page.from, held.from);
  if (added.turns.length === 0) return held;
  const { past } = held;
  if (samePlace(added.to, past?.from ?? held.from)) return { ...held, past: past ? join(added, past) : added };
  if (past && samePlace(added.from, past.to)) return { ...held, past: join(past, added) };
  return held;
}

/** A page from elsewhere in place of what was held of the past. */
export function goTo(held: Held, page: Stretch): Held {
  const past = clip(page, page.from, held.from);
  return { ...held, past: past.turns.length === 0 ? null : past };
}

/** Cuts what has grown too large, at the end that is farther from where the person reads. */
export function bound(held: Held, reading: Reading, bounds: HeldBounds): Held {
  const live = stretchOf(held.session.turns, held.from);
  if (entriesOf(live) <= bounds.liveMost) {
    return held.past ? { ...held, past: cut(held.past, reading, bounds.past) } : held;
  }
  const kept = stretchBefore(live, live.to, { entries: bounds.liveKept, chars: Number.POSITIVE_INFINITY });
  const left = clip(live, live.from, kept.from);
  const past = isJoined(held) ? (held.past ? join(held.past, left) : left) : held.past;
  return {
    session: { ...held.session, turns: kept.turns },
    from: kept.from,
    past: past && cut(past, reading, bounds.past),
  };
}

function cut(past: Stretch, reading: Reading, limit: StretchLimit): Stretch {
  const newest = stretchBefore(past, past.to, limit);
  if (newest === past || reading === null || comparePlaces(reading, past.to) >= 0) return newest;
  const oldest = stretchAfter(past, past.from, limit);
  // The person is in one of the two, or in both: then the end that has more of it around stays.
  if (comparePlaces(reading, newest.from) < 0) return oldest;
  if (comparePlaces(reading, oldest.to) >= 0) return newest;
  return distance(past, past.from, reading) < distance(past, reading, past.to) ? oldest : newest;
}

function distance(past: Stretch, from: Place, to: Place): number {
  return entriesOf(clip(past, from, to));
}

/** Everything held, in order; the past alone where there is a gap behind it. */
function allOf(held: Held): Stretch {
  const live = stretchOf(held.session.turns, held.from);
  if (!held.past) return live;
  return isJoined(held) ? join(held.past, live) : held.past;
}

/**
 * The beginning of a stretch, as far as no later event can have changed an entry or taken back one before it. `goingOn`:
 * calls whose commands have gone on after them.
 */
function unchanging(stretch: Stretch, goingOn: ReadonlySet<string>): Stretch {
  const isFinal = (entry: Entry): boolean => isEnded(entry) && !(entry.kind === "tool" && goingOn.has(entry.callId));
  const index = stretch.turns.findIndex(
    (turn) => turn.finished === undefined || (goingOn.size > 0 && !turn.entries.every(isFinal)),
  );
  const turn = stretch.turns[index];
  if (!turn) return stretch;
  const offset = index === 0 ? stretch.from.entry : 0;
  const open = turn.entries.findIndex((entry) => !isFinal(entry));
  const final = open === -1 ? turn.entries : turn.entries.slice(0, open);
  // What is before the stretch is not known to stay, unless a response that is closed comes after it.
  const count = offset === 0 ? final.length : final.findLastIndex(isOfClosedResponse) + 1;
  return clip(stretch, stretch.from, { turn: stretch.from.turn + index, entry: offset + count });
}

function isEnded(entry: Entry): boolean {
  if (entry.kind === "notice") return true;
  if (entry.kind === "item") return entry.settled;
  if (!entry.settled || entry.outcome === undefined) return false;
  return entry.kind === "script" || !(isAsking(entry.permission) || isAsking(entry.question));
}

function isAsking(record: { readonly answer?: unknown } | undefined): boolean {
  return record !== undefined && record.answer === undefined;
}

function isOfClosedResponse(entry: Entry): boolean {
  if (entry.kind === "notice") return false;
  return entry.settled && !(entry.kind === "item" && entry.item.kind === "user_message");
}

/** A turn as far as it is held. */
export interface TurnPart {
  readonly turn: TurnState;
  /** From 0, of all turns. */
  readonly number: number;
  /** How many of its entries are before those that are here. */
  readonly offset: number;
  /** Its last entry is here. */
  readonly toEnd: boolean;
}

/** What is shown, in order. A turn of which the past has the beginning and the live end the rest comes in two parts. */
export function partsOf(held: Held): TurnPart[] {
  const live = stretchOf(held.session.turns, held.from);
  if (!held.past) return partsOfStretch(live);
  const past = partsOfStretch(held.past);
  return isJoined(held) ? [...past, ...partsOfStretch(live)] : past;
}

function partsOfStretch({ from, to, turns }: Stretch): TurnPart[] {
  return turns.map((turn, index) => {
    const number = from.turn + index;
    return { turn, number, offset: index === 0 ? from.entry : 0, toEnd: number < to.turn };
  });
}
