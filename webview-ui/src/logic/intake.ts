/**
 * Folds what the host sent since the last frame into what the panel shows. Pure, so that gaps, strangers and late
 * snapshots can be tested without a browser. The caller sends `ready` when `resync` is set.
 */

import type { AgentEvent } from "../../../src/protocol/events.ts";
import { reduce } from "../../../src/protocol/reduce.ts";
import type { SessionState, TurnState } from "../../../src/protocol/state.ts";
import type { HostMessage, ViewEnvironment } from "../../../src/protocol/webview.ts";

export interface Shown {
  readonly environment: ViewEnvironment | null;
  /** False until the first snapshot has come. */
  readonly synced: boolean;
  /** A snapshot has been asked for; events are worth nothing until it comes. */
  readonly awaitingSnapshot: boolean;
  readonly session: SessionState | null;
  /** Turns the host has in front of the first one here. */
  readonly olderTurns: number;
  readonly loadingOlder: boolean;
  /** Something asked of the host could not be done. */
  readonly failure: string | null;
}

export const nothingShown: Shown = {
  environment: null,
  synced: false,
  awaitingSnapshot: true,
  session: null,
  olderTurns: 0,
  loadingOlder: false,
  failure: null,
};

export interface Intake {
  readonly shown: Shown;
  readonly resync: boolean;
  /** Events that were applied, for announcements. */
  readonly applied: readonly AgentEvent[];
  readonly focus: { readonly text?: string } | null;
}

export function takeIn(before: Shown, messages: readonly HostMessage[]): Intake {
  let shown = before;
  let resync = false;
  let focus: Intake["focus"] = null;
  const applied: AgentEvent[] = [];
  for (const message of messages) {
    switch (message.type) {
      case "environment":
        shown = { ...shown, environment: message.environment };
        break;
      case "snapshot":
        shown = takeSnapshot(shown, message.state, message.olderTurns);
        resync = false;
        break;
      case "events": {
        if (shown.awaitingSnapshot) break;
        const { session } = shown;
        if (session?.sessionId !== message.sessionId || message.afterSeq > session.lastSeq) {
          shown = { ...shown, awaitingSnapshot: true };
          resync = true;
          break;
        }
        let state = session;
        for (const event of message.events) {
          const next = reduce(state, event);
          if (next !== state) applied.push(event);
          state = next;
        }
        shown = { ...shown, session: state };
        break;
      }
      case "turns":
        shown = takeOlder(shown, message.sessionId, message.turns, message.olderTurns);
        break;
      case "composer.focus":
        focus = message.text === undefined ? {} : { text: message.text };
        break;
      case "failed":
        shown = { ...shown, failure: message.message, loadingOlder: false };
        break;
    }
  }
  return { shown, resync, applied, focus };
}

function takeSnapshot(shown: Shown, state: SessionState | null, olderTurns: number): Shown {
  const base = { ...shown, synced: true, awaitingSnapshot: false, loadingOlder: false };
  const previous = shown.session;
  if (!state || !previous || previous.sessionId !== state.sessionId) return { ...base, session: state, olderTurns };
  // A re-sync of the same session: older turns that were loaded already stay, or the view would jump.
  const first = state.turns[0]?.turnId;
  const at = previous.turns.findIndex((turn) => turn.turnId === first);
  if (at <= 0) return { ...base, session: state, olderTurns };
  const kept = previous.turns.slice(0, at);
  return { ...base, session: { ...state, turns: [...kept, ...state.turns] }, olderTurns: olderTurns - kept.length };
}

function takeOlder(shown: Shown, sessionId: string, turns: readonly TurnState[], olderTurns: number): Shown {
  const { session } = shown;
  if (session?.sessionId !== sessionId) return shown;
  const known = new Set(session.turns.map((turn) => turn.turnId));
  const added = turns.filter((turn) => !known.has(turn.turnId));
  return {
    ...shown,
    loadingOlder: false,
    olderTurns,
    session: added.length === 0 ? session : { ...session, turns: [...added, ...session.turns] },
  };
}
