/** A reply of very many blocks costs, delta by delta, no more than one of few. */
import assert from "node:assert/strict";
import type { AgentEvent, NewEvent } from "../../../src/protocol/events.ts";
import { reduceAll } from "../../../src/protocol/reduce.ts";
import { LIVE_BLOCKS } from "../../../src/protocol/reduce-live.ts";
import type { SessionState } from "../../../src/protocol/state.ts";

const block = (index: number, delta: string): NewEvent => {
  return { type: "block.delta", itemId: "a", index, kind: "payload", filename: `${index}.txt`, delta };
};
const streamed = (count: number): AgentEvent[] => {
  const events: NewEvent[] = [
    { type: "turn.started", input: { text: "Many files" }, itemId: "i", model: "m" },
    { type: "item.started", itemId: "a", kind: "assistant_message" },
  ];
  for (let index = 0; index < count; index += 1) {
    events.push(block(index, ""), block(index, `${index} `), block(index, "words\n"));
    if (index % 2 === 0) events.push({ type: "text.delta", itemId: "a", delta: "." });
  }
  return events.map((event, index) => {
    return { v: 1, seq: index + 1, at: 7, sessionId: "s", turnId: "t", ...event } as AgentEvent;
  });
};
const itemOf = (state: SessionState) => {
  const [item] = state.streaming;
  assert(item?.blocks);
  return { ...item, blocks: item.blocks };
};
const blockAt = (index: number) => {
  return { kind: "payload", filename: `${index}.txt`, text: `${index} words\n`, proseOffset: Math.ceil(index / 2) };
};

describe("the blocks of a streaming reply", () => {
  it("are all there up to a number", () => {
    for (const count of [1, 2, LIVE_BLOCKS]) {
      const { blocks, blocksLeftOut } = itemOf(reduceAll(streamed(count)));
      assert.deepEqual(
        blocks,
        Array.from({ length: count }, (_, index) => blockAt(index)),
      );
      assert.equal(blocksLeftOut, undefined);
    }
  });

  it("are the first and the newest beyond it, with the number of those between", () => {
    for (const count of [LIVE_BLOCKS + 1, LIVE_BLOCKS + 2, 20_000]) {
      const { blocks, blocksLeftOut, text } = itemOf(reduceAll(streamed(count)));
      assert.equal(blocks.length, LIVE_BLOCKS);
      assert.deepEqual(
        blocks.slice(0, -1),
        Array.from({ length: LIVE_BLOCKS - 1 }, (_, index) => blockAt(index)),
      );
      assert.deepEqual(blocks.at(-1), blockAt(count - 1));
      assert.equal(blocksLeftOut, count - LIVE_BLOCKS);
      assert.equal(text.length, Math.ceil(count / 2));
    }
  });

  it("go on from a copy of the state, and leave states that somebody holds as they were", () => {
    const events = streamed(LIVE_BLOCKS + 3);
    const whole = reduceAll(events);
    for (let left = 1; left <= 20; left += 1) {
      const held = reduceAll(events.slice(0, -left));
      const copy = structuredClone(held);
      assert.deepEqual(reduceAll(events.slice(-left), copy), whole);
      assert.deepEqual(reduceAll(events.slice(-left), held), whole);
      assert.deepEqual(held, copy);
    }
  });
});
