/** Reads the parts of a reply. Apart from the schemas, because the panel reads replies and checks none. */
import type { ReplyBlock } from "./reply-blocks.ts";

/** What is between a block's fence lines, to the byte, less the indent of its opening fence. */
export function bodyOf(text: string, { bodyStart, bodyEnd, indent = 0 }: ReplyBlock): string {
  const body = text.slice(bodyStart, bodyEnd);
  return indent === 0 ? body : body.replace(new RegExp(`(^|\\r\\n|\\n|\\r) {1,${indent}}`, "g"), "$1");
}

/** The reply without its blocks. */
export function proseOf(text: string, blocks: readonly ReplyBlock[]): string {
  let prose = "";
  let from = 0;
  for (const block of blocks) {
    prose += text.slice(from, block.start);
    from = block.end;
  }
  return prose + text.slice(from);
}

/** The words that a reply ends a task with: its completion, else its prose. */
export function finalWordsOf(text: string, blocks: readonly ReplyBlock[] = []): string {
  const completion = blocks.find((block) => block.kind === "completion");
  return (completion ? bodyOf(text, completion) : proseOf(text, blocks)).trim();
}
