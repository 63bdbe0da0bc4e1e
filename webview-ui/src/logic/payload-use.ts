/** Finds which call of a program wrote which of the files that came with it, as the runtime hands them out. */
import type { ToolEntry } from "../../../src/protocol/state.ts";
import type { PayloadRow } from "./program-rows.ts";

const WRITE = "write_file";

/** Each call takes the next payloads of its path, in the order of the calls; refused ones take none. */
export function bindPayloads(
  payloads: readonly PayloadRow[],
  calls: readonly ToolEntry[],
  cwd: string,
): ReadonlyMap<PayloadRow, ToolEntry> {
  const bound = new Map<PayloadRow, ToolEntry>();
  if (payloads.length === 0) return bound;
  const piles = new Map<string, PayloadRow[]>();
  for (const row of payloads) {
    const path = resolvePath(row.filename, cwd);
    const pile = piles.get(path);
    if (pile) pile.push(row);
    else piles.set(path, [row]);
  }
  for (const call of calls) {
    const { path, count } = takenBy(call);
    if (count === 0) continue;
    for (const row of piles.get(resolvePath(path, cwd))?.splice(0, count) ?? []) bound.set(row, call);
  }
  return bound;
}

interface Taken {
  readonly path: string;
  readonly count: number;
}

const known = new WeakMap<ToolEntry, Taken>();

/** Path of a write and how many payloads it took: its arguments have the content of each. */
function takenBy(call: ToolEntry): Taken {
  let taken = known.get(call);
  if (!taken) {
    taken = call.tool === WRITE ? readTaken(call.argumentsText) : { path: "", count: 0 };
    known.set(call, taken);
  }
  return taken;
}

function readTaken(argumentsText: string): Taken {
  try {
    const { path, content, edits } = JSON.parse(argumentsText);
    if (typeof path !== "string") return { path: "", count: 0 };
    if (typeof content === "string") return { path, count: 1 };
    const many = Array.isArray(edits) ? edits.filter((edit) => typeof edit?.content === "string").length : 0;
    return { path, count: many };
  } catch {
    return { path: "", count: 0 };
  }
}

/** The same string for the same file, relative to the working directory or not. */
export function resolvePath(path: string, cwd: string): string {
  const slashed = path.replaceAll("\\", "/");
  const absolute = /^(\/|[A-Za-z]:\/)/.test(slashed) ? slashed : `${cwd.replaceAll("\\", "/")}/${slashed}`;
  const steps: string[] = [];
  for (const step of absolute.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== "." && step !== "") steps.push(step);
  }
  return steps.join("/");
}
