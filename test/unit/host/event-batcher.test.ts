/** What the panel is sent: few messages, in order, nothing lost that shows. */
import assert from "node:assert/strict";
import { type EventBatch, EventBatcher } from "../../../src/host/chat/event-batcher.ts";
import { type AgentEvent, EVENT_VERSION, type NewEvent } from "../../../src/protocol/events.ts";

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
  const send = (batch: EventBatch) => sent.push(batch);
  const hasCard = (terminal: string) => terminal === "server";
  return { sent, clock, batcher: new EventBatcher({ sentSeq, send, hasCard, timer: clock }) };
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

  it("merges what a program writes and prints, and keeps the line it printed at", () => {
    const { sent, batcher: subject } = batcher();
    const block = { type: "block.delta", itemId: "i", delta: "x" } as const;
    for (const index of [0, 0, 1, 1]) subject.push(event({ ...block, index, kind: "payload", filename: "a" }));
    for (const line of [3, 4]) subject.push(event({ type: "script.output", scriptId: "p", chunk: `${line}\n`, line }));
    subject.flush();
    assert.deepEqual(
      sent[0]?.events.map((sentEvent) => {
        if (sentEvent.type === "block.delta") return [sentEvent.index, sentEvent.delta];
        return sentEvent.type === "script.output" && [sentEvent.chunk, sentEvent.line];
      }),
      [
        [0, "xx"],
        [1, "xx"],
        ["3\n4\n", 4],
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

  it("sends what a terminal prints where a card shows it, merged and bounded", () => {
    const { sent, batcher: subject } = batcher();
    for (let n = 0; n < 1_000; n += 1) {
      subject.push(event({ type: "terminal.output", terminal: "server", chunk: `${n} ${"x".repeat(100)}\n` }));
      subject.push(event({ type: "terminal.output", terminal: "main", chunk: "typed" }));
    }
    subject.flush();
    const [only, ...more] = sent[0]?.events ?? [];
    assert.deepEqual([sent.length, more], [1, []]);
    assert.ok(only?.type === "terminal.output" && only.terminal === "server");
    assert.ok(only.chunk.endsWith("x\n") && only.chunk.includes("\n999 ") && only.chunk.length <= 16_000);
  });

  it("bounds a flood of output and strips what only the provider can read", () => {
    const { sent, batcher: subject } = batcher();
    const chunk = "x".repeat(1_000_000);
    for (let n = 0; n < 5; n += 1) subject.push(event({ type: "tool.output", callId: "c", chunk }));
    const replay = { provider: "p", model: "m", data: "sealed" };
    subject.push(event({ type: "item.finished", item: { kind: "reasoning", id: "r", text: "t", replay } }));
    const display = { kind: "text", text: chunk } as const;
    subject.push(event({ type: "tool.requested", callId: "c", tool: "t", argumentsText: chunk, summary: "t" }));
    const outcome = { status: "done", output: chunk, durationMs: 1, display } as const;
    subject.push(event({ type: "tool.finished", callId: "c", outcome }));
    subject.push(event({ type: "notice.raised", level: "info", code: "c", message: chunk }));
    subject.flush();
    const text = JSON.stringify(sent);
    assert.match(text, /968,000 characters are left out/);
    assert.ok(text.length < 100_000, `${text.length}`);
    assert.doesNotMatch(text, /sealed/);
  });
});
