/** What the panel is sent: few messages, in order, nothing lost that shows. */
import assert from "node:assert/strict";
import { type EventBatch, EventBatcher } from "../../../src/host/chat/event-batcher.ts";
import { snapshotOf, turnsBefore } from "../../../src/host/chat/snapshot.ts";
import { type AgentEvent, EVENT_VERSION, type NewEvent } from "../../../src/protocol/events.ts";
import { reduceAll } from "../../../src/protocol/reduce.ts";

let seq = 0;

function event(fields: NewEvent): AgentEvent {
  seq += 1;
  return { v: EVENT_VERSION, seq, at: seq, sessionId: "s", turnId: "t", ...fields } as AgentEvent;
}

class HandClock {
  #callback: (() => void) | undefined;
  set(callback: () => void): unknown {
    this.#callback = callback;
    return 1;
  }
  clear(): void {
    this.#callback = undefined;
  }
  tick(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }
}

function batcher(sentSeq = 0) {
  const sent: EventBatch[] = [];
  const clock = new HandClock();
  return { sent, clock, batcher: new EventBatcher(sentSeq, (batch) => sent.push(batch), clock) };
}

describe("event batcher", () => {
  beforeEach(() => {
    seq = 0;
  });

  it("sends a thousand deltas of one item as one message with one event", () => {
    const { sent, clock, batcher: subject } = batcher();
    for (let n = 0; n < 1_000; n += 1) subject.push(event({ type: "text.delta", itemId: "i", delta: `${n} ` }));
    assert.equal(sent.length, 0);
    clock.tick();
    assert.equal(sent.length, 1);
    assert.equal(sent[0]?.events.length, 1);
    const [merged] = sent[0]?.events ?? [];
    assert.equal(merged?.seq, 1_000);
    assert.equal(merged?.type === "text.delta" && merged.delta.split(" ").length, 1_001);
  });

  it("keeps deltas of different items apart and in order", () => {
    const { sent, batcher: subject } = batcher();
    for (const itemId of ["a", "a", "b", "a"]) subject.push(event({ type: "text.delta", itemId, delta: "x" }));
    subject.flush();
    assert.deepEqual(
      sent[0]?.events.map((sentEvent) => sentEvent.type === "text.delta" && [sentEvent.itemId, sentEvent.delta]),
      [
        ["a", "xx"],
        ["b", "x"],
        ["a", "x"],
      ],
    );
  });

  it("sends what a person waits for at once, with what came before it", () => {
    const { sent, batcher: subject } = batcher();
    subject.push(event({ type: "text.delta", itemId: "i", delta: "x" }));
    subject.push(event({ type: "turn.finished", reason: "completed", steps: 1, durationMs: 1 }));
    assert.deepEqual(
      sent.map(({ events }) => events.map(({ type }) => type)),
      [["text.delta", "turn.finished"]],
    );
  });

  it("says after which event a message follows, also when something between was not worth sending", () => {
    const { sent, batcher: subject } = batcher(0);
    subject.push(event({ type: "text.delta", itemId: "i", delta: "x" }));
    subject.flush();
    subject.push(event({ type: "terminal.output", terminal: "main", chunk: "x" }));
    subject.push(event({ type: "text.delta", itemId: "i", delta: "y" }));
    subject.flush();
    assert.deepEqual(
      sent.map(({ afterSeq }) => afterSeq),
      [0, 1],
    );
  });

  it("bounds a flood of output and strips what only the provider can read", () => {
    const { sent, batcher: subject } = batcher();
    const chunk = "x".repeat(1_000_000);
    for (let n = 0; n < 5; n += 1) subject.push(event({ type: "tool.output", callId: "c", chunk }));
    const replay = { provider: "p", model: "m", data: "sealed" };
    subject.push(event({ type: "item.finished", item: { kind: "reasoning", id: "r", text: "t", replay } }));
    subject.flush();
    const text = JSON.stringify(sent);
    assert.ok(text.length < 20_000, `${text.length}`);
    assert.doesNotMatch(text, /sealed/);
  });
});

describe("snapshot", () => {
  const session = (turns: number, entries: number) => {
    seq = 0;
    const events: AgentEvent[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      const turnId = `t${turn}`;
      const inTurn = (fields: NewEvent) => events.push({ ...event(fields), turnId });
      inTurn({ type: "turn.started", input: { text: `task ${turn}` }, model: "m" });
      for (let n = 0; n < entries; n += 1) {
        inTurn({ type: "item.finished", item: { kind: "assistant_message", id: `${turnId}-${n}`, text: "x" } });
      }
      inTurn({ type: "turn.finished", reason: "completed", steps: 1, durationMs: 1 });
    }
    return reduceAll(events);
  };

  it("holds the newest turns up to its bound and says how many are left out", () => {
    const { state, olderTurns } = snapshotOf(session(30, 20));
    assert.equal(state.turns.length, 10);
    assert.equal(olderTurns, 20);
    assert.equal(state.turns.at(-1)?.turnId, "t29");
  });

  it("pages older turns window by window to the first one", () => {
    const whole = session(25, 20);
    let { turns, olderTurns } = turnsBefore(whole, snapshotOf(whole).state.turns[0]?.turnId ?? "");
    const seen = [...turns];
    while (olderTurns > 0) {
      ({ turns, olderTurns } = turnsBefore(whole, turns[0]?.turnId ?? ""));
      seen.unshift(...turns);
    }
    assert.deepEqual(
      seen.map(({ turnId }) => turnId),
      Array.from({ length: 15 }, (_, n) => `t${n}`),
    );
  });

  it("always holds the last turn, bounded even when it alone is larger than any window", () => {
    const { state } = snapshotOf(session(2, 5_000));
    assert.equal(state.turns.length, 1);
    assert.equal(state.turns[0]?.entries.length, 2_000);
  });
});
