/**
 * From what a tool wants done to a file to its new content, or to the reason why not. Pure: nothing is read or
 * written here, so an edit that can not be applied leaves no trace.
 */
import { append, applyLineEdits, type LineEdit, overwrite, problemOf } from "./line-edits.ts";
import { lineCount, lineText, splitLines, type TextDocument } from "./text-document.ts";

export type FileEdit =
  | { readonly kind: "overwrite"; readonly content: string }
  | { readonly kind: "append"; readonly content: string }
  | { readonly kind: "lines"; readonly edits: readonly LineEdit[] };

export type Edited =
  | { readonly kind: "edited"; readonly document: TextDocument }
  | { readonly kind: "impossible"; readonly problem: string };

/** `old` is null when there is no such file or when it is not text; only lines need one. */
export function applyEdit(edit: FileEdit, old: TextDocument | null): Edited {
  switch (edit.kind) {
    case "overwrite":
      return { kind: "edited", document: overwrite(old, edit.content) };
    case "append":
      return { kind: "edited", document: old ? append(old, edit.content) : overwrite(null, edit.content) };
    case "lines": {
      if (!old) return { kind: "impossible", problem: "there are no lines." };
      const problem = problemOf(edit.edits, old);
      if (problem) return { kind: "impossible", problem };
      return { kind: "edited", document: applyLineEdits(old, edit.edits) };
    }
  }
}

/** What was done, for the model; lines that moved are named, because its line numbers are old now. */
export function describeEdit(edit: FileEdit, old: TextDocument | null, next: TextDocument): string {
  const total = count(lineCount(next));
  const kept = keptFormat(edit, old, next);
  if (edit.kind === "overwrite") return `${old ? "overwritten" : "created"}, ${total}.${kept}`;
  if (edit.kind === "append") {
    return old
      ? `${count(lineCount(next) - lineCount(old))} appended; the file now has ${total}.`
      : `created, ${total}.`;
  }
  const placed = placedEdits(edit.edits);
  const done = placed.map(({ edit: { startLine, endLine }, from, lines }) => {
    if (endLine < startLine) return `${count(lines)} inserted after line ${endLine}`;
    const which = startLine === endLine ? `line ${startLine}` : `lines ${startLine}–${endLine}`;
    if (lines === 0) return `${which} removed`;
    return `${which} replaced by ${count(lines)} (now ${lines === 1 ? "line" : "lines"} ${range(from, lines)})`;
  });
  const last = placed.at(-1);
  const shift = last?.shiftAfter ?? 0;
  const below = last && old && last.edit.endLine < lineCount(old) && shift !== 0;
  const moved = below
    ? ` Old line ${last.edit.endLine + 1} is now line ${last.edit.endLine + 1 + shift}; read line numbers anew before further edits below.`
    : "";
  return `${done.join("; ")}. The file now has ${total}.${moved}\n${snippets(placed, next)}`;
}

function keptFormat(edit: FileEdit, old: TextDocument | null, next: TextDocument): string {
  if (edit.kind !== "overwrite" || !old) return "";
  const kept = [];
  if (next.ending === "\r\n" && !edit.content.includes("\r")) kept.push("CRLF line endings");
  if (next.bom && !edit.content.startsWith("\uFEFF")) kept.push("the byte order mark");
  return kept.length > 0 ? ` Kept ${kept.join(" and ")} of the old file.` : "";
}

interface Placed {
  readonly edit: LineEdit;
  /** First of its lines in the new file. */
  readonly from: number;
  readonly lines: number;
  /** How far what follows has moved. */
  readonly shiftAfter: number;
}

function placedEdits(edits: readonly LineEdit[]): Placed[] {
  let shift = 0;
  return [...edits]
    .sort((a, b) => a.startLine - b.startLine || a.endLine - b.endLine)
    .map((edit) => {
      const from = edit.startLine + shift;
      const lines = splitLines(edit.content).length;
      shift += lines - (edit.endLine - edit.startLine + 1);
      return { edit, from, lines, shiftAfter: shift };
    });
}

const SNIPPETS = 5;
const AROUND = 2;
const SHOWN_LINES = 12;
const SHOWN_CHARS = 200;

/** The edited places with a little around them, so that a slip in line numbers shows at once. */
function snippets(placed: readonly Placed[], next: TextDocument): string {
  const total = lineCount(next);
  const parts = placed.slice(0, SNIPPETS).map(({ from, lines }) => {
    const first = Math.max(1, from - AROUND);
    const last = Math.min(total, from + lines - 1 + AROUND);
    const numbers = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
    const hidden = numbers.length - SHOWN_LINES;
    const half = SHOWN_LINES / 2;
    const line = (number: number) => `${String(number).padStart(5)} | ${clipped(lineText(next, number))}`;
    if (hidden <= 1) return numbers.map(line).join("\n");
    const gap = `      … ${count(hidden)} more`;
    return [...numbers.slice(0, half).map(line), gap, ...numbers.slice(-half).map(line)].join("\n");
  });
  return parts.filter((part) => part !== "").join("\n      …\n");
}

function clipped(text: string): string {
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}

function range(from: number, lines: number): string {
  return lines === 1 ? `${from}` : `${from}–${from + lines - 1}`;
}

function count(lines: number): string {
  return lines === 1 ? "1 line" : `${lines} lines`;
}
