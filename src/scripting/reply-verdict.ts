/** What a parsed reply means: an answer, a program to run, the end of the task, or a mistake that is explained. */
import type { ReplyBlock } from "../protocol/reply-blocks.ts";
import { bodyOf } from "../protocol/reply-text.ts";
import { looksLikeForeignCall } from "./foreign-envelope.ts";
import { splitThinking } from "./leaked-thinking.ts";
import * as messages from "./protocol-messages.ts";
import type { DisplayFence, ParsedReply } from "./reply-parser.ts";

export interface ReplyPayload {
  readonly filename: string;
  readonly content: string;
  /** Its place in the reply's blocks. */
  readonly index: number;
}

export type ReplyVerdict =
  /** `foreignEnvelope`: it reads like a tool call of another convention, and nothing of it was run. */
  | { readonly kind: "chat"; readonly foreignEnvelope: boolean }
  | {
      readonly kind: "run";
      readonly control: ReplyBlock;
      /** The program: the body of `control`. */
      readonly source: string;
      readonly payloads: readonly ReplyPayload[];
      /** The closing words, if this program is to be the last; null: there is more to do. */
      readonly completion: string | null;
    }
  /** A completion without a program: the task is done, there is nothing to run. */
  | { readonly kind: "finished"; readonly completion: string; readonly foreignEnvelope: boolean }
  /** Nothing of the reply may be executed; the message tells the model why and how to repair it. */
  | { readonly kind: "rejected"; readonly message: string };

export interface ReplyCircumstances {
  /** The reply ended at the model's output limit. */
  readonly cut: boolean;
  /** The functions that a program can call. */
  readonly toolNames: Iterable<string>;
}

/** What is thinking in the reply counts for nothing; places in the verdict are those in the answer behind it. */
export function judgeReply(whole: ParsedReply, { cut, toolNames }: ReplyCircumstances): ReplyVerdict {
  const { answer: reply, unclear } = splitThinking(whole);
  const { text, blocks } = reply;
  const [control, ...moreControls] = blocks.filter((block) => block.kind === "control");
  const [completion, ...moreCompletions] = blocks.filter((block) => block.kind === "completion");
  const payloads = blocks.flatMap((block, index) => (block.kind === "payload" ? [{ block, index }] : []));
  const open = blocks.find((block) => !block.closed);

  if (cut) {
    const complete = blocks.length - (open ? 1 : 0);
    return rejected(messages.cutReply(open ? describe(open) : null, complete, blocks.length > 0));
  }
  if (unclear) return rejected(messages.thinkingInsideFence());
  if (open) return rejected(messages.unclosedBlock(describe(open)));
  if (moreControls.length > 0) return rejected(messages.severalControlBlocks(moreControls.length + 1));
  if (moreCompletions.length > 0) return rejected(messages.severalCompletions(moreCompletions.length + 1));
  if (!control && reply.displayFences.some((fence) => hidesControl(text, fence))) {
    return rejected(messages.controlInsideFence());
  }
  const foreignEnvelope = !control && payloads.length === 0 && looksLikeForeignCall(reply, toolNames);
  if (blocks.length === 0) return { kind: "chat", foreignEnvelope };

  const nameless = payloads.findIndex(({ block }) => !block.filename);
  if (nameless >= 0) return rejected(messages.payloadWithoutName(nameless + 1, payloads.length));
  const words = completion ? bodyOf(text, completion).trim() : null;
  if (!control) {
    if (payloads.length === 0) return { kind: "finished", completion: words ?? "", foreignEnvelope };
    return rejected(messages.payloadsWithoutControl(payloads.map(({ block }) => block.filename ?? "")));
  }
  const source = bodyOf(text, control);
  if (source.trim() === "") return rejected(messages.emptyControlBlock());
  const doubtful = payloadBeforeBareFence(reply);
  if (doubtful) return rejected(messages.fenceAfterPayload(doubtful.filename ?? ""));
  return {
    kind: "run",
    control,
    source,
    payloads: payloads.map(({ block, index }) => ({
      filename: block.filename ?? "",
      content: bodyOf(text, block),
      index,
    })),
    completion: words,
  };
}

function rejected(message: string): ReplyVerdict {
  return { kind: "rejected", message };
}

function describe({ kind, filename }: ReplyBlock): string {
  if (kind === "payload") return `the payload block ${messages.quoted(filename ?? "")}`;
  return kind === "control" ? "the ```codepilot block" : "the ```completion block";
}

/** Whether an ordinary fence holds a control line that only its own missing closing line keeps from being one. */
function hidesControl(text: string, { mark, length, bodyStart, bodyEnd }: DisplayFence): boolean {
  const lines = text.slice(bodyStart, bodyEnd).matchAll(/^ {0,3}(`{3,}|~{3,})[ \t]*codepilot(?![^\s])/gim);
  for (const [, marks = ""] of lines) if (marks.startsWith(mark) && marks.length >= length) return true;
  return false;
}

/**
 * The payload after which an ordinary fence begins that has no language and could have closed it. Whatever fences a
 * payload has inside, if they are as long as its own, the first bare one ends it and a later bare one opens a fence:
 * what would be written is only its beginning.
 */
function payloadBeforeBareFence({ text, blocks, displayFences }: ParsedReply): ReplyBlock | undefined {
  let next = 0;
  for (const fence of displayFences) {
    while ((blocks[next]?.start ?? Number.POSITIVE_INFINITY) < fence.start) next += 1;
    const before = blocks[next - 1];
    if (before?.kind !== "payload" || fence.language !== "") continue;
    const [marks = ""] = /[`~]+/.exec(text.slice(before.start, before.bodyStart)) ?? [];
    if (marks.startsWith(fence.mark) && fence.length >= marks.length) return before;
  }
  return undefined;
}
