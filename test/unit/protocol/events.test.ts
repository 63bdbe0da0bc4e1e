/** Every row of the event table has an example that the decoder takes and the reducer survives. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { type AgentEvent, decodeEvent, eventTable, isDurable } from "../../../src/protocol/events.ts";
import { reduceAll } from "../../../src/protocol/reduce.ts";

const file = new URL("../../golden/protocol/events.jsonl", import.meta.url);

async function examples(): Promise<unknown[]> {
  const text = await readFile(file, "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

describe("the event table", () => {
  it("has a golden example of each type, which decodes to itself", async () => {
    const seen = new Set<string>();
    for (const example of await examples()) {
      const decoded = decodeEvent(example);
      assert.equal(decoded.kind, "event", JSON.stringify(decoded));
      assert.deepEqual(decoded.kind === "event" && decoded.event, example);
      seen.add((example as AgentEvent).type);
    }
    assert.deepEqual([...seen].sort(), Object.keys(eventTable).sort());
  });

  it("marks streamed parts live and everything else durable", async () => {
    const live = (await examples()).filter((example) => !isDurable(example as AgentEvent));
    assert.deepEqual([...new Set(live.map((example) => (example as AgentEvent).type))].sort(), [
      "block.delta",
      "item.started",
      "model.retrying",
      "reasoning.delta",
      "script.output",
      "terminal.output",
      "text.delta",
      "tool.output",
    ]);
  });

  it("folds into the same state whether or not the live events were there", async () => {
    const events = (await examples()) as AgentEvent[];
    const whole = reduceAll(events);
    const durable = reduceAll(events.filter(isDurable));
    assert.deepEqual({ ...durable, lastSeq: 0 }, { ...whole, lastSeq: 0 });
  });

  it("holds plain data only", async () => {
    for (const example of await examples()) {
      assert.deepEqual(JSON.parse(JSON.stringify(example)), example);
    }
  });
});
