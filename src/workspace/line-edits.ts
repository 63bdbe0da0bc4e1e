/**
 * Edits as pure functions: old document and wanted lines → new text. Whole lines take the file's line ending, lines
 * that were not named stay as they are, and a file keeps having (or lacking) its final newline.
 */
import { type LineEnding, splitLines, type TextDocument, toDocument, withoutBom } from "./text-document.ts";

export interface LineEdit {
  /** 1-based. */
  readonly startLine: number;
  /** Inclusive; `startLine - 1` inserts before `startLine` and removes nothing. */
  readonly endLine: number;
  /** The new lines; empty: the old ones are removed. */
  readonly content: string;
}

export function insertion(afterLine: number, content: string): LineEdit {
  return { startLine: afterLine + 1, endLine: afterLine, content };
}

/** What is wrong with the edits for this document, in one sentence; null when they can be applied. */
export function problemOf(edits: readonly LineEdit[], document: TextDocument): string | null {
  const total = document.starts.length;
  const has = total === 1 ? "the file has 1 line" : `the file has ${total} lines`;
  for (const { startLine, endLine } of edits) {
    if (startLine < 1) return `start_line ${startLine} is not a line; lines count from 1.`;
    const inserts = endLine === startLine - 1;
    if (inserts && endLine > total) return `after_line ${endLine} is beyond the end: ${has}.`;
    if (inserts) continue;
    if (endLine < startLine) return `end_line ${endLine} is before start_line ${startLine}.`;
    if (endLine > total) return `lines ${startLine}–${endLine} are beyond the end: ${has}.`;
  }
  const sorted = inOrder(edits);
  for (const [index, edit] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next && next.startLine <= edit.endLine) {
      return `the edits of lines ${edit.startLine}–${edit.endLine} and ${next.startLine}–${next.endLine} overlap.`;
    }
  }
  return null;
}

/** Applies edits whose line numbers all refer to `document`. They must have passed `problemOf`. */
export function applyLineEdits(document: TextDocument, edits: readonly LineEdit[]): TextDocument {
  const ending = document.ending ?? endingIn(edits) ?? "\n";
  const pieces = new Pieces(ending);
  let line = 1;
  for (const edit of inOrder(edits)) {
    pieces.push(slice(document, line, edit.startLine - 1));
    for (const text of splitLines(edit.content)) pieces.push(text + ending);
    line = edit.endLine + 1;
  }
  pieces.push(slice(document, line, document.starts.length));
  let text = pieces.toString();
  if (document.starts.length > 0 && !document.finalNewline) text = withoutFinalNewline(text);
  return rebuilt(document, text);
}

/** The first line, as numbered before, that has another number or another line below it afterwards; null: none. */
export function firstMovedLine(edits: readonly LineEdit[]): number | null {
  const moving = inOrder(edits).find(
    ({ startLine, endLine, content }) => splitLines(content).length !== endLine - startLine + 1,
  );
  return moving?.startLine ?? null;
}

/**
 * Adds lines at the end, on a line of their own. What ended in a newline still does; the content's own final newline
 * decides otherwise.
 */
export function append(document: TextDocument, content: string): TextDocument {
  const ending = document.ending ?? firstEnding(content) ?? "\n";
  const pieces = new Pieces(ending);
  pieces.push(document.text);
  for (const line of splitLines(content)) pieces.push(line + ending);
  const text = pieces.toString();
  const terminated = document.finalNewline || endsInNewline(content);
  return rebuilt(document, terminated ? text : withoutFinalNewline(text));
}

/**
 * The whole content anew. A model sees neither line endings nor the byte order mark, so leaving them out says
 * nothing: the mark stays, and a file that has CRLF throughout keeps it for content written with LF. Content that
 * itself contains CR is taken as it is, and so is all content for a file with mixed endings.
 */
export function overwrite(old: TextDocument | null, content: string): TextDocument {
  const fresh = toDocument(content);
  if (old === null) return fresh;
  const convert = old.ending !== null && old.uniform && old.ending !== "\n" && !content.includes("\r");
  const text = convert ? fresh.text.replaceAll("\n", old.ending ?? "\n") : fresh.text;
  return toDocument((old.bom || fresh.bom ? "\uFEFF" : "") + text);
}

/** Joins pieces that each should be whole lines. */
class Pieces {
  readonly #parts: string[] = [];
  #last = "";
  readonly #ending: LineEnding;

  constructor(ending: LineEnding) {
    this.#ending = ending;
  }

  push(piece: string): void {
    if (piece === "") return;
    if (this.#last !== "" && !endsInNewline(this.#last)) this.#parts.push(this.#ending);
    // A lone CR followed by an empty LF line would melt into one CRLF and lose a line.
    else if (this.#last.endsWith("\r") && piece.startsWith("\n")) this.#parts.push("\r");
    this.#parts.push(piece);
    this.#last = piece;
  }

  toString(): string {
    return this.#parts.join("");
  }
}

function inOrder(edits: readonly LineEdit[]): LineEdit[] {
  return [...edits].sort((a, b) => a.startLine - b.startLine || a.endLine - b.endLine);
}

/** The text of lines `first` to `last`, endings included. */
function slice(document: TextDocument, first: number, last: number): string {
  if (last < first) return "";
  const end = document.starts[last] ?? document.text.length;
  return document.text.slice(document.starts[first - 1] ?? document.text.length, end);
}

function rebuilt(document: TextDocument, text: string): TextDocument {
  return toDocument(document.bom ? `\uFEFF${text}` : text);
}

/** Not when the last line is empty: without its ending it would be gone. */
function withoutFinalNewline(text: string): string {
  const shorter = text.replace(/(?:\r\n|\n|\r)$/, "");
  return shorter === "" || endsInNewline(shorter) ? text : shorter;
}

function endsInNewline(text: string): boolean {
  return text.endsWith("\n") || text.endsWith("\r");
}

function endingIn(edits: readonly LineEdit[]): LineEnding | undefined {
  for (const edit of edits) {
    const ending = firstEnding(withoutBom(edit.content));
    if (ending) return ending;
  }
  return undefined;
}

function firstEnding(text: string): LineEnding | undefined {
  return /\r\n|\n|\r/.exec(text)?.[0] as LineEnding | undefined;
}
