/**
 * Changes of known files in words for the model: where, and the changed lines themselves within a budget. Each line of
 * a file carries its number in front, so nothing that stands in a file can pass for words of CodePilot.
 */
import type { ToldFile } from "../protocol/items.ts";
import type { FoundChange } from "./file-watch.ts";
import type { LineHunk } from "./text-diff.ts";
import { lineCount, lineText, type TextDocument } from "./text-document.ts";

const LINES_PER_FILE = 30;
const LINES_IN_ALL = 100;
const CHARS_PER_LINE = 300;
const PLACES_PER_FILE = 20;
const FILES_NAMED = 100;

export interface DescribedChanges {
  readonly text: string;
  readonly files: readonly ToldFile[];
}

export function describeFoundChanges(found: readonly FoundChange[]): DescribedChanges {
  let linesLeft = LINES_IN_ALL;
  const parts: string[] = [];
  const files: ToldFile[] = [];
  for (const [index, change] of found.entries()) {
    const named = index < FILES_NAMED;
    const described = describe(change, named ? Math.min(LINES_PER_FILE, linesLeft) : 0);
    if (named) parts.push([described.headline, ...described.lines].join("\n"));
    linesLeft -= described.linesShown;
    const { path, after, kind, told } = change;
    const state = kind === "covered" ? told.state : after;
    const hash = state.kind === "content" ? state.hash : null;
    files.push({ path, state: state.kind, hash, seen: named && kind === "now" && described.complete });
  }
  const unnamed = found.length - FILES_NAMED;
  if (unnamed > 0)
    parts.push(`… and ${unnamed} more of the files that you know. Read a file again before you edit it.`);
  return { text: [HEADER, ...parts].join("\n"), files };
}

const HEADER =
  "[ENVIRONMENT CHANGE]\nFiles that you know were changed since, by your commands or by someone else. Line numbers are those of now.\n";

interface Described {
  readonly headline: string;
  readonly lines: readonly string[];
  readonly linesShown: number;
  /** Whoever knew the file before knows all of it now. */
  readonly complete: boolean;
}

function describe(change: FoundChange, budget: number): Described {
  const { after, before, kind, difference } = change;
  const name = quoted(change.shown);
  const plain = (words: string, complete = false): Described => {
    return { headline: `${name}: ${words}`, lines: [], linesShown: 0, complete };
  };
  if (kind === "covered") return describeCovered(change, name, budget);
  if (after.kind !== "content") return plain(STATES[after.kind]);
  const verb = before.kind === "content" ? "changed" : before.kind === "gone" ? "created again" : "is a file again";
  if (change.asSeen) return plain(`${verb}, with the very content that you know`, true);
  switch (difference.kind) {
    case "withheld":
      return plain(`${verb}. It is outside what may be shown unasked. ${READ_AGAIN}`);
    case "unknown":
      return plain(`${verb}; which lines is not known. ${READ_AGAIN}`);
    case "opaque":
      return plain(`${verb}; it is ${difference.what}.`);
    case "lines": {
      const { format, hunks, document } = difference;
      const shown = showLines(hunks, document, budget);
      const total = before.kind === "content" ? [] : [count(lineCount(document))];
      const where = before.kind === "content" && hunks.length > 0 ? [nameHunks(hunks)] : [];
      const what = [...total, ...where, ...format];
      if (what.length === 0) what.push("only in how its lines end");
      const end = shown.complete ? "" : `. ${READ_AGAIN}`;
      return { ...shown, headline: `${name}: ${verb}, ${what.join("; ")}${end}` };
    }
  }
}

const READ_AGAIN = "Read it again before you edit it.";

const STATES = {
  gone: "is gone (deleted, moved or renamed)",
  folder: "is gone; a folder has its name now",
  special: "is no regular file any more (a device, pipe or socket)",
  "too-large": "has grown beyond 20 MB; look at parts of it with a command",
  unreadable: "can not be read any more: no permission",
  elsewhere: "leads elsewhere now, through a symbolic link; it is not shown unasked",
} as const;

/** A change that nobody can see in the file any more, because an own write came after it. */
function describeCovered({ after, difference }: FoundChange, name: string, budget: number): Described {
  if (after.kind !== "content") {
    return { headline: `${name}: had been deleted when you wrote it`, lines: [], linesShown: 0, complete: false };
  }
  const words = `${name}: somebody else had changed it before your last write to it`;
  if (difference.kind !== "lines") return { headline: words, lines: [], linesShown: 0, complete: false };
  const { hunks, document, format } = difference;
  const shown = showLines(hunks, document, budget);
  const what = [...(hunks.length > 0 ? [nameHunks(hunks)] : []), ...format].join("; ");
  return { ...shown, headline: `${words}, ${what} (as numbered before your write)` };
}

function showLines(hunks: readonly LineHunk[], document: TextDocument, budget: number): Omit<Described, "headline"> {
  const numbers = hunks.flatMap(({ newStart, newLines }) => range(newStart, newLines));
  const shown = numbers.slice(0, Math.max(0, budget));
  const width = Math.max(5, String(shown.at(-1) ?? 0).length);
  const lines: string[] = [];
  let complete = shown.length === numbers.length && hunks.length <= PLACES_PER_FILE;
  for (const [index, number] of shown.entries()) {
    const before = shown[index - 1];
    if (before !== undefined && before + 1 !== number) lines.push("      …");
    const text = lineText(document, number);
    const clipped = clip(text);
    if (clipped !== text) complete = false;
    lines.push(`${String(number).padStart(width)} | ${clipped}`);
  }
  const left = numbers.length - shown.length;
  if (left > 0) lines.push(`      … ${left} more changed ${left === 1 ? "line" : "lines"}, not shown`);
  return { lines, linesShown: shown.length, complete };
}

function nameHunks(hunks: readonly LineHunk[]): string {
  const named = hunks.slice(0, PLACES_PER_FILE).map(nameHunk);
  const more = hunks.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more places`] : [])].join(", ");
}

function nameHunk({ oldStart, oldLines, newStart, newLines }: LineHunk): string {
  const old = span(oldStart, oldLines);
  if (newLines === 0) {
    const where = newStart <= 1 ? "at the top" : `after line ${newStart - 1}`;
    return `${where} (old ${oldLines === 1 ? "line" : "lines"} ${old} removed)`;
  }
  const now = `${newLines === 1 ? "line" : "lines"} ${span(newStart, newLines)}`;
  if (oldLines === 0) return `${now} (added)`;
  return oldLines === newLines && oldStart === newStart ? now : `${now} (${oldLines === 1 ? "was" : "were"} ${old})`;
}

function span(start: number, lines: number): string {
  return lines === 1 ? `${start}` : `${start}–${start + lines - 1}`;
}

function range(start: number, lines: number): number[] {
  return Array.from({ length: lines }, (_, index) => start + index);
}

function clip(text: string): string {
  if (text.length <= CHARS_PER_LINE) return text;
  // Never between the two halves of a character.
  const end = /[\uD800-\uDBFF]/.test(text.charAt(CHARS_PER_LINE - 1)) ? CHARS_PER_LINE - 1 : CHARS_PER_LINE;
  return `${text.slice(0, end)}… [${text.length - end} more characters]`;
}

function count(lines: number): string {
  return lines === 1 ? "1 line" : `${lines} lines`;
}

/** A name may hold line breaks, and must not look like more than a name. */
function quoted(path: string): string {
  if (!/[\p{Cc}\u2028\u2029]/u.test(path)) return path;
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(path).replace(/[\u007f-\u009f\u2028\u2029]/g, escaped);
}
