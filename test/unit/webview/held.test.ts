/**
 * Whatever happens, in whatever order (events, lost messages, pages, jumps, snapshots), what the panel holds is a part
 * of what the host has, without a gap or a double, and all of it can be reached.
 */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { EventBatcher } from "../../../src/host/chat/event-batcher.ts";
import { pageOf, snapshotOf } from "../../../src/host/chat/snapshot.ts";
import type { AgentEvent, NewEvent } from "../../../src/protocol/events.ts";
import { reduce } from "../../../src/protocol/reduce.ts";
import { type Entry, emptyState, type SessionState, type TurnState } from "../../../src/protocol/state.ts";
import { entriesOf, FIRST_PLACE, type Place, stretchOf } from "../../../src/protocol/timeline.ts";
import type { HostMessage } from "../../../src/protocol/webview.ts";
import {
  type HeldBounds,
  isJoined,
  newerEdge,
  olderEdge,
  partsOf,
  type Reading,
} from "../../../webview-ui/src/logic/held.ts";
import { heldIn, type Loading, nothingShown, type Shown, takeIn } from "../../../webview-ui/src/logic/intake.ts";

const chars = Number.POSITIVE_INFINITY;
const SNAPSHOT = { entries: 4, chars };
const PAGE = { entries: 6, chars };
const BOUNDS: HeldBounds = { liveMost: 12, liveKept: 5, past: { entries: 15, chars } };

/** A session that goes on, and the bridge's side of the talk. */
class Host {
  state: SessionState = emptyState;
  /** Every state there was, by its `lastSeq`. */
  readonly history = new Map<number, SessionState>();
  outbox: HostMessage[] = [];
  #batcher: EventBatcher | undefined;
  #ids = 0;

  constructor() {
    this.emit({
      type: "session.opened",
      cwd: "/w",
      folders: ["/w"],
      model: "m",
      interface: "tools",
      dialect: "codepilot",
      productVersion: "0",
    });
  }

  get turn() {
    return this.state.activeTurnId === null ? undefined : this.state.turns.at(-1);
  }

  emit(fields: NewEvent, turnId = this.state.activeTurnId): void {
    const seq = this.state.lastSeq + 1;
    const event = { v: 1, seq, at: seq, sessionId: "s", ...(turnId ? { turnId } : {}), ...fields } as AgentEvent;
    this.state = reduce(this.state, event);
    this.history.set(seq, this.state);
    this.#batcher?.push(event);
  }

  id(kind: string): string {
    this.#ids += 1;
    return `${kind}${this.#ids}`;
  }

  snapshot(): void {
    this.#batcher?.dispose();
    this.#batcher = new EventBatcher({
      sentSeq: this.state.lastSeq,
      send: (batch) => this.outbox.push({ type: "events", sessionId: "s", ...batch, phase: this.state.phase }),
      hasCard: (terminal) => this.state.background[terminal] !== undefined,
      timer: { set: () => 1, clear: () => undefined },
    });
    this.outbox.push({ type: "snapshot", ...snapshotOf(this.state, SNAPSHOT) });
  }

  flush(): void {
    this.#batcher?.flush();
  }

  page(direction: "before" | "after", place: Place): void {
    this.flush();
    const afterSeq = this.#batcher?.sentSeq ?? 0;
    this.outbox.push({ type: "entries", sessionId: "s", afterSeq, ...pageOf(this.state, direction, place, PAGE) });
  }
}

class Panel {
  shown: Shown = nothingShown;
  reading: Reading = null;
  readonly host: Host;

  constructor(host: Host) {
    this.host = host;
    host.snapshot();
    this.receive();
  }

  receive(): void {
    const messages = this.host.outbox;
    this.host.outbox = [];
    const { shown, resync } = takeIn(this.shown, messages, this.reading, BOUNDS);
    this.shown = shown;
    if (resync) this.host.snapshot();
  }

  ask(direction: "before" | "after", place: Place | null, loading: Loading): void {
    if (!place || (this.shown.loading && typeof loading === "string")) return;
    this.shown = { ...this.shown, loading };
    this.host.page(direction, place);
  }

  /** The person scrolls to a row somewhere in what is held; `at` from 0 to 1. */
  read(at: number): void {
    const held = heldIn(this.shown);
    const places = (held ? partsOf(held) : []).flatMap(({ turn, number, offset }) =>
      turn.entries.map((_, index) => ({ turn: number, entry: offset + index })),
    );
    this.reading = places[Math.floor(at * places.length)] ?? null;
  }

