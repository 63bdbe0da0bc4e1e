/**
 * Tools as functions of a script: their names, arguments and words come from the same definitions that native calls
 * use, so there is one registry and one description of each.
 */
import type { Json } from "../base/json.ts";
import type { ToolSpec } from "../ports/model-client.ts";
import type { ScriptCall, ScriptFunction, ScriptParameter } from "../ports/script-engine.ts";
import { PythonNames } from "./python-names.ts";

interface JsonSchema {
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>;
  readonly required?: readonly string[];
}

/** The function whose content arguments come from payload blocks; see write-arguments.ts. */
export const WRITE_FUNCTION = "write_file";
/** Makes a payload out of text that the script has computed. */
export const PAYLOAD_FUNCTION = "payload";

/** Calls that one program may make, and so those of one `gather`; CALL_LIMIT of the prelude is the same. */
export const MAX_CALLS = 1_000;

export function callLimitText(): string {
  return `One block may make ${MAX_CALLS} calls. Nothing was done. Go on in a further block, and do more with each call.`;
}

const writeFile: ScriptFunction = {
  name: WRITE_FUNCTION,
  parameters: [
    { name: "path" },
    { name: "start_line", default: null },
    { name: "end_line", default: null },
    { name: "after_line", default: null },
    { name: "mode", default: "w" },
    { name: "edits", default: null },
  ],
  passesUnknown: true,
  doc: [
    "Creates or changes a text file. The content comes from the next unused payload block for this path, never from an argument.",
    'mode "w" (default): the whole file. "a": add at the end. "edit": replace start_line to end_line, inclusive (an empty payload removes them). "insert": add after after_line (0: at the top). "multi_edit": edits=[(start, end), …], one payload block each, in order; all lines numbered as the file is before the call.',
    "edit, insert and multi_edit need the file to be read first and unchanged since. Line endings are kept.",
  ].join("\n"),
};

const payload: ScriptFunction = {
  name: PAYLOAD_FUNCTION,
  parameters: [{ name: "filename" }, { name: "content" }],
  doc: 'Adds a payload out of text that this block has computed, for the write_file call that follows: payload("data.json", json.dumps(rows)); write_file("data.json").',
};

/** The functions for these tools, in their order. */
export function scriptFunctions(specs: readonly ToolSpec[]): readonly ScriptFunction[] {
  const names = PythonNames.forFunctions();
  const functions = specs.map((spec) => (spec.name === WRITE_FUNCTION ? writeFile : functionOf(spec, names)));
  return functions.includes(writeFile) ? [...functions, payload] : functions;
}

function functionOf(spec: ToolSpec, names: PythonNames): ScriptFunction {
  const name = names.take(spec.name);
  const renamed = name === spec.name ? {} : { tool: spec.name };
  if (spec.kind === "custom") return { name, ...renamed, parameters: [{ name: "input" }], doc: spec.description };
  const schema = spec.parameters as unknown as JsonSchema;
  const args = Object.keys(schema.properties ?? {});
  const required = new Set(schema.required ?? []);
  // Python has no required parameter after an optional one, and their order is what people write.
  const lastRequired = args.findLastIndex((arg) => required.has(arg));
  const parameterNames = PythonNames.forParameters();
  const parameters = args.map((argument, index): ScriptParameter => {
    const parameter = parameterNames.take(argument);
    return {
      name: parameter,
      ...(parameter === argument ? {} : { argument }),
      ...(index <= lastRequired ? {} : { default: null }),
    };
  });
  const lines = args.flatMap((arg, index) => {
    const about = schema.properties?.[arg]?.description;
    if (!about) return [];
    // One that Python has to be given has no default any more; what the tool says of it is an example then.
    const given = index <= lastRequired && !required.has(arg);
    return [`${parameters[index]?.name}: ${given ? about.replace("Default: ", "For example: ") : about}`];
  });
  return { name, ...renamed, parameters, doc: [spec.description, ...lines].join("\n") };
}

/** The call of a function as a call of its tool. The names of `payload` and of unknown functions stay. */
export function toolCallOf(call: ScriptCall, functions: readonly ScriptFunction[]): ScriptCall {
  const called = functions.find(({ name }) => name === call.tool);
  const renamed = called?.parameters.filter(({ argument }) => argument !== undefined) ?? [];
  if (!called || (called.tool === undefined && renamed.length === 0)) return call;
  const own = new Map(renamed.map(({ name, argument }) => [name, argument ?? name]));
  const args = Object.fromEntries(
    Object.entries(call.arguments).map(([name, value]) => [own.get(name) ?? name, value]),
  );
  return { ...call, tool: called.tool ?? called.name, arguments: args };
}

/** As Python would show it: `read_file(path, start_line=None)`. */
export function signatureOf({ name, parameters }: ScriptFunction): string {
  const list = parameters.map((parameter) =>
    parameter.default === undefined ? parameter.name : `${parameter.name}=${pythonLiteral(parameter.default)}`,
  );
  return `${name}(${list.join(", ")})`;
}

function pythonLiteral(value: Json): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}
