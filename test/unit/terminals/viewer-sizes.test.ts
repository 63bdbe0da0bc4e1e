import assert from "node:assert/strict";
import fc from "fast-check";
import type { PtySize } from "../../../src/terminals/pty.ts";
import { ViewerSizes } from "../../../src/terminals/viewer-sizes.ts";

const viewer = fc.constantFrom("a", "b", "c");
const step = fc.oneof(
  fc.record({
    does: fc.constantFrom<"join" | "use" | "leave">("join", "use", "leave"),
    viewer,
    size: fc.constant<PtySize>({ cols: 2, rows: 2 }),
  }),
  fc.record({
    does: fc.constant("resize" as const),
    viewer,
    size: fc.record({ cols: fc.integer({ min: 2, max: 5 }), rows: fc.integer({ min: 2, max: 5 }) }),
  }),
);

describe("the size of a terminal with several viewers", () => {
  it("is that of the viewer used last among those that have said one", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const sizes = new ViewerSizes<string>();
        /** What each has done, by the time at which it did it. */
        const present = new Map<string, { joinedAt: number; usedAt: number | null; wanted: PtySize | null }>();
        for (const [time, each] of steps.entries()) {
          const known = present.get(each.viewer);
          if (each.does === "join") {
            if (known) continue;
            sizes.join(each.viewer);
            present.set(each.viewer, { joinedAt: time, usedAt: null, wanted: null });
          } else if (each.does === "leave") {
            sizes.leave(each.viewer);
            present.delete(each.viewer);
          } else if (each.does === "use") {
            sizes.used(each.viewer);
            if (known) known.usedAt = time;
          } else {
            sizes.resized(each.viewer, each.size);
            if (known) Object.assign(known, { usedAt: time, wanted: each.size });
          }
          const inOrder = [...present].sort(
            ([, one], [, other]) => (other.usedAt ?? -1) - (one.usedAt ?? -1) || one.joinedAt - other.joinedAt,
          );
          assert.equal(sizes.count, present.size);
          for (const name of ["a", "b", "c"]) assert.equal(sizes.isActive(name), inOrder[0]?.[0] === name, name);
          assert.deepEqual(sizes.size, inOrder.find(([, { wanted }]) => wanted !== null)?.[1].wanted ?? null);
        }
      }),
      { numRuns: 500 },
    );
  });
});