  check(): void {
    const held = heldIn(this.shown);
    assert.ok(held);
    const whole = this.host.history.get(held.session.lastSeq);
    assert.ok(whole);
    let next: Place | undefined;
    for (const { turn, number, offset, toEnd } of partsOf(held)) {
      const real: TurnState | undefined = whole.turns[number];
      assert.equal(turn.turnId, real?.turnId);
      if (next) assert.deepEqual({ turn: number, entry: offset }, next);
      const end = offset + turn.entries.length;
      assert.deepEqual(turn.entries, real?.entries.slice(offset, end));
      if (toEnd)
        assert.deepEqual([end, turn.steps, turn.finished], [real?.entries.length, real?.steps, real?.finished]);
      next = toEnd ? { turn: number + 1, entry: 0 } : { turn: number, entry: end };
    }
    if (isJoined(held)) assert.deepEqual(next ?? FIRST_PLACE, { turn: whole.turns.length, entry: 0 });
    const { turns: _ours, ...rest } = held.session;
    const { turns: _theirs, allowedKeys: _kept, ...real } = whole;
    assert.deepEqual(rest, { ...real, allowedKeys: [] });
    assert.ok(entriesOf(stretchOf(held.session.turns)) <= BOUNDS.liveMost);
    assert.ok(!held.past || entriesOf(held.past) <= BOUNDS.past.entries);
  }
}

type Step = (host: Host, panel: Panel, pick: number) => void;

const callsOf = (host: Host, open: (entry: Extract<Entry, { kind: "tool" }>) => boolean) =>
  (host.turn?.entries ?? []).filter((entry) => entry.kind === "tool").filter((entry) => !entry.outcome && open(entry));
const oneOf = <T>(list: readonly T[], pick: number): T | undefined => list[pick % list.length];

const openScript = (host: Host) => host.turn?.entries.findLast((entry) => entry.kind === "script" && !entry.outcome);
/** The next response is asked for when the program is over. */
const isScriptOpen = (host: Host) => openScript(host) !== undefined;

