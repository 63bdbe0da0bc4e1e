/**
 * write_file as a program calls it: without content, which comes from payloads. Checked here, before a payload is
 * used up; what it becomes is a call of the native tool.
 */
import { closestWord } from "../base/closest-word.ts";
import type { Json } from "../base/json.ts";
import * as messages from "./protocol-messages.ts";

export type WriteArguments =
  | {
      readonly kind: "accepted";
      readonly path: string;
      /** How many payloads the call takes. */
      readonly payloads: number;
      /** The native tool's arguments; one content for each payload, in order. */
      readonly build: (contents: readonly string[]) => { readonly [name: string]: Json };
    }
  /** The message is for the model. */
  | { readonly kind: "refused"; readonly message: string };

type Mode = keyof typeof fieldsOfMode;
type Field = "start_line" | "end_line" | "after_line" | "edits";

const fieldsOfMode = {
  w: [],
  a: [],
  edit: ["start_line", "end_line"],
  insert: ["after_line"],
  multi_edit: ["edits"],
} as const satisfies Record<string, readonly Field[]>;

const FIELDS: readonly Field[] = ["start_line", "end_line", "after_line", "edits"];
/** Those that positional arguments after the path become. */
const LINES = ["start_line", "end_line", "after_line"] as const;
const CONTENT_NAMES = ["content", "payload", "text", "data", "contents", "file_content", "body"];
/** What other tools call these modes. */
const OTHER_NAMES: Readonly<Record<string, Mode>> = {
  write: "w",
  wt: "w",
  wb: "w",
  "w+": "w",
  overwrite: "w",
  create: "w",
  x: "w",
  append: "a",
  at: "a",
  ab: "a",
  "a+": "a",
  replace: "edit",
  "r+": "edit",
  edits: "multi_edit",
  multi: "multi_edit",
};

interface Range {
  readonly start_line: number;
  readonly end_line: number;
}

/** Checks the arguments of a call, by name; null stands for an argument that was not given. */
export function readWriteArguments(args: Readonly<Record<string, Json>>): WriteArguments {
  const given = Object.keys(args).filter((name) => args[name] !== null);
  const path = typeof args.path === "string" && args.path !== "" ? args.path : undefined;
  const content = given.find((name) => CONTENT_NAMES.includes(name.toLowerCase()));
  if (content !== undefined) return refused(messages.contentArgument(`${content}=`, path));
  const unknown = given.filter((name) => !["path", "mode", ...FIELDS].includes(name));
  if (unknown.length > 0) return refused(messages.unknownArguments(unknown));
  if (path === undefined) return refused(messages.pathArgument());
  const text = LINES.map((name) => args[name]).find(isWords);
  if (text !== undefined) return refused(messages.textForLine(text, modeNamed(text), path));

  const mode = args.mode ?? "w";
  if (!isMode(mode)) return refused(invalidMode(mode));
  const wanted: readonly Field[] = fieldsOfMode[mode];
  const fields = FIELDS.filter((field) => given.includes(field));
  const foreign = fields.filter((field) => !wanted.includes(field));
  if (foreign.length > 0) return refused(messages.foreignToMode(mode, foreign, modeWith(fields)));
  const missing = wanted.filter((field) => !fields.includes(field));
  if (missing.length > 0) return refused(messages.missingForMode(mode, missing));

  switch (mode) {
    case "w":
    case "a":
      return accepted(path, 1, ([only = ""]) => ({ path, mode, content: only }));
    case "edit": {
      const range = readRange(args.start_line, args.end_line, ["start_line", "end_line"]);
      if (typeof range === "string") return refused(range);
      return accepted(path, 1, ([only = ""]) => ({ path, mode, ...range, content: only }));
    }
    case "insert": {
      const line = args.after_line;
      if (!isLine(line, 0)) return refused(messages.invalidLine("after_line", 0));
      return accepted(path, 1, ([only = ""]) => ({ path, mode, after_line: line, content: only }));
    }
    case "multi_edit": {
      const ranges = readEdits(args.edits, path);
      if (typeof ranges === "string") return refused(ranges);
      return accepted(path, ranges.length, (contents) => ({
        path,
        mode,
        edits: ranges.map((range, index) => ({ ...range, content: contents[index] ?? "" })),
      }));
    }
  }
}

