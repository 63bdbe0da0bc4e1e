/** Texts, diffs and outputs of the sample shop that several scenes use. */
import type { ToolDisplay } from "../../../../src/protocol/items.ts";
import { FOLDER } from "../stage.ts";

export const cartDiff = `--- a/src/cart.ts
+++ b/src/cart.ts
@@ -12,9 +12,13 @@ export interface CartLine {
 
 export function total(lines: readonly CartLine[], coupon?: Coupon): number {
   const sum = lines.reduce((cents, line) => cents + line.unitCents * line.count, 0);
-  if (!coupon) return sum;
-  return sum - sum * coupon.percent;
+  if (!coupon) {
+    return sum;
+  }
+  // A coupon's percentage is a whole number, and money stays in whole cents.
+  const discount = Math.round((sum * coupon.percent) / 100);
+  return Math.max(0, sum - discount);
 }
 
 export function isEmpty(lines: readonly CartLine[]): boolean {
@@ -31,6 +35,6 @@ export function add(lines: readonly CartLine[], line: CartLine): CartLine[] {
   const known = lines.find((other) => other.sku === line.sku);
   if (!known) return [...lines, line];
-  return lines.map((other) => (other === known ? line : other));
+  return lines.map((other) => (other === known ? { ...known, count: known.count + line.count } : other));
 }
`;

export const newFileDiff = `--- /dev/null
+++ b/src/coupon.ts
@@ -0,0 +1,9 @@
+/** A discount the shop hands out. */
+export interface Coupon {
+  readonly code: string;
+  /** Whole percent, 1 to 100. */
+  readonly percent: number;
+}
+
+export const isValid = (coupon: Coupon): boolean =>
+  Number.isInteger(coupon.percent) && coupon.percent >= 1 && coupon.percent <= 100;
`;

export const testOutput = `
> shop@1.0.0 test
> node --test

▶ cart
  ✔ sums its lines (0.81ms)
  ✔ takes a coupon's percentage off (0.22ms)
  ✔ never falls below zero (0.09ms)
  ✔ adds up the same article (0.11ms)
▶ cart (2.41ms)
ℹ tests 4
ℹ suites 1
ℹ pass 4
ℹ fail 0
ℹ duration_ms 61.09
`;

export const failedOutput = `
▶ cart
  ✔ sums its lines (0.81ms)
  ✖ takes a coupon's percentage off (1.22ms)
    AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:

    -18000 !== 1800

        at TestContext.<anonymous> (file:///home/ada/shop/test/cart.test.ts:18:10)
ℹ tests 4
ℹ pass 2
ℹ fail 2
`;

export const answer = `The tests pass now. Two things were wrong in \`src/cart.ts\`:

1. **Coupons.** \`total\` treated the percentage as a fraction, so 10 % off became *minus* 900 %.
   It now divides by 100 and rounds to whole cents.
2. **Adding an article twice** replaced the line instead of adding up its count.

\`\`\`ts
export function total(lines: readonly CartLine[], coupon?: Coupon): number {
  const sum = lines.reduce((cents, line) => cents + line.unitCents * line.count, 0);
  if (!coupon) {
    return sum;
  }
  // A coupon's percentage is a whole number, and money stays in whole cents.
  const discount = Math.round((sum * coupon.percent) / 100);
  return Math.max(0, sum - discount);
}
\`\`\`

| Case | Before | Now |
|---|---:|---:|
| 2 × 10.00 with 10 % off | −180.00 | 18.00 |
| the same article twice | 1 piece | 2 pieces |

See [the cart](src/cart.ts) and the [Node test runner](https://nodejs.org/api/test.html). Next I would

- [x] round in one place only
- [ ] refuse coupons above 100 %, which \`isValid\` in \`src/coupon.ts\` could do
`;

export const thoughts = `The failing test expects 1800 and gets −18000, so the percentage is not divided by 100.

I should look at where \`percent\` comes from before I change \`total\`: if it is a fraction elsewhere, the fix belongs there.`;

export const hash = "0".repeat(64);

export const read = (path: string, endLine: number, totalLines = endLine, startLine = 1): ToolDisplay => ({
  kind: "read",
  path: `${FOLDER}/${path}`,
  startLine,
  endLine,
  totalLines,
  hash,
});

export const edit = (path: string, diff: string, addedLines: number, removedLines: number): ToolDisplay => ({
  kind: "edit",
  change: {
    path: `${FOLDER}/${path}`,
    kind: diff.startsWith("--- /dev/null") ? "created" : "modified",
    addedLines,
    removedLines,
    beforeHash: hash,
    afterHash: hash,
  },
  diff,
  diffTruncated: false,
});

export const ran = (command: string, outputTail: string, exitCode: number | null = 0): ToolDisplay => ({
  kind: "command",
  terminal: "main",
  command,
  status: exitCode === null ? "running" : "completed",
  exitCode,
  cwd: FOLDER,
  outputTail,
});

/** A finished first turn, so that scenes do not begin in a void. */
export const TASK = "Run the tests and fix what fails";
