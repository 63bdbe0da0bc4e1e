/**
 * Folds what the host sent since the last frame into what the panel shows. Pure, so that gaps, strangers and late
 * snapshots can be tested without a browser. The caller sends `ready` when `resync` is set.
 */

import type { AgentEvent } from "../../../src/protocol/events.ts";
import type { UserInput } from "../../../src/protocol/items.ts";
import type { SessionState } from "../../../src/protocol/state.ts";
import { FIRST_PLACE, type Place, type Stretch, samePlace } from "../../../src/protocol/timeline.ts";
import type { HostMessage, ViewEnvironment } from "../../../src/protocol/webview.ts";
import {
  applyEvent,
  bound,
  goTo,
  type Held,
  heldBounds,
  type Reading,
  takeLiveEnd,
  takePage,
  withPhase,
} from "./held.ts";

/** What was asked for of the timeline: the entries next to what is held, or those from a place elsewhere on. */
export type Loading = "older" | "newer" | { readonly goTo: Place };

export interface Shown {
  readonly environment: ViewEnvironment | null;
  /** False until the first snapshot has come. */
  readonly synced: boolean;
  /** A snapshot has been asked for; events are worth nothing until it comes. */
  readonly awaitingSnapshot: boolean;
  /** Its turns are the live end of the timeline. */
  readonly session: SessionState | null;
  readonly from: Place;
  /** What was loaded of the timeline before the live end. */
  readonly past: Stretch | null;
  readonly loading: Loading | null;
  /** Goes up when other rows are shown than those next to the ones before: the list begins anew, at `landing`. */
  readonly visit: number;
  /** Null: at the end. */
  readonly landing: Place | null;
  /** Something asked of the host could not be done. */
  readonly failure: string | null;
}

export const nothingShown: Shown = {
  environment: null,
  synced: false,
  awaitingSnapshot: true,
  session: null,
  from: FIRST_PLACE,
  past: null,
  loading: null,
  visit: 0,
  landing: null,
  failure: null,
};

export interface Intake {
  readonly shown: Shown;
  readonly resync: boolean;
  /** Events that were applied, for announcements. */
  readonly applied: readonly AgentEvent[];
  readonly focus: { readonly text?: string } | null;
  /** Words that the host could not use, for the composer, in the order they were sent. */
  readonly returned: readonly UserInput[];
}

export function takeIn(
  before: Shown,
  messages: readonly HostMessage[],
  reading: Reading = null,
  bounds = heldBounds,
): Intake {
  let shown = before;
  let resync = false;
  let focus: Intake["focus"] = null;
  const returned: UserInput[] = [];
  const applied: AgentEvent[] = [];
  for (const message of messages) {
    switch (message.type) {
      case "environment":
        shown = { ...shown, environment: message.environment };
        break;
      case "snapshot":
        shown = takeSnapshot(shown, message.state, message.from, reading);
        resync = false;
        break;
      case "events": {
        if (shown.awaitingSnapshot) break;
        const after = takeEvents(shown, message, applied);
        resync ||= after === null;
        shown = after ?? { ...shown, awaitingSnapshot: true };
        break;
      }
      case "entries": {
        if (shown.awaitingSnapshot) break;
        const after = takeEntries(shown, message);
        resync ||= after === null;
        shown = after ?? { ...shown, awaitingSnapshot: true };
        break;
      }
      case "composer.focus":
        focus = message.text === undefined ? {} : { text: message.text };
        break;
      case "input.returned":
        returned.push(message.input);
        break;
      case "failed":
        shown = { ...shown, failure: message.message, loading: null };
        break;
    }
  }
  const held = heldIn(shown);
  const grown = shown.past !== before.past || shown.session?.turns !== before.session?.turns;
  if (held && grown) shown = { ...shown, ...bound(held, reading, bounds) };
  return { shown, resync, applied, focus, returned };
}

/** The timeline of what is shown. */
export function heldIn({ session, from, past }: Pick<Shown, "session" | "from" | "past">): Held | null {
  return session && { session, from, past };
}

function takeSnapshot(shown: Shown, state: SessionState | null, from: Place, reading: Reading): Shown {
  const base = { ...shown, synced: true, awaitingSnapshot: false, loading: null };
  if (!state) return { ...base, session: null, from: FIRST_PLACE, past: null };
  return { ...base, ...takeLiveEnd(heldIn(shown), state, from, reading) };
}

/** Null: something is missing, and only a snapshot can tell what. */
function takeEvents(
  shown: Shown,
  message: Extract<HostMessage, { type: "events" }>,
  applied: AgentEvent[],
): Shown | null {
  let held = heldIn(shown);
  if (held?.session.sessionId !== message.sessionId || message.afterSeq > held.session.lastSeq) return null;
  for (const event of message.events) {
    const next: Held | null = applyEvent(held, event);
    if (!next) return null;
    if (next !== held) applied.push(event);
    held = next;
  }
  return { ...shown, ...withPhase(held, message.phase) };
}

/** Null: something is missing before it. */
function takeEntries(shown: Shown, page: Extract<HostMessage, { type: "entries" }>): Shown | null {
  const held = heldIn(shown);
  if (held?.session.sessionId !== page.sessionId) return shown;
  if (page.afterSeq > held.session.lastSeq) return null;
  const { loading } = shown;
  const done: Shown = { ...shown, loading: null };
  if (typeof loading !== "object" || !loading) return { ...done, ...takePage(held, page) };
  if (!samePlace(loading.goTo, page.from)) return shown;
  return { ...done, ...goTo(held, page), visit: shown.visit + 1, landing: loading.goTo };
}
