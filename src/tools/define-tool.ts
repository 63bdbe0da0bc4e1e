/** What every tool of every dialect is made with: typed input, and the few shapes that `plan` and `run` return. */
import * as z from "zod";
import type { PlannedCall, PlanResult, Tool, ToolResult } from "../ports/tool.ts";
import type { Recovery } from "../protocol/events.ts";
import type { Access } from "../protocol/permissions.ts";

/** Makes a tool; the type of its input comes from the schema. */
export function defineTool<Input>(tool: Tool<Input>): Tool<Input> {
  return tool;
}

/**
 * Arguments of a tool. Unknown ones are refused, so that a misspelt name never acts as if it had been left out.
 * `null` counts as left out: models and Python's `None` write it for what they do not want to set.
 */
export function toolInput<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(withoutNulls, z.strictObject(shape));
}

function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

/** A whole number, without the bounds of safe integers that `z.int()` puts into the JSON schema. */
export function integer(minimum: number, maximum = Number.POSITIVE_INFINITY) {
  const number = z.number().min(minimum);
  const bounded = Number.isFinite(maximum) ? number.max(maximum) : number;
  return bounded.refine(Number.isInteger, "must be a whole number").meta({ type: "integer" });
}

/** What `plan` returns for a call that can run. */
export function planned(
  access: Access,
  recovery: Recovery,
  run: PlannedCall["run"],
  beforeImages?: readonly Uint8Array[],
): PlanResult {
  return { kind: "planned", call: { access, recovery, run, ...(beforeImages ? { beforeImages } : {}) } };
}

/** The same for one that only follows what an earlier process began. */
export function following(begun: Recovery, run: PlannedCall["run"]): PlanResult {
  return { kind: "planned", call: { access: { kind: "none" }, recovery: begun, follows: true, run } };
}

/** Wording of what one tool reports: its name first, so that a result still says where it came from when quoted. */
export interface Reporter {
  refused(text: string): PlanResult;
  failed(text: string): ToolResult;
  text(text: string): string;
}

export function reporter(tool: string): Reporter {
  const error = (text: string) => `[${tool}] ERROR: ${text}`;
  return {
    refused: (text) => ({ kind: "refused", output: error(text) }),
    failed: (text) => ({ status: "failed", output: error(text) }),
    text: (text) => `[${tool}] ${text}`,
  };
}
