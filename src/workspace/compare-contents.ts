/**
 * What differs between two contents of a file, for somebody who knows the first one: changed lines in their present
 * numbers, and changes of format in words. A new line ending on every line is one change of format, not a changed file.
 */
import { formatSize, guessKind, imageKind } from "./file-kind.ts";
import { changedHunks, type LineHunk } from "./text-diff.ts";
import { decodeDocument, type TextDocument, toDocument } from "./text-document.ts";

export type Comparison =
  | {
      readonly kind: "lines";
      readonly hunks: readonly LineHunk[];
      /** The new content, with `hunks` numbered by its lines. */
      readonly document: TextDocument;
      /** Line endings, byte order mark, final newline, encoding; as parts of a sentence. */
      readonly format: readonly string[];
    }
  /** Not to be shown as lines; `what` says what it is now. */
  | { readonly kind: "opaque"; readonly what: string };

/** `before` is null where there was no file. */
export async function compareContents(before: Uint8Array | null, after: Uint8Array): Promise<Comparison> {
  const next = readable(after);
  const old = before === null ? emptyText : readable(before);
  if (next === null) return { kind: "opaque", what: describeBinary(after) };
  if (old === null) return { kind: "opaque", what: "text, where it was binary" };
  const exact = next.encoding === "utf-8" && old.encoding === "utf-8";
  // Bytes that are no UTF-8 would all look alike; as Latin-1 every byte stays itself, and lines stay where they are.
  const hunks = exact
    ? await changedHunks(plainLines(old.document), plainLines(next.document))
    : await changedHunks(latinLines(before ?? new Uint8Array()), latinLines(after));
  return { kind: "lines", hunks, document: next.document, format: before === null ? [] : formatChanges(old, next) };
}

interface Readable {
  readonly document: TextDocument;
  readonly encoding: "utf-8" | "other";
}

const emptyText: Readable = { document: toDocument(""), encoding: "utf-8" };

/** Null for what is no text at all. */
function readable(bytes: Uint8Array): Readable | null {
  const decoded = decodeDocument(bytes);
  if (decoded.kind === "text") return { document: decoded.document, encoding: "utf-8" };
  if (decoded.why === "nul" || imageKind(bytes)) return null;
  const document = toDocument(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  return { document, encoding: "other" };
}

/** The same lines, whatever they end in. */
function plainLines({ text }: TextDocument): TextDocument {
  const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  return toDocument(lines === "" || lines.endsWith("\n") ? lines : `${lines}\n`);
}

function latinLines(bytes: Uint8Array): TextDocument {
  return plainLines(toDocument(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")));
}

function formatChanges(before: Readable, after: Readable): string[] {
  const [old, next] = [before.document, after.document];
  const changes: string[] = [];
  const endings = endingsOf(next);
  if (endings !== null && endingsOf(old) !== null && endings !== endingsOf(old)) {
    changes.push(`line endings are ${endings} now (were ${endingsOf(old)})`);
  }
  if (old.bom !== next.bom) changes.push(`it ${next.bom ? "begins" : "no longer begins"} with a byte order mark`);
  const bothEnd = old.text !== "" && next.text !== "";
  if (bothEnd && old.finalNewline !== next.finalNewline) {
    changes.push(
      next.finalNewline ? "its last line ends in a newline now" : "its last line no longer ends in a newline",
    );
  }
  if (after.encoding === "other") changes.push("it is not valid UTF-8 (shown with �)");
  return changes;
}

/** Null: it has no line ending at all. */
function endingsOf({ ending, uniform }: TextDocument): string | null {
  if (ending === null) return null;
  if (!uniform) return "mixed";
  return { "\n": "LF", "\r\n": "CRLF", "\r": "CR" }[ending];
}

function describeBinary(bytes: Uint8Array): string {
  const kind = imageKind(bytes)?.name ?? guessKind(bytes);
  return `${kind}, ${formatSize(bytes.byteLength)}`;
}
