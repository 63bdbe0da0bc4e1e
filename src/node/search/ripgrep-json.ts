/** One line of `rg --json`. Paths and lines that are not UTF-8 come as base64 and are decoded leniently. */
import * as z from "zod";
import type { SearchMatch } from "../../ports/search.ts";

const MAX_TEXT = 500;
const BEFORE_MATCH = 100;

const data = z.union([z.object({ text: z.string() }), z.object({ bytes: z.string() })]);

const matchLine = z.object({
  type: z.literal("match"),
  data: z.object({
    path: data,
    lines: data,
    line_number: z.number(),
    submatches: z.array(z.object({ start: z.number() })),
  }),
});

/** Null for lines that are no match: beginnings, ends and statistics. */
export function parseRipgrepLine(line: string): SearchMatch | null {
  if (!line.startsWith('{"type":"match"')) return null;
  const parsed = matchLine.safeParse(parseJson(line));
  if (!parsed.success) return null;
  const { path, lines, line_number, submatches } = parsed.data.data;
  const text = textOf(lines).replace(/\r?\n$/, "");
  return { path: textOf(path), line: line_number, text: around(text, submatches[0]?.start ?? 0) };
}

/** Cuts a long line to the part that holds the match. `startByte` counts in UTF-8. */
function around(text: string, startByte: number): string {
  if (text.length <= MAX_TEXT) return text;
  const start = Buffer.from(text).subarray(0, startByte).toString("utf8").length;
  const from = start + 50 < MAX_TEXT ? 0 : Math.min(start - BEFORE_MATCH, text.length - MAX_TEXT + 2);
  const body = apart(text.slice(from, from + MAX_TEXT - 2));
  return `${from > 0 ? "…" : ""}${body}${from + body.length < text.length ? "…" : ""}`;
}

/** A part of a string keeps the whole of it in memory for as long as it lives; its copy does not. */
function apart(text: string): string {
  return Buffer.from(text).toString("utf8");
}

function textOf(value: z.output<typeof data>): string {
  return "text" in value ? value.text : Buffer.from(value.bytes, "base64").toString("utf8");
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
