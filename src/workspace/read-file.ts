/**
 * Reading a file for a model: numbered lines within a budget, images as images, and for everything else a text
 * that says what it is and how to look at it.
 */

import { systemCodeOf } from "../base/app-error.ts";
import { hashOf } from "../base/content-hash.ts";
import type { FileSystem, FileTooLargeError, FileVersion, VersionedContent } from "../ports/file-system.ts";
import type { Image } from "../protocol/items.ts";
import { describeReadError, missingText } from "./file-errors.ts";
import { formatSize, guessKind, imageKind, shellWord } from "./file-kind.ts";
import { decodeDocument, lineCount, lineText, type TextDocument, toDocument } from "./text-document.ts";
import type { ResolvedPath } from "./workspace-paths.ts";

export const MAX_FILE_BYTES = 20_000_000;
const MAX_IMAGE_BYTES = 5_000_000;
const MAX_LINES = 2_000;
const MAX_CHARS = 60_000;
const MAX_LINE_CHARS = 2_000;

export interface ReadRange {
  readonly startLine: number;
  /** Inclusive; null: as far as the budget goes. */
  readonly endLine: number | null;
}

export interface ReadText {
  readonly kind: "text";
  readonly output: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly totalLines: number;
  /** Every line is in the output, none of them cut. */
  readonly whole: boolean;
  readonly bytes: Uint8Array;
  readonly hash: string;
  readonly version: FileVersion | null;
}

export type ReadOutcome =
  | ReadText
  | { readonly kind: "image"; readonly output: string; readonly image: Image }
  | { readonly kind: "refused"; readonly output: string };

type Files = Pick<FileSystem, "readVersioned">;