const hostSteps: Record<string, Step> = {
  turn: (host) => {
    if (host.turn) return;
    const turnId = host.id("t");
    host.emit({ type: "turn.started", input: { text: "task" }, model: "m" }, turnId);
    host.emit({ type: "item.finished", item: { kind: "user_message", id: host.id("i"), text: "x", origin: "person" } });
  },
  says: (host) => {
    if (host.turn && !isScriptOpen(host))
      host.emit({ type: "item.finished", item: { kind: "assistant_message", id: host.id("i"), text: "y" } });
  },
  streams: (host) => {
    const itemId = host.state.streaming[0]?.itemId;
    if (!host.turn || isScriptOpen(host)) return;
    if (itemId) host.emit({ type: "text.delta", itemId, delta: "z" });
    else host.emit({ type: "item.started", itemId: host.id("i"), kind: "assistant_message" });
  },
  request: (host) => {
    if (!host.turn) return;
    const open = host.turn.entries.findLast((entry) => entry.kind === "script");
    const script = open && !open.outcome ? { script: { scriptId: open.scriptId, index: 1, line: 1 } } : {};
    const call = { tool: "t", argumentsText: "{}", summary: "T", ...script };
    host.emit({ type: "tool.requested", callId: host.id("c"), ...call });
  },
  response: (host) => {
    if (host.turn && !isScriptOpen(host)) host.emit({ type: "usage.updated", usage: null, model: "m" });
  },
  script: (host) => {
    const open = host.turn?.entries.findLast((entry) => entry.kind === "script");
    const outcome = { status: "completed" as const, clean: true, output: "", printed: "", names: [], durationMs: 1 };
    if (open?.outcome === undefined && open) host.emit({ type: "script.finished", scriptId: open.scriptId, outcome });
    // A program begins once its response is closed.
    else if (host.turn && host.turn.steps > 0 && host.turn.entries.every((e) => e.kind === "notice" || e.settled)) {
      host.emit({ type: "script.started", scriptId: host.id("p"), itemId: "i", language: "python", source: "" });
    }
  },
  ask: (host, _, pick) => {
    const call = oneOf(
      callsOf(host, ({ permission }) => !permission),
      pick,
    );
    if (!call) return;
    const access = { kind: "execute", terminal: "main", command: "c", cwd: "/w" } as never;
    const permissionId = host.id("q");
    const words = { title: "", reason: "", sessionKey: null, sessionLabel: null };
    host.emit({
      type: "permission.asked",
      request: { permissionId, callId: call.callId, tool: "t", access, ...words },
    });
  },
  answer: (host, _, pick) => {
    const request = oneOf(host.state.pendingPermissions, pick);
    const answer = { decision: "allowed", scope: "once", by: "person" } as const;
    if (request) host.emit({ type: "permission.answered", permissionId: request.permissionId, answer });
  },
  start: (host, _, pick) => {
    const call = oneOf(
      callsOf(host, ({ startedAt }) => startedAt === undefined),
      pick,
    );
    if (call) host.emit({ type: "tool.started", callId: call.callId, recovery: { kind: "repeat" } });
  },
  finish: (host, _, pick) => {
    const call = oneOf(
      callsOf(host, () => true),
      pick,
    );
    const outcome = { status: "done", output: "", durationMs: 1 } as const;
    if (call) host.emit({ type: "tool.finished", callId: call.callId, outcome });
  },
  /** A call ends and its command goes on. */
  leave: (host, _, pick) => {
    const call = oneOf(
      callsOf(host, () => true),
      pick,
    );
    if (!call) return;
    const terminal = `terminal${pick % 3}`;
    const commandId = host.id("command");
    const display = { kind: "command", terminal, command: "c", commandId, status: "running", exitCode: null } as const;
    const outcome = { status: "done", output: "", durationMs: 1 } as const;
    // One is over when another begins.
    if (host.state.background[terminal]) steps.ends?.(host, _, pick);
    host.emit({
      type: "tool.finished",
      callId: call.callId,
      outcome: { ...outcome, display: { ...display, cwd: null, outputTail: "begun" } },
    });
    host.emit({ type: "terminal.output", terminal, chunk: "printed" });
  },
  prints: (host, _, pick) => host.emit({ type: "terminal.output", terminal: `terminal${pick % 3}`, chunk: "more" }),
  ends: (host, _, pick) => {
    const found = oneOf(Object.entries(host.state.background), pick);
    if (!found) return;
    const [terminal, { callId, commandId }] = found;
    const end = { status: "completed", exitCode: 0, durationMs: 5, outputTail: "all" } as const;
    if (pick % 2) host.emit({ type: "terminal.exited", terminal, exitCode: 1 });
    host.emit({ type: "command.finished", callId, terminal, commandId, ...end });
  },
  exits: (host, _, pick) => host.emit({ type: "terminal.exited", terminal: `terminal${pick % 3}`, exitCode: null }),
  notice: (host) => host.turn && host.emit({ type: "notice.raised", level: "info", code: "n", message: "m" }),
  burst: (host, _, pick) => {
    for (let n = 0; n < pick % 30 && host.turn; n += 1) hostSteps[n % 3 ? "notice" : "says"]?.(host, _, 0);
  },
  end: (host, _, pick) => {
    if (host.turn && pick % 3 === 0) {
      host.emit({ type: "turn.finished", reason: "completed", steps: host.turn.steps, durationMs: 1 });
    }
  },
  resume: (host) => {
    const cut = (host.turn?.entries ?? []).filter((entry) => entry.kind !== "notice" && !entry.settled);
    if (!host.turn) return;
    host.emit({
      type: "turn.resumed",
      discardedItemIds: cut.flatMap((entry) => (entry.kind === "item" ? [entry.item.id] : [])),
      discardedCallIds: cut.flatMap((entry) => (entry.kind === "tool" ? [entry.callId] : [])),
    });
  },
};

