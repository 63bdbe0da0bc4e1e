import assert from "node:assert/strict";
import type { AgentEvent, NewEvent } from "../../../src/protocol/events.ts";
import { reduceAll } from "../../../src/protocol/reduce.ts";
import type { SessionState } from "../../../src/protocol/state.ts";
import type { HostMessage } from "../../../src/protocol/webview.ts";
import { batcher } from "../../../webview-ui/src/logic/batcher.ts";
import { nothingShown, type Shown, takeIn } from "../../../webview-ui/src/logic/intake.ts";

const event = (seq: number, fields: NewEvent): AgentEvent =>
  ({
    v: 1,
    seq,
    at: seq * 10,
    sessionId: "s",
    ...(seq > 1 ? { turnId: `t${Math.ceil(seq / 10)}` } : {}),
    ...fields,
  }) as AgentEvent;

const opened = event(1, {
  type: "session.opened",
  cwd: "/w",
  folders: ["/w"],
  model: "m",
  interface: "tools",
  dialect: "codepilot",
  productVersion: "0",
});
const begun = (seq: number) => event(seq, { type: "turn.started", input: { text: `task ${seq}` }, model: "m" });
const ended = (seq: number) => event(seq, { type: "turn.finished", reason: "completed", steps: 1, durationMs: 5 });
const started = event(3, { type: "item.started", itemId: "i", kind: "assistant_message" });
const delta = (seq: number, text: string) => event(seq, { type: "text.delta", itemId: "i", delta: text });

const base = reduceAll([opened, begun(2), started]);
const snapshot = (state: SessionState | null, turn = 0): HostMessage => ({
  type: "snapshot",
  state,
  from: { turn, entry: 0 },
});
const events = (afterSeq: number, ...list: AgentEvent[]): HostMessage => ({
  type: "events",
  sessionId: "s",
  afterSeq,
  events: list,
  phase: reduceAll(list, base).phase,
});
const shown = (...messages: HostMessage[]): Shown => takeIn(nothingShown, messages).shown;

describe("intake", () => {
  it("waits for a snapshot, then folds events", () => {
    const early = takeIn(nothingShown, [events(0, delta(4, "x"))]);
    assert.equal(early.resync, false);
    assert.equal(early.shown.session, null);
    const later = takeIn(early.shown, [snapshot(base), events(3, delta(4, "Hel"), delta(5, "lo"))]);
    assert.equal(later.shown.session?.streaming[0]?.text, "Hello");
    assert.equal(later.applied.length, 2);
  });

  it("takes merged deltas and left-out events for what they are", () => {
    const { shown: after, resync } = takeIn(shown(snapshot(base)), [
      events(3, delta(40, "many")),
      events(40, delta(55, "!")),
    ]);
    assert.equal(resync, false);
    assert.equal(after.session?.streaming[0]?.text, "many!");
  });

  it("asks once for a snapshot when something is missing, and ignores the rest until it comes", () => {
    const gap = takeIn(shown(snapshot(base)), [events(7, delta(8, "lost")), events(8, delta(9, "more"))]);
    assert.equal(gap.resync, true);
    assert.equal(takeIn(gap.shown, [events(9, delta(10, "…"))]).resync, false);
    const whole = reduceAll([delta(4, "a"), delta(8, "b")], base);
    const healed = takeIn(gap.shown, [snapshot(whole), events(8, delta(9, "c"))]);
    assert.equal(healed.shown.session?.streaming[0]?.text, "abc");
  });

  it("asks for a snapshot when events come of another session", () => {
    const other: HostMessage = {
      type: "events",
      sessionId: "other",
      afterSeq: 0,
      events: [delta(4, "x")],
      phase: "idle",
    };
    assert.equal(takeIn(shown(snapshot(base)), [other]).resync, true);
    assert.equal(takeIn(shown(snapshot(null)), [other]).resync, true);
  });

  it("applies nothing twice when events overlap a snapshot", () => {
    const state = reduceAll([delta(4, "a"), delta(5, "b")], base);
    const { shown: after } = takeIn(shown(snapshot(state)), [events(3, delta(4, "a"), delta(5, "b"), delta(6, "c"))]);
    assert.equal(after.session?.streaming[0]?.text, "abc");
  });

  it("puts older entries in front, once, and keeps them over a re-sync", () => {
    const all = reduceAll([opened, begun(2), ended(9), begun(12), ended(19), begun(22)]);
    const newest = { ...all, turns: all.turns.slice(2) };
    const older: HostMessage = {
      type: "entries",
      sessionId: "s",
      afterSeq: 22,
      from: { turn: 1, entry: 0 },
      to: { turn: 2, entry: 0 },
      turns: all.turns.slice(1, 2),
    };
    const ids = ({ past, session }: Shown) =>
      [...(past?.turns ?? []), ...(session?.turns ?? [])].map(({ turnId }) => turnId);
    const loaded = takeIn({ ...shown(snapshot(newest, 2)), loading: "older" }, [older, older]).shown;
    assert.deepEqual(ids(loaded), ["t2", "t3"]);
    assert.deepEqual(loaded.past?.from, { turn: 1, entry: 0 });
    assert.equal(loaded.loading, null);
    assert.deepEqual(ids(takeIn(loaded, [snapshot(newest, 2)]).shown), ["t2", "t3"]);
  });

  it("asks for a snapshot when entries are taken back of a turn it has not all of", () => {
    const resumed = event(23, { type: "turn.resumed", discardedItemIds: [], discardedCallIds: [] });
    const all = reduceAll([opened, begun(2), ended(9), begun(12)]);
    assert.equal(takeIn(shown(snapshot(all)), [events(12, resumed)]).resync, false);
    const partial: HostMessage = { type: "snapshot", state: all, from: { turn: 0, entry: 7 } };
    assert.equal(takeIn(shown(partial), [events(12, resumed)]).resync, true);
  });

  it("takes the phase from the host, which knows what began before the window", () => {
    const message = { ...events(3, delta(4, "x")), phase: "running-tools" } as HostMessage;
    assert.equal(takeIn(shown(snapshot(base)), [message]).shown.session?.phase, "running-tools");
  });

  it("switches to another session and to none", () => {
    const before = shown(snapshot(base, 4));
    assert.equal(takeIn(before, [snapshot(null)]).shown.session, null);
    const other = { ...base, sessionId: "s2" };
    assert.equal(takeIn(before, [snapshot(other)]).shown.session?.sessionId, "s2");
  });
});

describe("batcher", () => {
  it("hands over once a frame, and by the slow timer where frames have stopped", () => {
    const frames: (() => void)[] = [];
    const timers: (() => void)[] = [];
    let hidden = false;
    const batches: string[][] = [];
    const clock = {
      frame: (run: () => void) => frames.push(run),
      later: (run: () => void) => timers.push(run),
      hidden: () => hidden,
    };
    const push = batcher<string>(clock, (batch) => batches.push([...batch]));
    push("a");
    push("b");
    assert.equal(frames.length, 1);
    frames[0]?.();
    timers[0]?.();
    assert.deepEqual(batches, [["a", "b"]]);
    hidden = true;
    push("c");
    assert.equal(frames.length, 1);
    timers[1]?.();
    // The tab is hidden after the frame was asked for.
    hidden = false;
    push("d");
    timers[2]?.();
    frames[1]?.();
    assert.deepEqual(batches, [["a", "b"], ["c"], ["d"]]);
  });
});