/** Never rejects. */
export async function readForModel(files: Files, path: ResolvedPath, range: ReadRange): Promise<ReadOutcome> {
  const loaded = await loadFile(files, path);
  if (loaded.kind !== "loaded") return { kind: "refused", output: loaded.output };
  const { bytes, version } = loaded;
  const image = imageKind(bytes);
  if (image) return asImage(bytes, path.shown, image);
  const decoded = decodeDocument(bytes);
  if (decoded.kind === "text") return asText(decoded.document, { bytes, version }, path.shown, range, "");
  if (decoded.why === "nul") return { kind: "refused", output: binaryText(bytes, path.shown) };
  const lenient = toDocument(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  const note = " · not valid UTF-8 (shown with �, can not be edited by line)";
  return asText(lenient, { bytes, version }, path.shown, range, note);
}

export type Loaded =
  | ({ readonly kind: "loaded" } & VersionedContent)
  | { readonly kind: "missing"; readonly output: string }
  | { readonly kind: "refused"; readonly output: string };

/** The bytes of a regular file of bearable size. Never rejects. */
export async function loadFile(files: Files, { path, shown }: ResolvedPath): Promise<Loaded> {
  try {
    const content = await files.readVersioned(path, MAX_FILE_BYTES);
    return content ? { kind: "loaded", ...content } : { kind: "missing", output: missingText(shown) };
  } catch (error) {
    if (systemCodeOf(error) === "EFBIG") {
      return { kind: "refused", output: hugeText((error as FileTooLargeError).sizeBytes, shown) };
    }
    return { kind: "refused", output: describeReadError(error, shown) };
  }
}

function asImage(bytes: Uint8Array, shown: string, image: { name: string; mediaType: string }): ReadOutcome {
  const size = formatSize(bytes.byteLength);
  if (bytes.byteLength > MAX_IMAGE_BYTES) {
    const output = `${shown} is a ${image.name} of ${size}; images up to 5 MB are shown. Make a smaller copy with execute and read that.`;
    return { kind: "refused", output };
  }
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  return {
    kind: "image",
    output: `${shown} · ${image.name}, ${size}, attached`,
    image: { mediaType: image.mediaType, data },
  };
}

function asText(
  document: TextDocument,
  content: VersionedContent,
  shown: string,
  range: ReadRange,
  note: string,
): ReadOutcome {
  const totalLines = lineCount(document);
  const read = { kind: "text", totalLines, ...content, hash: hashOf(content.bytes) } as const;
  const header = `${shown}${note}${formatNote(document)}`;
  if (totalLines === 0 && range.startLine === 1) {
    return { ...read, output: `${header} · empty file`, startLine: 0, endLine: 0, whole: true };
  }
  const { startLine } = range;
  if (startLine > totalLines) {
    const lines = totalLines === 1 ? "1 line" : `${totalLines} lines`;
    return { kind: "refused", output: `start_line ${startLine} is beyond the end: ${shown} has only ${lines}.` };
  }
  const { lines, firstCut } = numbered(document, startLine, Math.min(range.endLine ?? totalLines, totalLines));
  const endLine = startLine + lines.length - 1;
  const output = [
    `${header} · lines ${startLine}–${endLine} of ${totalLines}`,
    ...lines,
    footer(document, endLine, totalLines),
  ];
  if (firstCut !== null) {
    const command = `sed -n '${firstCut}p' ${shellWord(shown)} | cut -c ${MAX_LINE_CHARS + 1}-${2 * MAX_LINE_CHARS}`;
    output.push(`[Lines are cut at ${MAX_LINE_CHARS} characters; execute with \`${command}\` shows more of one.]`);
  }
  const whole = startLine === 1 && endLine === totalLines && firstCut === null;
  return { ...read, output: output.join("\n"), startLine, endLine, whole };
}

/** Lines up to `last`, fewer when the budget ends before; at least one. */
function numbered(document: TextDocument, first: number, last: number): { lines: string[]; firstCut: number | null } {
  const width = Math.max(5, String(last).length);
  const lines: string[] = [];
  let chars = 0;
  let firstCut: number | null = null;
  for (let number = first; number <= last && lines.length < MAX_LINES; number += 1) {
    const text = lineText(document, number);
    const hidden = text.length - MAX_LINE_CHARS;
    const body = hidden > 0 ? `${text.slice(0, MAX_LINE_CHARS)}… [${hidden} more characters]` : text;
    const line = `${String(number).padStart(width)} | ${body}`;
    chars += line.length + 1;
    if (chars > MAX_CHARS && lines.length > 0) break;
    if (hidden > 0) firstCut ??= number;
    lines.push(line);
  }
  return { lines, firstCut };
}

function footer(document: TextDocument, endLine: number, totalLines: number): string {
  const left = totalLines - endLine;
  if (left > 0) return `[${left} more ${left === 1 ? "line" : "lines"}: start_line=${endLine + 1} goes on]`;
  return document.finalNewline ? "[END OF FILE]" : "[END OF FILE, no newline after the last line]";
}

function formatNote({ bom, ending, uniform }: TextDocument): string {
  const endings = !uniform ? " · mixed line endings" : ending === "\r\n" ? " · CRLF" : ending === "\r" ? " · CR" : "";
  return `${bom ? " · byte order mark" : ""}${endings}`;
}

function binaryText(bytes: Uint8Array, shown: string): string {
  const kind = guessKind(bytes);
  const word = shellWord(shown);
  const next =
    kind === "UTF-16 text"
      ? `execute with \`iconv -f UTF-16 -t UTF-8 ${word}\` shows it.`
      : `execute with \`file ${word}\`, \`strings ${word} | head\` or \`xxd ${word} | head\` looks into it.`;
  return `${shown} is not text (${kind}, ${formatSize(bytes.byteLength)}), so it is not shown. ${next}`;
}

function hugeText(sizeBytes: number, shown: string): string {
  const word = shellWord(shown);
  return `${shown} has ${formatSize(sizeBytes)}; files up to 20 MB are read and edited. Look at a part of it with execute, e.g. \`sed -n '1,200p' ${word}\`, \`tail -n 100 ${word}\` or \`head -c 4000 ${word}\`, or search it with find(scope="file", target="${shown}").`;
}
