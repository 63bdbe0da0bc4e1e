/** What zod found wrong, in words for the person who wrote the file. */
import type * as z from "zod";
import { closestWord } from "../../base/closest-word.ts";
import { agentFileKeys, toolConfigKeys } from "../../protocol/agent-file.ts";
import type { YamlPath } from "./yaml-source.ts";

export interface Complaint {
  readonly path: YamlPath;
  /** The key itself is wrong, not its value. */
  readonly atKey: boolean;
  readonly message: string;
  /** What would stand there if it was right. */
  readonly suggestion?: string;
}

const MAX_SHOWN_CHARS = 40;

/** Keys that mean something under another name, as whole paths. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  "model.thinking.reasoning_effort": "model.reasoning_effort",
  "model.model": "model.name",
  "model.max_output_tokens": "model.max_tokens",
  "model.url": "model.base_url",
  "model.api_key": "model.api_key_env",
  cwd: "runtime.work_dir",
  prompt: "system_prompt",
  instructions: "system_prompt",
};

/** `data`: the whole agent, as it was read. */
export function describeIssue(issue: z.core.$ZodIssue, data: unknown): readonly Complaint[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key, data));
  const value = valueAt(data, path);
  const name = nameOf(path);
  if (value === undefined) {
    const choice = optionsOf(issue);
    const message = `${name} is missing${choice ? `: it is ${listOf(choice)}` : ""}.`;
    return [{ path, atKey: false, message }];
  }
  const options = optionsOf(issue);
  const must = options ? `must be ${listOf(options)}` : mustOf(issue);
  const suggestion = options ? closestWord(String(value), options) : plainValue(value, issue);
  return [
    {
      path,
      atKey: false,
      message: `${name} ${must}, not ${shown(value)}.`,
      ...(suggestion === undefined ? {} : { suggestion }),
    },
  ];
}

function unknownKey(path: YamlPath, key: string, data: unknown): Complaint {
  const full = [...path, key];
  const where = path.length === 0 ? "" : ` in ${nameOf(path)}`;
  const suggestion = meantKey(path, key, data);
  const rest = suggestion === undefined ? ` It takes ${listOf(keysOf(path, data), "and")}.` : "";
  const message = `unknown key ${shown(key)}${where}.${path.length === 0 ? rest.replace("It takes", "An agent file takes") : rest}`;
  return { path: full, atKey: true, message, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** A key of the same mapping that is nearly the same; else one that has this name elsewhere. */
function meantKey(path: YamlPath, key: string, data: unknown): string | undefined {
  const within = withoutIndices(path);
  const name = within === "" ? key : `${within}.${key}`;
  const other = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined;
  if (other !== undefined) return other;
  const near = closestWord(key, keysOf(path, data));
  if (near !== undefined) return near;
  for (const [place, keys] of agentFileKeys) {
    const found = closestWord(key, keys);
    if (found !== undefined && place !== within && place !== "tools") return place === "" ? found : `${place}.${found}`;
  }
  return undefined;
}

function keysOf(path: YamlPath, data: unknown): readonly string[] {
  const within = withoutIndices(path);
  if (within !== "tools.config") return agentFileKeys.get(within) ?? [];
  const tool = valueAt(data, path.slice(0, 2)) as { name?: unknown } | undefined;
  return toolConfigKeys(tool?.name);
}

function withoutIndices(path: YamlPath): string {
  return path.filter((step) => typeof step === "string").join(".");
}

/** Choices, where the value has to be one of some. */
function optionsOf(issue: z.core.$ZodIssue): readonly string[] | undefined {
  if (issue.code === "invalid_value") return issue.values.map(String);
  if (issue.code !== "invalid_union") return undefined;
  const { options } = issue as { options?: readonly unknown[] };
  return options?.map(String);
}

function mustOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.expected === "object") return "must be a mapping";
  return issue.message;
}

/** The value without quotes, where it is right without them: YAML reads "20" and yes as text. */
function plainValue(value: unknown, issue: z.core.$ZodIssue): string | undefined {
  if (issue.code !== "invalid_type") return undefined;
  if (issue.expected === "string" && (typeof value === "number" || typeof value === "boolean")) return `"${value}"`;
  if (typeof value !== "string") return undefined;
  if (issue.expected === "boolean") {
    if (/^(yes|on|true)$/i.test(value)) return "true";
    if (/^(no|off|false)$/i.test(value)) return "false";
  }
  const isNumber = issue.expected === "number" || (issue.expected as string) === "int";
  return isNumber && /^\d+(\.\d+)?$/.test(value) ? value : undefined;
}

/** `tools[0].config` for `["tools", 0, "config"]`. */
export function nameOf(path: YamlPath): string {
  const name = path.reduce<string>(
    (words, step) =>
      typeof step === "number" ? `${words}[${step}]` : `${words === "" ? "" : `${words}.`}${String(step)}`,
    "",
  );
  return name === "" ? "an agent file" : name;
}

export function valueAt(data: unknown, path: YamlPath): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

function listOf(words: readonly string[], last = "or"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  const words = JSON.stringify(value) ?? String(value);
  return words.length > MAX_SHOWN_CHARS ? `${words.slice(0, MAX_SHOWN_CHARS)}…` : words;
}