const panelSteps: Record<string, Step> = {
  flush: (host) => host.flush(),
  older: (_, panel) => panel.ask("before", olderEdge(panel.shown), "older"),
  newer: (_, panel) => panel.ask("after", newerEdge(panel.shown), "newer"),
  jump: (host, panel, pick) => {
    const turn = pick % Math.max(1, host.state.turns.length);
    const place = { turn, entry: pick % Math.max(1, host.state.turns[turn]?.entries.length ?? 1) };
    panel.ask("after", place, { goTo: place });
  },
  latest: (_, panel) => {
    panel.shown = { ...panel.shown, past: null, loading: null };
    panel.reading = null;
  },
  read: (_, panel, pick) => panel.read((pick % 10) / 10),
  follow: (_, panel) => {
    if (isJoined(panel.shown)) panel.reading = null;
  },
  snapshot: (host) => host.snapshot(),
  lost: (host) => {
    host.flush();
    // What a page says is lost with everything else that was under way.
    host.outbox = [];
    host.snapshot();
  },
  gap: (host) => {
    host.flush();
    const at = host.outbox.findLastIndex(({ type }) => type === "events");
    if (at >= 0) host.outbox.splice(at, 1);
  },
};

const steps = { ...hostSteps, ...panelSteps };
const weights = {
  turn: 3,
  says: 3,
  request: 4,
  response: 3,
  finish: 5,
  leave: 2,
  burst: 4,
  older: 4,
  newer: 2,
  read: 3,
  flush: 2,
};
const names = fc.oneof(
  ...Object.keys(steps).map((name) => ({
    arbitrary: fc.constant(name),
    weight: (weights as Record<string, number>)[name] ?? 1,
  })),
);
const plays = fc.array(fc.record({ name: names, pick: fc.nat(200), receives: fc.boolean() }), {
  minLength: 20,
  maxLength: 150,
});

/** From where the panel is, back to the first entry. */
function walkBack(panel: Panel): Map<string, Entry> {
  const seen = new Map<string, Entry>();
  for (let pages = 0; ; pages += 1) {
    assert.ok(pages < 1_000, "the way back does not end");
    const held = heldIn(panel.shown);
    assert.ok(held);
    for (const { turn, number, offset } of partsOf(held)) {
      for (const [index, entry] of turn.entries.entries()) seen.set(`${number}:${offset + index}`, entry);
    }
    panel.read(0);
    const edge = olderEdge(panel.shown);
    if (!edge) return seen;
    panel.ask("before", edge, "older");
    panel.receive();
    panel.check();
    assert.notDeepEqual(olderEdge(panel.shown), edge);
  }
}

describe("what the panel holds", () => {
  it("is a part of the whole, after any sequence of events, pages, losses and snapshots", function () {
    this.timeout(120_000);
    void fc.assert(
      fc.property(plays, (play) => {
        const host = new Host();
        const panel = new Panel(host);
        for (const { name, pick, receives } of play) {
          steps[name as keyof typeof steps]?.(host, panel, pick);
          if (!receives) continue;
          panel.receive();
          if (!panel.shown.awaitingSnapshot) panel.check();
        }
        // Whatever was lost: with one message more the panel is whole again, and everything can be reached.
        host.emit({ type: "files.changed", callId: "c", changes: [] });
        host.snapshot();
        panel.receive();
        panelSteps.latest?.(host, panel, 0);
        panel.check();
        const seen = walkBack(panel);
        const all = host.state.turns.flatMap(({ entries }, turn) =>
          entries.map((entry, index) => [`${turn}:${index}`, entry] as const),
        );
        assert.deepEqual(new Set(seen.keys()), new Set(all.map(([place]) => place)));
        for (const [place, entry] of all) assert.deepEqual(seen.get(place), entry);
      }),
      { numRuns: 1000 },
    );
  });

  it("comes back over the gap to the live end, page by page", () => {
    const host = new Host();
    hostSteps.turn?.(host, null as never, 0);
    for (let n = 0; n < 60; n += 1) hostSteps.says?.(host, null as never, 0);
    const panel = new Panel(host);
    panel.ask("after", FIRST_PLACE, { goTo: FIRST_PLACE });
    panel.receive();
    panel.reading = FIRST_PLACE;
    assert.equal(isJoined(panel.shown), false);
    hostSteps.burst?.(host, panel, 29);
    for (let pages = 0; !isJoined(panel.shown); pages += 1) {
      assert.ok(pages < 30);
      panel.ask("after", newerEdge(panel.shown), "newer");
      panel.receive();
      panel.check();
      panel.read(0.99);
    }
    const held = heldIn(panel.shown);
    assert.ok(held);
    assert.deepEqual(partsOf(held).at(-1)?.turn.entries.at(-1), host.state.turns[0]?.entries.at(-1));
  });
});