function accepted(
  path: string,
  payloads: number,
  build: Extract<WriteArguments, { kind: "accepted" }>["build"],
): WriteArguments {
  return { kind: "accepted", path, payloads, build };
}

function refused(message: string): WriteArguments {
  return { kind: "refused", message };
}

function isMode(mode: Json): mode is Mode {
  return typeof mode === "string" && Object.hasOwn(fieldsOfMode, mode);
}

function invalidMode(mode: Json): string {
  if (typeof mode !== "string") return messages.invalidMode(JSON.stringify(mode), undefined);
  // The one-letter modes are a slip away from every other letter: only the words are looked for.
  const words = Object.keys(fieldsOfMode).filter((name) => name.length > 1);
  const plain = mode.trim().toLowerCase();
  return messages.invalidMode(mode, modeNamed(mode) ?? closestWord(plain.slice(0, 100), words));
}

/** The mode that a word stands for. */
function modeNamed(word: string): Mode | undefined {
  const plain = word.trim().toLowerCase();
  if (isMode(plain)) return plain;
  return Object.hasOwn(OTHER_NAMES, plain) ? OTHER_NAMES[plain] : undefined;
}

/** Text in the place of a line number: content or a mode, given by position. */
function isWords(value: Json | undefined): value is string {
  return typeof value === "string" && !/^\s*[+-]?\d+\s*$/.test(value);
}

/** The mode that takes all of these arguments. */
function modeWith(fields: readonly Field[]): string | undefined {
  const all: readonly (readonly [string, readonly Field[]])[] = Object.entries(fieldsOfMode);
  return all.find(([, list]) => fields.every((field) => list.includes(field)))?.[0];
}

function isLine(value: Json | undefined, least: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}

/** The range, or what is wrong with it. */
function readRange(
  start: Json | undefined,
  end: Json | undefined,
  [startName, endName]: readonly [string, string],
): Range | string {
  if (!isLine(start, 1)) return messages.invalidLine(startName, 1);
  if (!isLine(end, 1)) return messages.invalidLine(endName, 1);
  return end < start ? messages.reversedRange(start, end) : { start_line: start, end_line: end };
}

/** Pairs `(start, end)` or `{"start_line": …, "end_line": …}`; the ranges, or what is wrong with the first bad one. */
function readEdits(edits: Json | undefined, path: string): readonly Range[] | string {
  if (!Array.isArray(edits) || edits.length === 0) return messages.invalidEdits(null);
  const ranges: Range[] = [];
  for (const [position, edit] of edits.entries()) {
    const pair = asPair(edit);
    if (pair === "content") return messages.contentArgument(`content in edits[${position}]`, path);
    if (pair === null) return messages.invalidEdits(position);
    const names = [`the start of edits[${position}]`, `the end of edits[${position}]`] as const;
    const range = readRange(...pair, names);
    if (typeof range === "string") return range;
    ranges.push(range);
  }
  return ranges;
}

/** `content`: the edit brings text with it, which belongs into a payload. */
function asPair(edit: Json): readonly [Json | undefined, Json | undefined] | "content" | null {
  if (Array.isArray(edit)) {
    if (edit.length > 2 && typeof edit[2] === "string") return "content";
    return edit.length === 2 ? [edit[0], edit[1]] : null;
  }
  if (typeof edit !== "object" || edit === null) return null;
  const { start_line: startLine, end_line: endLine, start, end, ...rest } = edit;
  const [other] = Object.keys(rest);
  if (other !== undefined) return CONTENT_NAMES.includes(other) ? "content" : null;
  return [startLine ?? start, endLine ?? end];
}
