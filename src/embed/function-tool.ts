/** A tool out of a function: for programs that add what only they can do. */
import type * as z from "zod";
import { messageOf } from "../base/app-error.ts";
import type { Tool, ToolContext, ToolResult } from "../ports/tool.ts";
import type { Access } from "../protocol/permissions.ts";

export interface FunctionToolOptions<Input> {
  /** Letters, digits and underscores: in the python interface the model calls it as a function of this name. */
  readonly name: string;
  /** For the model: what it does, what it returns, when to use it. */
  readonly description: string;
  /** An object schema; the descriptions of its fields are for the model. */
  readonly input: z.ZodType<Input>;
  /** What it touches; the gate decides by it. Default: nothing that anybody has to be asked for. */
  readonly access?: (input: Input) => Access;
  /** It may run beside other such calls. Default: false. */
  readonly parallelSafe?: boolean;
  /** It changes nothing: a call that a crash has cut off is simply made again. Default: false. */
  readonly repeatable?: boolean;
  /** One line for the timeline. Default: the name. */
  readonly summarize?: (input: Input) => string;
  /** Returns what the model gets: text as it is, all else as JSON. What it throws is told to the model as a failure. */
  run(input: Input, context: ToolContext): unknown;
}

export function functionTool<Input>(options: FunctionToolOptions<Input>): Tool {
  const { name, description, input, access, parallelSafe = false, repeatable = false, summarize, run } = options;
  const tool: Tool<Input> = {
    name,
    description,
    input,
    parallelSafe,
    summarize: (value) => summarize?.(value) ?? name,
    async plan(value) {
      return {
        kind: "planned",
        call: {
          access: access?.(value) ?? { kind: "none" },
          recovery: { kind: repeatable ? "repeat" : "unknown" },
          async run(context) {
            try {
              return outcomeOf(name, await run(value, context));
            } catch (error) {
              if (context.signal.aborted) return { status: "cancelled", output: "Stopped by the person." };
              return { status: "failed", output: `[${name}] ERROR: ${messageOf(error)}` };
            }
          },
        },
      };
    },
  };
  return tool as Tool;
}

function outcomeOf(name: string, returned: unknown): ToolResult {
  if (typeof returned === "string") return { status: "done", output: returned };
  if (returned === undefined) return { status: "done", output: "" };
  const json = jsonOf(returned);
  if (json !== undefined) return { status: "done", output: json };
  const output = `[${name}] ERROR: the tool returned what is neither text nor JSON (${typeof returned}). What it did stands.`;
  return { status: "failed", output };
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
