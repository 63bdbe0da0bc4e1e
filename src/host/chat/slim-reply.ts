/**
 * What the panel gets of a reply in the python interface: its words, and of its blocks as much as somebody looks at.
 * A program that was started has an entry of its own, and what became of a payload stands in its call.
 */
import type { Item } from "../../protocol/items.ts";
import type { ReplyBlock } from "../../protocol/reply-blocks.ts";

const BLOCK_CHARS = 20_000;
/** Of all blocks of one reply together, as long as each gets `LEAST_CHARS`. */
const REPLY_CHARS = 200_000;
const LEAST_CHARS = 1_000;
const PROGRAM_CHARS = 100_000;

type AssistantItem = Extract<Item, { kind: "assistant_message" }>;

/** Long bodies lose their end; the offsets tell of the text that is left. */
export function slimReply(item: AssistantItem): AssistantItem {
  const { text, blocks = [] } = item;
  const most = Math.min(BLOCK_CHARS, Math.max(LEAST_CHARS, Math.floor(REPLY_CHARS / blocks.length)));
  if (blocks.every(({ bodyStart, bodyEnd }) => bodyEnd - bodyStart <= most)) return item;
  const kept: ReplyBlock[] = [];
  let slim = "";
  let from = 0;
  for (const block of blocks) {
    slim += text.slice(from, block.bodyStart);
    const shift = slim.length - block.bodyStart;
    const body = text.slice(block.bodyStart, block.bodyEnd);
    const head = headOf(body, most);
    slim += head + text.slice(block.bodyEnd, block.end);
    from = block.end;
    const leftOut = { chars: body.length - head.length, lines: lineCount(body) - lineCount(head) };
    kept.push({
      ...block,
      start: block.start + shift,
      bodyStart: block.bodyStart + shift,
      bodyEnd: block.bodyStart + shift + head.length,
      end: slim.length,
      ...(leftOut.chars === 0 ? {} : { leftOut }),
    });
  }
  return { ...item, text: slim + text.slice(from), blocks: kept };
}

/** Lines keep their numbers: only the end of a program is ever left out. */
export function slimProgram(source: string): string {
  if (source.length <= PROGRAM_CHARS) return source;
  const head = headOf(source, PROGRAM_CHARS);
  const left = (lineCount(source) - lineCount(head)).toLocaleString("en");
  return `${head}${head.endsWith("\n") ? "" : "\n"}# … ${left} more lines are left out here`;
}

/** At most so many characters of the beginning, in whole lines where they are not very long. */
function headOf(text: string, chars: number): string {
  if (text.length <= chars) return text;
  const lineEnd = text.lastIndexOf("\n", chars - 1) + 1;
  return text.slice(0, lineEnd > chars / 2 ? lineEnd : chars);
}

function lineCount(text: string): number {
  let count = text === "" || text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
