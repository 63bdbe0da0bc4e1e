/**
 * Cuts an answer into blocks that can be rendered and memoised alone, so that a streamed delta re-parses the last
 * block only. Fenced code is a block of its own and never meets the Markdown parser. The concatenation of what the
 * blocks mean is what the whole text means, but for definitions far away, which are handed to the blocks that use them.
 */

export type Block =
  | { readonly kind: "markdown"; readonly text: string }
  | { readonly kind: "code"; readonly language: string; readonly text: string; readonly closed: boolean };

/** Blocks that are shown in one row of the timeline. */
export interface Part {
  readonly blocks: readonly Block[];
}

const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\n]*)$/;
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/;
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:[ \t]*\S+.*$/;
const HTML_START = /^ {0,3}<(?:[a-zA-Z/!?])/;
/** A list longer than this is continued in a new block; numbers go on because Markdown keeps the first one. */
const LONG_LIST = 4_000;
const PART_CHARS = 4_000;

export function splitBlocks(text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  const definitions: string[] = [];
  let pending: string[] = [];
  let pendingChars = 0;
  let inList = false;

  const flush = (): void => {
    while (pending.at(-1)?.trim() === "") pending.pop();
    if (pending.length > 0) blocks.push({ kind: "markdown", text: pending.join("\n") });
    pending = [];
    pendingChars = 0;
    inList = false;
  };

  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as string;
    const fence = FENCE.exec(line);
    if (inList && fence && /^ {2,}/.test(line)) {
      // Code that belongs to a list item stays in the list, blank lines and all.
      const end = closingFence(lines, index + 1, fence[1] as string);
      const body = lines.slice(index, end === -1 ? lines.length : end + 1);
      pending.push(...body);
      pendingChars += body.join("\n").length;
      index += body.length - 1;
      continue;
    }
    if (fence && !(fence[1]?.startsWith("`") && fence[2]?.includes("`"))) {
      flush();
      const end = closingFence(lines, index + 1, fence[1] as string);
      const indent = line.length - line.trimStart().length;
      const body = lines.slice(index + 1, end === -1 ? lines.length : end);
      const language = (fence[2] ?? "").trim().split(/[\s{,]/, 1)[0] ?? "";
      blocks.push({
        kind: "code",
        language: language.toLowerCase(),
        text: body.map((row) => unindent(row, indent)).join("\n"),
        closed: end !== -1,
      });
      if (end === -1) break;
      index = end;
      continue;
    }
    if (DEFINITION.test(line) && !line.trimStart().startsWith("[^")) definitions.push(line.trim());
    const previousBlank = pending.at(-1)?.trim() === "";
    if (previousBlank && line.trim() !== "") {
      const continues = inList && (/^(\t| {2,})/.test(line) || (LIST_ITEM.test(line) && pendingChars < LONG_LIST));
      if (!continues && !HTML_START.test(pending[0] ?? "")) flush();
    } else if (inList && pendingChars >= LONG_LIST && /^(?:[-*+]|\d{1,9}[.)])[ \t]/.test(line)) {
      flush();
    }
    if (pending.length === 0 && line.trim() === "") continue;
    if (pending.length === 0) inList = LIST_ITEM.test(line);
    // A list that interrupts a paragraph belongs to the same block but may then go on over blank lines.
    else if (!inList && LIST_ITEM.test(line)) inList = true;
    pending.push(line);
    pendingChars += line.length + 1;
  }
  flush();
  return definitions.length === 0 ? blocks : blocks.map((block) => withDefinitions(block, definitions));
}

function closingFence(lines: readonly string[], from: number, fence: string): number {
  const mark = fence[0] as string;
  for (let index = from; index < lines.length; index++) {
    const line = (lines[index] as string).trim();
    if (line.length >= fence.length && [...line].every((char) => char === mark)) return index;
  }
  return -1;
}

function unindent(line: string, indent: number): string {
  let cut = 0;
  while (cut < indent && line[cut] === " ") cut++;
  return line.slice(cut);
}

/** Reference links work in the block that holds their definition; the others get the definitions they name. */
function withDefinitions(block: Block, definitions: readonly string[]): Block {
  if (block.kind === "code" || !block.text.includes("]")) return block;
  const missing = definitions.filter((definition) => {
    const label = definition.slice(0, definition.indexOf("]") + 1);
    return block.text.includes(label) && !block.text.includes(`${label}:`);
  });
  return missing.length === 0 ? block : { ...block, text: `${block.text}\n\n${missing.join("\n")}` };
}

/** Rows for the virtual list: a long answer becomes several, so that the DOM holds what is near the viewport. */
export function splitParts(text: string): Part[] {
  const parts: Part[] = [];
  let blocks: Block[] = [];
  let chars = 0;
  for (const block of splitBlocks(text)) {
    if (chars > 0 && chars + block.text.length > PART_CHARS) {
      parts.push({ blocks });
      blocks = [];
      chars = 0;
    }
    blocks.push(block);
    chars += block.text.length;
  }
  if (blocks.length > 0) parts.push({ blocks });
  return parts;
}

export function sameBlocks(one: readonly Block[], other: readonly Block[]): boolean {
  return one.length === other.length && one.every((block, index) => sameBlock(block, other[index] as Block));
}

export function sameBlock(one: Block, other: Block): boolean {
  if (one.kind !== other.kind || one.text !== other.text) return false;
  return (
    one.kind !== "code" || other.kind !== "code" || (one.closed === other.closed && one.language === other.language)
  );
}
