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
