/**
 * Thinking that a server left in the text of a reply. Where the chat template supplies the opening `<think>`, only the
 * closing tag comes; a draft in front of it must never be taken for the program. A tag in a code span is only named,
 * and what a fence holds is content, unless the fence was left open in the thinking and runs on into the answer.
 */
import { type DisplayFence, type ParsedReply, parseReply } from "./reply-parser.ts";

export interface SplitReply {
  /** Offset behind the thinking and the empty lines after it; 0 where there is none. */
  readonly end: number;
  /** What follows the thinking; the reply itself where there is none. */
  readonly answer: ParsedReply;
  /** It can not be told where the thinking ends: nothing of the reply may run. */
  readonly unclear: boolean;
}

const TAG = /<(\/?)(think|thinking|reasoning)>/gi;
const LEADING_TAG = /^\s*<(think|thinking|reasoning)>/i;
const TRAILING_TAG = /<\/(?:think|thinking|reasoning)>\s*$/i;
/** An opening fence line that is no closing line: it has words behind its marks. */
const FENCE_WITH_INFO = /^ {0,3}(`{3,}|~{3,})[ \t]*[^\s`~]/gm;
/** Each cut parses the rest again; a reply that needs more is left alone. */
const MAX_CUTS = 8;

export function splitThinking(reply: ParsedReply): SplitReply {
  let answer = reply;
  let end = 0;
  for (let cuts = 0; cuts < MAX_CUTS; cuts += 1) {
    const at = endOfThinking(answer);
    if (at === null || at === "unclear") return { end, answer, unclear: at === "unclear" };
    end += at;
    answer = parseReply(answer.text.slice(at));
  }
  return { end, answer, unclear: true };
}

/** Thinking as it is shown: without its tags. */
export function thinkingText(text: string): string {
  return text.replace(LEADING_TAG, "").replace(TRAILING_TAG, "").trim();
}

function endOfThinking(reply: ParsedReply): number | "unclear" | null {
  const { text } = reply;
  const leading = LEADING_TAG.exec(text);
  if (leading) {
    const closing = new RegExp(`</${leading[1]}>`, "gi");
    closing.lastIndex = leading[0].length;
    return closing.test(text) ? behindBlankLines(text, closing.lastIndex) : text.length;
  }
  const tags = tagsOf(text);
  if (!tags.some((tag) => tag.closes)) return null;
  const fences = fencesOf(reply);
  const inProse = lastUnmatched(tags, fences);
  if (inProse !== null) return behindBlankLines(text, inProse);
  return endInsideFence(reply, tags, fences);
}

interface Tag {
  readonly name: string;
  readonly closes: boolean;
  readonly start: number;
  readonly end: number;
}

function tagsOf(text: string): readonly Tag[] {
  return [...text.matchAll(TAG)].map(({ 0: whole, 1: slash, 2: name = "", index }) => ({
    name: name.toLowerCase(),
    closes: slash === "/",
    start: index,
    end: index + whole.length,
    ...(text[index - 1] === "`" && text[index + whole.length] === "`" ? { name: "", closes: false } : {}),
  }));
}

interface Fence extends Pick<DisplayFence, "mark" | "length" | "start" | "end" | "bodyEnd"> {
  readonly isBlock: boolean;
}

/** All fences of the reply in their order. */
function fencesOf({ text, blocks, displayFences }: ParsedReply): readonly Fence[] {
  const ofBlocks = blocks.map((block): Fence => {
    const [marks = "```"] = /[`~]+/.exec(text.slice(block.start, block.bodyStart)) ?? [];
    return { ...block, mark: marks.startsWith("~") ? "~" : "`", length: marks.length, isBlock: true };
  });
  const ordinary = displayFences.map((fence): Fence => ({ ...fence, isBlock: false }));
  return [...ofBlocks, ...ordinary].sort((a, b) => a.start - b.start);
}

/** End of the last closing tag outside of fences that has no opening one in the same stretch between two blocks. */
function lastUnmatched(tags: readonly Tag[], fences: readonly Fence[]): number | null {
  let last: number | null = null;
  let next = 0;
  let open = new Map<string, number>();
  for (const tag of tags) {
    for (let fence = fences[next]; fence && fence.end <= tag.start; fence = fences[next]) {
      if (fence.isBlock) open = new Map();
      next += 1;
    }
    if ((fences[next]?.start ?? Number.POSITIVE_INFINITY) < tag.start) continue;
    if (isUnmatched(tag, open)) last = tag.end;
  }
  return last;
}

/** Counts the tag among those that are open. */
function isUnmatched({ name, closes }: Tag, open: Map<string, number>): boolean {
  const depth = open.get(name) ?? 0;
  if (closes && depth === 0) return true;
  open.set(name, depth + (closes ? -1 : 1));
  return false;
}

/**
 * The thinking may have ended within a fence that it had opened: its closing tag is in the body, and then the opening
 * line of the next fence is there too, or the reply ends within a fence. A file whose own fences are as long as the one
 * around it looks alike, but what follows then has a closing line too many.
 */
function endInsideFence(reply: ParsedReply, tags: readonly Tag[], fences: readonly Fence[]): number | "unclear" | null {
  const { text, blocks, displayFenceOpen } = reply;
  let next = 0;
  for (const fence of fences) {
    while ((tags[next]?.start ?? Number.POSITIVE_INFINITY) < fence.start) next += 1;
    const open = new Map<string, number>();
    let first: number | null = null;
    for (let tag = tags[next]; tag && tag.start < fence.end; tag = tags[next]) {
      if (isUnmatched(tag, open)) first ??= tag.end;
      next += 1;
    }
    if (first === null) continue;
    if (!displayFenceOpen && !holdsOpening(text.slice(first, fence.bodyEnd), fence)) continue;
    const end = behindBlankLines(text, first);
    const rest = parseReply(text.slice(end));
    const isWhole = rest.blocks.every((block) => block.closed);
    const isEven = rest.displayFences.every(({ language }) => language !== "");
    if (rest.blocks.length > 0 && isWhole && isEven) return end;
    if (blocks.length > 0) return "unclear";
  }
  return null;
}

function holdsOpening(body: string, { mark, length }: Fence): boolean {
  for (const [, marks = ""] of body.matchAll(FENCE_WITH_INFO)) {
    if (marks.startsWith(mark) && marks.length >= length) return true;
  }
  return false;
}

/** The spaces before the next words stay: they may be the indent of a fence. */
function behindBlankLines(text: string, from: number): number {
  let end = from;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === "\n" || character === "\r") end = at + 1;
    else if (character !== " " && character !== "\t") return end;
  }
  return text.length;
}
