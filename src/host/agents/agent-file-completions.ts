/**
 * What can be written at a place of an agent file, by its JSON schema. Goes by indentation and not by a parser: while a
 * line is being written the file is rarely YAML.
 */
import { agentFileJsonSchema } from "../../protocol/agent-file.ts";

export interface FileCompletion {
  readonly kind: "key" | "value";
  readonly label: string;
  readonly insert: string;
  readonly documentation: string;
}

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
}

interface Line {
  /** Column of the key, after dashes. */
  readonly indent: number;
  readonly key: string | undefined;
  readonly value: string;
  /** The line begins a list item. */
  readonly dash: number | undefined;
}

/** `before`: the lines up to the place, the last one cut there. `after`: the rest of the file. */
export function completionsAt(before: readonly string[], after: readonly string[] = []): readonly FileCompletion[] {
  const current = before.at(-1) ?? "";
  if (current.includes("#")) return [];
  const line = lineOf(current);
  const above = before.slice(0, -1).map(lineOf);
  const path = pathTo(above, line);
  const schema = schemaAt(path);
  if (line.key !== undefined) return values(merged(schemaAt([...path, line.key])));
  const present = new Set(siblings(above.toReversed(), line).concat(siblings(after.map(lineOf), line)));
  return keys(merged(schema), present, path.length === 0);
}

/** `tools:` above `  - name: x` gives `["tools", "-"]`. */
function pathTo(above: readonly Line[], line: Line): readonly string[] {
  const path: string[] = [];
  let keysBelow = line.indent;
  let dashesBelow = line.indent;
  const enterList = (dash: number) => {
    path.unshift("-");
    // A list may stand as far left as its key; further dashes there are other items of it.
    keysBelow = dash + 1;
    dashesBelow = dash;
  };
  if (line.dash !== undefined) enterList(line.dash);
  for (const { key, indent, value, dash } of above.toReversed()) {
    if (key !== undefined && indent < keysBelow && value === "") {
      path.unshift(key);
      keysBelow = indent;
      dashesBelow = indent;
    }
    if (dash !== undefined && dash < dashesBelow) enterList(dash);
  }
  return path[0] === "agent" ? path.slice(1) : path;
}

/** Keys of the same mapping, from the place on, until it ends. */
function siblings(lines: readonly Line[], line: Line): string[] {
  const found: string[] = [];
  for (const candidate of lines) {
    if (candidate.key === undefined) continue;
    if (candidate.indent < line.indent) break;
    if (candidate.indent > line.indent) continue;
    found.push(candidate.key);
    if (candidate.dash !== undefined) break;
  }
  return found;
}

function lineOf(text: string): Line {
  const [, space = "", dashes = "", rest = ""] = /^(\s*)((?:-\s+|-$)*)(.*)$/.exec(text.replace(/(^|\s)#.*$/, "")) ?? [];
  const entry = /^([A-Za-z_][\w-]*):(?:\s+(.*))?$/.exec(rest);
  return {
    indent: space.length + dashes.length,
    key: entry?.[1],
    value: entry?.[2]?.trim() ?? "",
    dash: dashes === "" ? undefined : space.length,
  };
}

let root: Schema | undefined;

function schemaAt(path: readonly string[]): Schema | undefined {
  root ??= (agentFileJsonSchema() as { definitions: { agent: Schema } }).definitions.agent;
  return path.reduce<Schema | undefined>((schema, step) => {
    const all = merged(schema);
    return step === "-" ? all?.items : all?.properties?.[step];
  }, root);
}

/** Alternatives as one: whatever any of them takes. */
function merged(schema: Schema | undefined): Schema | undefined {
  if (!schema?.oneOf) return schema;
  const properties: Record<string, Schema> = {};
  for (const branch of schema.oneOf) {
    for (const [key, value] of Object.entries(branch.properties ?? {})) {
      const known = properties[key];
      const choices = [...choicesOf(known), ...choicesOf(value)];
      const inner = { ...known?.properties, ...value.properties };
      properties[key] = { ...known, ...value, ...(choices.length > 0 ? { enum: choices } : {}), properties: inner };
    }
  }
  return { ...schema, properties };
}

function choicesOf(schema: Schema | undefined): readonly string[] {
  return schema?.enum ?? (schema?.const === undefined ? [] : [schema.const]);
}

function keys(schema: Schema | undefined, present: ReadonlySet<string>, atTop: boolean): FileCompletion[] {
  const found = Object.entries(schema?.properties ?? {})
    .filter(([key]) => !present.has(key))
    .map(([key, value]): FileCompletion => {
      const nested = value.type === "object" || value.type === "array";
      return { kind: "key", label: key, insert: nested ? `${key}:` : `${key}: `, documentation: wordsOf(value) };
    });
  const wrapper: FileCompletion = {
    kind: "key",
    label: "agent",
    insert: "agent:",
    documentation: "Everything may be written below it, or without it.",
  };
  return atTop && present.size === 0 ? [...found, wrapper] : found;
}

function values(schema: Schema | undefined): FileCompletion[] {
  const choices = schema?.type === "boolean" ? ["true", "false"] : choicesOf(schema);
  return [...new Set(choices)].map((label) => ({ kind: "value", label, insert: label, documentation: "" }));
}

function wordsOf({ description = "", default: standard }: Schema): string {
  const plain = ["string", "number", "boolean"].includes(typeof standard) && standard !== "";
  return plain ? `${description}\n\nDefault: \`${standard}\``.trim() : description;
}
