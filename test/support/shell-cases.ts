/** Commands of a shell with what must come of them, each a test of its own, all in one terminal and in order. */
import assert from "node:assert/strict";
import type { TestTerminals } from "./terminals.ts";

export type ShellCase = readonly [command: string, exitCode: number, output: string | RegExp];

/** Declares the tests; `terminals` is asked when they run. */
export function itRuns(
  cases: readonly ShellCase[],
  terminals: () => TestTerminals,
  options: { readonly timeoutMs?: number } = {},
): void {
  for (const [command, exitCode, output] of cases) {
    it(JSON.stringify(command).slice(0, 90), async () => {
      const result = await terminals().command(command, options);
      assert.deepEqual(
        { status: result.status, exitCode: result.exitCode },
        { status: "completed", exitCode },
        result.output.text,
      );
      if (typeof output === "string") assert.equal(result.output.text, output);
      else assert.match(result.output.text, output);
    });
  }
}
