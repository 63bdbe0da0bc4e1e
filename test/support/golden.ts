/**
 * Compares with a file in the repository. `UPDATE_GOLDEN=1` writes the file anew; a mismatch leaves what was found
 * beside it as `.actual`, so that the two can be compared with any tool.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fromRoot } from "../../scripts/paths.ts";

/** `file` is relative to the repository. JSON is compared with the order of its keys, but in any layout. */
export function assertGolden(file: string, actual: unknown): void {
  const path = fromRoot(file);
  const isJson = file.endsWith(".json");
  const text = isJson ? `${JSON.stringify(actual, null, 2)}\n` : String(actual);
  const expected = existsSync(path) ? readFileSync(path, "utf8").replaceAll("\r\n", "\n") : undefined;
  const same = isJson && expected !== undefined ? `${JSON.stringify(JSON.parse(expected), null, 2)}\n` : expected;
  rmSync(`${path}.actual`, { force: true });
  if (same === text) return;
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  writeFileSync(`${path}.actual`, text);
  const hint = "UPDATE_GOLDEN=1 accepts the change";
  if (same === undefined) assert.fail(`${file} does not exist; ${hint}`);
  assert.equal(text, same, `${file} differs; ${hint}`);
}
