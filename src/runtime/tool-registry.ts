/** The tools of a session by name, how they are offered to the model, and how their arguments are read. */
import * as z from "zod";
import { AppError } from "../base/app-error.ts";
import type { Json } from "../base/json.ts";
import type { ToolSpec } from "../ports/model-client.ts";
import type { Tool } from "../ports/tool.ts";

export type ParsedArguments =
  | { readonly kind: "valid"; readonly value: unknown }
  | { readonly kind: "invalid"; readonly output: string };

export class ToolRegistry {
  readonly #tools = new Map<string, Tool>();
  #specs: readonly ToolSpec[] | undefined;

  constructor(tools: readonly Tool[]) {
    for (const tool of tools) this.register(tool);
  }

  /** Throws AppError `usage` for a name that is taken, unless `replace` is set. */
  register(tool: Tool, options: { replace?: boolean } = {}): void {
    if (this.#tools.has(tool.name) && !options.replace) {
      throw new AppError("usage", `a tool named ${tool.name} is already registered`, {
        next: "Choose another name or pass { replace: true }.",
      });
    }
    this.#tools.set(tool.name, tool);
    this.#specs = undefined;
  }

  get(name: string): Tool | undefined {
    return this.#tools.get(name);
  }

  /** In the order of registration: the same bytes on every request, which the provider's cache needs. */
  specs(): readonly ToolSpec[] {
    this.#specs ??= [...this.#tools.values()].map(specOf);
    return this.#specs;
  }

  unknownToolText(name: string): string {
    return `There is no tool named ${JSON.stringify(name)}. Nothing was done. The tools are: ${[...this.#tools.keys()].join(", ")}.`;
  }
}

function specOf(tool: Tool): ToolSpec {
  const { name, description } = tool;
  if (tool.custom) {
    return { kind: "custom", name, description, ...(tool.custom.grammar ? { grammar: tool.custom.grammar } : {}) };
  }
  const { $schema: _draft, ...parameters } = z.toJSONSchema(tool.input, { io: "input" }) as { [key: string]: Json };
  return { kind: "function", name, description, parameters };
}

/** Reads a call's arguments; what is wrong comes back as words for the model. */
export function parseArguments(tool: Tool, argumentsText: string): ParsedArguments {
  let value: unknown;
  if (tool.custom) {
    value = { input: argumentsText };
  } else {
    try {
      value = JSON.parse(argumentsText.trim() === "" ? "{}" : argumentsText);
    } catch (error) {
      return invalid(tool, `the arguments are not valid JSON (${(error as Error).message})`);
    }
  }
  const result = tool.input.safeParse(value);
  if (result.success) return { kind: "valid", value: result.data };
  return invalid(tool, z.prettifyError(result.error));
}

function invalid(tool: Tool, problem: string): ParsedArguments {
  return {
    kind: "invalid",
    output: `The call of ${tool.name} was not understood: ${problem}\nNothing was done. Call ${tool.name} again with corrected arguments.`,
  };
}

/** The title of a call's card, also for calls that can not run. */
export function summarizeCall(tool: Tool | undefined, name: string, argumentsText: string): string {
  if (!tool) return name;
  const parsed = parseArguments(tool, argumentsText);
  if (parsed.kind === "invalid") return name;
  try {
    return tool.summarize(parsed.value);
  } catch {
    return name;
  }
}
