/** Journals of every age fold to the same state. */
import assert from "node:assert/strict";
import type { AgentEvent, NewEvent } from "../../../src/protocol/events.ts";
import { reduceAll } from "../../../src/protocol/reduce.ts";

const input = { text: "Fix it", images: [{ mediaType: "image/png", data: "AA==" }] };

function turnOf(...events: readonly NewEvent[]) {
  const stamped = events.map((event, index) => {
    return { v: 1, seq: index + 1, at: 7, sessionId: "s", turnId: "t", ...event } as AgentEvent;
  });
  return reduceAll(stamped).turns[0];
}

describe("the words a turn begins with", () => {
  const item = { kind: "user_message", id: "i", origin: "person", ...input } as const;
  const answer: NewEvent[] = [
    { type: "item.finished", item: { kind: "assistant_message", id: "a", text: "Done." } },
    { type: "usage.updated", usage: null, model: "m" },
  ];

  it("are its first item", () => {
    const turn = turnOf({ type: "turn.started", input, itemId: "i", model: "m" }, ...answer);
    assert.deepEqual(turn?.entries[0], { kind: "item", item, at: 7, step: 0, settled: true });
    assert.equal(turn.entries.length, 2);
  });

  it("are it in journals, too, that say them in an event of their own", () => {
    assert.deepEqual(
      turnOf({ type: "turn.started", input, model: "m" }, { type: "item.finished", item }, ...answer),
      turnOf({ type: "turn.started", input, itemId: "i", model: "m" }, ...answer),
    );
  });
});

describe("notices before the first turn", () => {
  const notice = (message: string): NewEvent => ({ type: "notice.raised", level: "warning", code: "c", message });
  const stamp = (events: readonly NewEvent[]) =>
    events.map((event, index) => ({ v: 1, seq: index + 1, at: 7, sessionId: "s", ...event }) as AgentEvent);
  const messages = (entries: readonly { readonly kind: string }[]) =>
    entries.map((entry) => ("message" in entry ? entry.message : entry.kind));

  it("wait, and are in the timeline behind the words it begins with", () => {
    const before = stamp([notice("one"), notice("two")]);
    assert.deepEqual(messages(reduceAll(before).earlyNotices), ["one", "two"]);
    const turn: NewEvent = { type: "turn.started", input, itemId: "i", model: "m" };
    const state = reduceAll(stamp([notice("one"), notice("two"), turn, notice("three")]));
    assert.deepEqual(messages(state.turns[0]?.entries ?? []), ["item", "one", "two", "three"]);
    assert.deepEqual(state.earlyNotices, []);
  });

  it("are bounded, the newest kept", () => {
    const { earlyNotices } = reduceAll(stamp(Array.from({ length: 60 }, (_, index) => notice(`${index}`))));
    assert.deepEqual([earlyNotices.length, earlyNotices.at(-1)?.message], [50, "59"]);
  });
});
