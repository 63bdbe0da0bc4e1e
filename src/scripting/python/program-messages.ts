/** Reads what a program's side sends. It is under the program's control, so that nothing about it is taken as given. */
import type { Json } from "../../base/json.ts";
import type { ScriptCall, ScriptEnd } from "../../ports/script-engine.ts";
import { MAX_CALLS } from "../script-functions.ts";

/** A longer message ends the process; Python refuses to make one before. */
export const maxMessageBytes = 17_000_000;
/** Deeper values overflow the stack of whoever walks them. */
const MAX_DEPTH = 80;
const MAX_NAMES = 1_000;

/** An end that the program itself can tell of; that it was killed only its parent knows. */
export type ProgramEnd = Exclude<ScriptEnd, { readonly kind: "killed" }>;

export type ProgramMessage =
  | { readonly t: "print"; readonly parts: readonly { readonly text: string; readonly line: number | null }[] }
  | { readonly t: "call"; readonly calls: readonly ScriptCall[] }
  | { readonly t: "sleep"; readonly ms: number }
  | { readonly t: "end"; readonly end: ProgramEnd };

/** Null for anything that is not exactly a message. */
export function readProgramMessage(body: Buffer): ProgramMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
  if (!isRecord(value) || !isShallow(value)) return null;
  switch (value.t) {
    case "print":
      return readPrint(value);
    case "call":
      return readCalls(value);
    case "sleep":
      return typeof value.ms === "number" && value.ms >= 0 ? { t: "sleep", ms: value.ms } : null;
    case "end":
      return readEnd(value);
    default:
      return null;
  }
}

type JsonRecord = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isLine = (value: unknown): value is number | null =>
  value === null || (typeof value === "number" && Number.isSafeInteger(value) && value > 0);
const isText = (value: unknown, maxLength: number): value is string =>
  typeof value === "string" && value.length <= maxLength;

function isShallow(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return false;
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      for (const inner of Object.values(item)) next.push(inner);
    }
    level = next;
  }
  return true;
}

function readPrint({ parts }: JsonRecord): ProgramMessage | null {
  if (!Array.isArray(parts)) return null;
  const read: { text: string; line: number | null }[] = [];
  for (const part of parts) {
    if (!Array.isArray(part)) return null;
    const [text, line] = part as unknown[];
    if (typeof text !== "string" || !isLine(line)) return null;
    read.push({ text, line });
  }
  return { t: "print", parts: read };
}

function readCalls({ calls }: JsonRecord): ProgramMessage | null {
  if (!Array.isArray(calls) || calls.length === 0 || calls.length > MAX_CALLS) return null;
  const read: ScriptCall[] = [];
  for (const call of calls as unknown[]) {
    if (!isRecord(call) || typeof call.tool !== "string" || !isRecord(call.arguments) || !isLine(call.line))
      return null;
    // It came out of JSON.parse, so that all of it is JSON.
    read.push({ tool: call.tool, arguments: call.arguments as Record<string, Json>, line: call.line });
  }
  return { t: "call", calls: read };
}

function readEnd(value: JsonRecord): ProgramMessage | null {
  const names = value.names;
  if (!Array.isArray(names) || names.length > MAX_NAMES || !names.every((name) => isText(name, 100_000))) return null;
  if (value.kind === "completed") return { t: "end", end: { kind: "completed", names } };
  if (value.kind === "exited") {
    const { code } = value;
    if (code !== null && !isText(code, 1_000)) return null;
    return { t: "end", end: { kind: "exited", code, names } };
  }
  const { phase, type, message, line, traceback } = value;
  if (value.kind !== "raised" || (phase !== "compile" && phase !== "run") || !isLine(line)) return null;
  if (!isText(type, 1_000) || !isText(message, 100_000) || !isText(traceback, 100_000)) return null;
  return { t: "end", end: { kind: "raised", phase, type, message, line, traceback, names } };
}
