/** A row keeps its number in the list, whatever is loaded or dropped around it. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type ListRows, nextList } from "../../../webview-ui/src/logic/list-rows.ts";
import type { Row } from "../../../webview-ui/src/logic/rows.ts";

const row = (number: number): Row => ({
  key: `row-${number}`,
  place: { turn: 0, entry: number },
  kind: "working",
  startedAt: 0,
});
const all = Array.from({ length: 200 }, (_, number) => row(number));

describe("rows of the list", () => {
  it("keep their numbers while others come and go on both sides", () => {
    const windows = fc.array(fc.tuple(fc.nat(150), fc.integer({ min: 1, max: 50 })), { minLength: 1, maxLength: 20 });
    void fc.assert(
      fc.property(windows, (steps) => {
        let list: ListRows | null = null;
        let [from, to] = [100, 120];
        const numbers = new Map<string, number>();
        for (const [start, length] of [[from, to - from] as const, ...steps]) {
          // A window moves on by pages: some of what it shows next it has shown before.
          const next = { from: Math.min(start, to - 1), to: Math.min(all.length, Math.max(start + length, from + 1)) };
          ({ from, to } = next);
          list = nextList(list, all.slice(from, to));
          const { rows, ghosts, firstNumber } = list;
          assert.deepEqual(rows.slice(ghosts), all.slice(from, to));
          rows.forEach(({ key, kind }, index) => {
            assert.equal(kind === "ghost", index < ghosts);
            if (numbers.has(key)) assert.equal(firstNumber + index, numbers.get(key), key);
            numbers.set(key, firstNumber + index);
          });
        }
      }),
    );
  });

  it("are new where nothing of what was shown is left", () => {
    const before = nextList(null, all.slice(0, 10));
    const after = nextList(before, all.slice(50, 60));
    assert.deepEqual([after.rows.length, after.ghosts], [10, 0]);
  });

  it("stay the same list while nothing has changed", () => {
    const source = all.slice(0, 10);
    const list = nextList(null, source);
    assert.equal(nextList(list, source), list);
  });
});
