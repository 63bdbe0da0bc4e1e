/**
 * A file as lines. Holds the text exactly as decoded, so that what an edit does not touch is written back byte by
 * byte. LF, CRLF and a lone CR all end a line, also mixed.
 */
export type LineEnding = "\n" | "\r\n" | "\r";

const BOM = "\uFEFF";

export interface TextDocument {
  /** Whether the bytes began with a byte order mark. */
  readonly bom: boolean;
  /** Without the byte order mark. */
  readonly text: string;
  /** Offset of each line in `text`; as many as there are lines. */
  readonly starts: readonly number[];
  /** The most frequent line ending (at a draw: the first); null when there is none at all. */
  readonly ending: LineEnding | null;
  /** Whether all lines end alike. */
  readonly uniform: boolean;
  /** Whether the last line ends in a line ending; false for an empty file. */
  readonly finalNewline: boolean;
}

export type Decoded =
  | { readonly kind: "text"; readonly document: TextDocument }
  | { readonly kind: "not-text"; readonly why: "nul" | "not-utf8" };

export function decodeDocument(bytes: Uint8Array): Decoded {
  if (bytes.includes(0)) return { kind: "not-text", why: "nul" };
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { kind: "text", document: toDocument(text) };
  } catch {
    return { kind: "not-text", why: "not-utf8" };
  }
}

/** `text` may begin with a byte order mark. */
export function toDocument(withBom: string): TextDocument {
  const bom = withBom.startsWith(BOM);
  const text = bom ? withBom.slice(BOM.length) : withBom;
  const { starts, counts } = indexLines(text);
  const used = [...counts.entries()].sort((a, b) => b[1] - a[1]);
  return {
    bom,
    text,
    starts,
    ending: used[0]?.[0] ?? null,
    uniform: used.length <= 1,
    finalNewline: text.endsWith("\n") || text.endsWith("\r"),
  };
}

export function encodeDocument(document: Pick<TextDocument, "bom" | "text">): Uint8Array {
  return new TextEncoder().encode(document.bom ? BOM + document.text : document.text);
}

export function lineCount(document: TextDocument): number {
  return document.starts.length;
}

/** Line `number` (1-based) without its ending. */
export function lineText(document: TextDocument, number: number): string {
  const start = document.starts[number - 1];
  if (start === undefined) throw new RangeError(`no line ${number}`);
  let end = document.starts[number] ?? document.text.length;
  if (end > start && document.text.charCodeAt(end - 1) === 10) end -= 1;
  if (end > start && document.text.charCodeAt(end - 1) === 13) end -= 1;
  return document.text.slice(start, end);
}

/** The lines of a piece of text that a model wrote. One line ending at its end closes the last line and opens no new one. */
export function splitLines(text: string): string[] {
  if (text === "") return [];
  const lines = withoutBom(text).split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

export function withoutBom(text: string): string {
  return text.startsWith(BOM) ? text.slice(BOM.length) : text;
}

function indexLines(text: string): { starts: number[]; counts: Map<LineEnding, number> } {
  const starts: number[] = [];
  const counts = new Map<LineEnding, number>();
  if (text === "") return { starts, counts };
  if (text.includes("\r")) {
    starts.push(0);
    for (const match of text.matchAll(/\r\n|\n|\r/g)) {
      const ending = match[0] as LineEnding;
      counts.set(ending, (counts.get(ending) ?? 0) + 1);
      starts.push(match.index + ending.length);
    }
  } else {
    // The common case, kept lean: a file may have millions of lines.
    let start = 0;
    do {
      starts.push(start);
      start = text.indexOf("\n", start) + 1;
    } while (start > 0);
    if (starts.length > 1) counts.set("\n", starts.length - 1);
  }
  // Behind the last line ending there is no line.
  if (starts.at(-1) === text.length) starts.pop();
  return { starts, counts };
}
