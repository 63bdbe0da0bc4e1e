/**
 * What an edit changes, for the person who allows it and for the card. Only the part between the first and the
 * last difference is compared, under a time limit, so a huge file costs no more than its change.
 */
import type { StructuredPatchHunk } from "diff";
import { lineCount, type TextDocument } from "./text-document.ts";

export const MAX_DIFF_CHARS = 40_000;
const MAX_DIFF_LINE_CHARS = 2_000;
const CONTEXT_LINES = 3;
const TIME_LIMIT_MS = 150;

export interface TextDiff {
  /** Unified, bounded. */
  readonly diff: string;
  readonly truncated: boolean;
  readonly addedLines: number;
  readonly removedLines: number;
}

export interface LineRange {
  readonly start: number;
  readonly end: number;
}

/** `before` is null for a file that is new; `path` is what the header shows. */
export async function diffDocuments(path: string, before: TextDocument | null, after: TextDocument): Promise<TextDiff> {
  const hunks = await hunksOf(before, after, CONTEXT_LINES);
  let addedLines = 0;
  let removedLines = 0;
  for (const hunk of hunks) {
    for (const line of hunk.lines) {
      if (line.startsWith("+")) addedLines += 1;
      else if (line.startsWith("-")) removedLines += 1;
    }
  }
  const header = `--- ${before ? `a/${path}` : "/dev/null"}\n+++ b/${path}\n`;
  return { ...bounded(header, hunks), addedLines, removedLines };
}

/** Lines replaced by others; numbers from 1. An empty side is named by the line that follows it. */
export interface LineHunk {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
}

export function changedHunks(before: TextDocument, after: TextDocument): Promise<readonly LineHunk[]> {
  return hunksOf(before, after, 0);
}

/** The lines of `after` that differ from `before`; where lines only vanished, the line that now is in their place. */
export async function changedRanges(before: TextDocument, after: TextDocument): Promise<LineRange[]> {
  const hunks = await changedHunks(before, after);
  return hunks.map(({ newStart, newLines }) => {
    const start = Math.max(1, newStart);
    return { start, end: Math.max(start, newStart + newLines - 1) };
  });
}

async function hunksOf(
  before: TextDocument | null,
  after: TextDocument,
  context: number,
): Promise<StructuredPatchHunk[]> {
  const old = before ?? { text: "", starts: [] };
  if (old.text === after.text) return [];
  const window = differingWindow(old, after, context);
  const oldText = old.text.slice(window.start, window.oldEnd);
  const newText = after.text.slice(window.start, window.newEnd);
  // Loaded on first use: a session that only reads does not pay for it.
  const { structuredPatch } = await import("diff");
  const options = { context, timeout: TIME_LIMIT_MS };
  const patch = structuredPatch("", "", withLineFeeds(oldText), withLineFeeds(newText), "", "", options);
  const hunks = patch?.hunks ?? [wholesale(oldText, newText)];
  return hunks.map((hunk) => ({
    ...hunk,
    oldStart: hunk.oldStart + window.linesBefore,
    newStart: hunk.newStart + window.linesBefore,
  }));
}

type Indexed = Pick<TextDocument, "text" | "starts">;

/** Offsets of the differing part, widened to whole lines and by the context. */
function differingWindow(old: Indexed, next: Indexed, context: number) {
  const shorter = Math.min(old.text.length, next.text.length);
  const prefix = commonPrefix(old.text, next.text, shorter);
  const firstLine = Math.max(0, lineIndexAt(old.starts, prefix) - context);
  const start = old.starts[firstLine] ?? 0;
  const suffix = commonSuffix(old.text, next.text, shorter - start);
  // The first line start behind the last difference, as a distance from the end, which both texts share.
  let endLine = lineIndexAt(old.starts, old.text.length - suffix) + 1;
  let tail = old.text.length - (old.starts[endLine] ?? old.text.length);
  while (endLine < old.starts.length && !isLineStart(next, next.text.length - tail)) {
    endLine += 1;
    tail = old.text.length - (old.starts[endLine] ?? old.text.length);
  }
  const lastLine = Math.min(old.starts.length, endLine + context);
  const rest = old.text.length - (old.starts[lastLine] ?? old.text.length);
  return { start, linesBefore: firstLine, oldEnd: old.text.length - rest, newEnd: next.text.length - rest };
}

/** Index of the line that holds `offset`. */
function lineIndexAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function isLineStart(document: Indexed, offset: number): boolean {
  return document.starts[lineIndexAt(document.starts, offset)] === offset;
}

const STEP = 4_096;

function commonPrefix(a: string, b: string, limit: number): number {
  let at = 0;
  // Slices compare natively, a whole step at a time.
  while (at + STEP <= limit && a.slice(at, at + STEP) === b.slice(at, at + STEP)) at += STEP;
  while (at < limit && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at;
}

function commonSuffix(a: string, b: string, limit: number): number {
  let size = 0;
  const step = (text: string) => text.slice(text.length - size - STEP, text.length - size);
  while (size + STEP <= limit && step(a) === step(b)) size += STEP;
  while (size < limit && a.charCodeAt(a.length - size - 1) === b.charCodeAt(b.length - size - 1)) size += 1;
  return size;
}

/** The library ends lines at LF only. */
function withLineFeeds(text: string): string {
  return text.replace(/\r(?!\n)/g, "\n");
}

/** All old lines out, all new lines in: what is left to say when comparing would take too long. */
function wholesale(oldText: string, newText: string): StructuredPatchHunk {
  const lines = (text: string) => {
    const split = withLineFeeds(text).split("\n");
    if (split.at(-1) === "") split.pop();
    return split;
  };
  const removed = lines(oldText);
  const added = lines(newText);
  return {
    oldStart: 1,
    oldLines: removed.length,
    newStart: 1,
    newLines: added.length,
    lines: [...removed.map((line) => `-${line}`), ...added.map((line) => `+${line}`)],
  };
}

function bounded(header: string, hunks: readonly StructuredPatchHunk[]): { diff: string; truncated: boolean } {
  let diff = header;
  let truncated = false;
  for (const hunk of hunks) {
    const { oldStart, oldLines, newStart, newLines } = hunk;
    // An empty side is named by the line before it.
    const from = oldLines === 0 ? oldStart - 1 : oldStart;
    const to = newLines === 0 ? newStart - 1 : newStart;
    const lines = [`@@ -${from},${oldLines} +${to},${newLines} @@`, ...hunk.lines];
    for (const line of lines) {
      const shown = shortened(line);
      truncated ||= shown !== line;
      if (diff.length + shown.length + 1 > MAX_DIFF_CHARS) return { diff, truncated: true };
      diff += `${shown}\n`;
    }
  }
  return { diff, truncated };
}

function shortened(line: string): string {
  const hidden = line.length - MAX_DIFF_LINE_CHARS;
  return hidden > 0 ? `${line.slice(0, MAX_DIFF_LINE_CHARS)}… [${hidden} more characters]` : line;
}

/** For a file whose old or new content can not be shown as lines. */
export function opaqueDiff(path: string, oldSizeBytes: number, after: TextDocument): TextDiff {
  const addedLines = lineCount(after);
  const diff = `--- a/${path}\n+++ b/${path}\n@@ the old content is not UTF-8 text (${oldSizeBytes} bytes) @@\n`;
  return { ...bounded(diff, [wholesale("", after.text)]), addedLines, removedLines: 0 };
}
