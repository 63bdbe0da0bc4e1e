/**
 * Takes one response from the model, with retries, and says it in the one vocabulary. While it streams, live
 * events go out; what was finished is returned, and the turn loop writes it in one piece.
 */
import type { Clock } from "../base/clock.ts";
import type { IdSource } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import type { ModelClient, ModelEvent, ModelFailure, ModelRequest } from "../ports/model-client.ts";
import type { Item, Replay, TurnError, Usage } from "../protocol/items.ts";
import type { AssistantMessage } from "../protocol/state.ts";
import { splitThinking, thinkingText } from "../scripting/leaked-thinking.ts";
import { parseReply } from "../scripting/reply-parser.ts";
import { withAbortGrace } from "./abort-grace.ts";
import type { EventHub } from "./event-hub.ts";
import { BlockStream } from "./scripts/block-stream.ts";

const MAX_ATTEMPTS = 5;
const MAX_WAIT_TOTAL_MS = 30_000;
const MAX_RETRY_AFTER_MS = 60_000;
const FIRST_DELAY_MS = 500;

export interface RequestedCall {
  readonly callId: string;
  readonly name: string;
  readonly argumentsText: string;
  readonly replay?: Json;
}

/** Finished parts in the order in which the model gave them. */
export type ResponsePart =
  | { readonly kind: "item"; readonly item: Item }
  | { readonly kind: "call"; readonly call: RequestedCall };

export type SampleResult =
  | {
      readonly kind: "response";
      readonly parts: readonly ResponsePart[];
      readonly stop: "end" | "truncated" | "refused";
      readonly usage: Usage | null;
    }
  /** Stopped by the person; `parts` holds the text that had arrived. */
  | { readonly kind: "aborted"; readonly parts: readonly ResponsePart[] }
  | { readonly kind: "failed"; readonly error: TurnError };

export interface SamplingOptions {
  readonly hub: EventHub;
  readonly ids: IdSource;
  readonly clock: Clock;
  /** 0 ≤ x < 1, for the jitter. */
  readonly random: () => number;
  /** Replies hold protocol blocks: they are told apart from the prose as they stream. */
  readonly parseBlocks: boolean;
}

export async function sample(
  client: ModelClient,
  request: ModelRequest,
  signal: AbortSignal,
  options: SamplingOptions,
): Promise<SampleResult> {
  let waitedMs = 0;
  for (let attempt = 1; ; attempt += 1) {
    const collector = new ResponseCollector(options);
    const outcome = await withAbortGrace(
      client.sample(request, (event) => collector.add(event), signal),
      signal,
    ).catch((error: unknown) => {
      // Clients must not reject; one that does so because of the stop has still stopped.
      if (signal.aborted) return "late" as const;
      throw error;
    });
    if (outcome === "late" || outcome.kind === "aborted" || signal.aborted) {
      return { kind: "aborted", parts: collector.close() };
    }
    if (outcome.kind === "done" && (collector.hasAnswer || outcome.stop !== "end")) {
      return { kind: "response", parts: collector.parts, stop: outcome.stop, usage: outcome.usage };
    }
    const failure = outcome.kind === "failed" ? outcome.failure : emptyAnswer;
    const delayMs = retryDelayMs(failure, attempt, waitedMs, options.random);
    if (delayMs === null) return { kind: "failed", error: turnErrorOf(failure, attempt) };
    options.hub.emitLive({
      type: "model.retrying",
      class: failure.class,
      message: failure.message,
      attempt,
      maxAttempts: MAX_ATTEMPTS,
      delayMs,
    });
    waitedMs += delayMs;
    await options.clock.sleep(delayMs, signal);
    if (signal.aborted) return { kind: "aborted", parts: [] };
  }
}

const emptyAnswer: ModelFailure = {
  class: "bad-response",
  message: "The model sent an empty answer.",
  next: "Send the task again, or choose another model.",
  retryable: true,
};

/**
 * Milliseconds until the next try, or null when there is none: exponential with jitter, 5 tries and 30 s of waiting
 * in all; a server that names its own delay gets up to 60 s.
 */
export function retryDelayMs(
  failure: ModelFailure,
  attempt: number,
  waitedMs: number,
  random: () => number,
): number | null {
  if (!failure.retryable || attempt >= MAX_ATTEMPTS) return null;
  if (failure.retryAfterMs !== undefined)
    return failure.retryAfterMs <= MAX_RETRY_AFTER_MS ? failure.retryAfterMs : null;
  const delayMs = Math.round(FIRST_DELAY_MS * 2 ** (attempt - 1) * (0.5 + random()));
  return waitedMs + delayMs <= MAX_WAIT_TOTAL_MS ? delayMs : null;
}

function turnErrorOf(failure: ModelFailure, attempts: number): TurnError {
  const message = attempts > 1 ? `${failure.message} (after ${attempts} tries)` : failure.message;
  return { class: failure.class, message, ...(failure.next ? { next: failure.next } : {}) };
}

/** Turns a response's events into live events and finished parts. */
class ResponseCollector {
  parts: ResponsePart[] = [];
  readonly #hub: EventHub;
  readonly #ids: IdSource;
  readonly #parseBlocks: boolean;
  #open: OpenPart | undefined;

  #closed = false;

  constructor({ hub, ids, parseBlocks }: SamplingOptions) {
    this.#hub = hub;
    this.#ids = ids;
    this.#parseBlocks = parseBlocks;
  }

  /** Reasoning alone is no answer. */
  get hasAnswer(): boolean {
    return this.parts.some((part) => part.kind === "call" || part.item.kind === "assistant_message");
  }

  add(event: ModelEvent): void {
    if (this.#closed) return;
    switch (event.type) {
      case "text.delta":
        this.#stream("assistant_message", event.delta);
        break;
      case "reasoning.delta":
        this.#stream("reasoning", event.delta);
        break;
      case "text.finished":
        this.#finish("assistant_message", event.text, event.replay);
        break;
      case "reasoning.finished":
        this.#finish("reasoning", event.text, event.replay);
        break;
      case "tool_call": {
        const { type: _type, ...call } = event;
        this.parts.push({ kind: "call", call });
      }
    }
  }

  /** What there is when the person stops: finished text and the text that had begun, but no calls. */
  close(): readonly ResponsePart[] {
    this.#closed = true;
    if (this.#open?.kind === "assistant_message" && this.#open.text.trim() !== "") {
      const { id, text } = this.#open;
      this.#addMessage({ kind: "assistant_message", id, text, incomplete: "interrupted" });
    }
    return this.parts.filter((part) => part.kind === "item" && part.item.kind === "assistant_message");
  }

  #stream(kind: "assistant_message" | "reasoning", delta: string): void {
    if (this.#open?.kind !== kind) {
      const parser = kind === "assistant_message" && this.#parseBlocks ? new BlockStream(this.#hub) : undefined;
      this.#open = { kind, id: this.#ids.next("item"), text: "", parser };
      this.#hub.emitLive({ type: "item.started", itemId: this.#open.id, kind });
    }
    const { id, parser } = this.#open;
    this.#open.text += delta;
    if (parser) parser.push(id, delta);
    else this.#hub.emitLive({ type: kind === "reasoning" ? "reasoning.delta" : "text.delta", itemId: id, delta });
  }

  #finish(kind: "assistant_message" | "reasoning", text: string, replay: Replay | undefined): void {
    const open = this.#open?.kind === kind ? this.#open : undefined;
    const id = open?.id ?? this.#ids.next("item");
    open?.parser?.end(id);
    this.#open = undefined;
    const rest = { id, text, ...(replay ? { replay } : {}) };
    if (kind === "assistant_message") this.#addMessage({ kind, ...rest });
    else this.parts.push({ kind: "item", item: { kind, ...rest } });
  }

  /** Of a reply that may hold programs, what turns out to be thinking becomes reasoning: a draft is no program. */
  #addMessage(message: AssistantMessage): void {
    if (!this.#parseBlocks) {
      this.parts.push({ kind: "item", item: message });
      return;
    }
    const { end, answer } = splitThinking(parseReply(message.text));
    const hasAnswer = end === 0 || answer.text !== "";
    if (end > 0) {
      this.parts = this.parts.map(asReasoning);
      const text = thinkingText(message.text.slice(0, end));
      const id = hasAnswer ? this.#ids.next("item") : message.id;
      if (text !== "") this.parts.push({ kind: "item", item: { kind: "reasoning", id, text } });
    }
    if (!hasAnswer) return;
    const blocks = answer.blocks.length > 0 ? { blocks: [...answer.blocks] } : {};
    this.parts.push({ kind: "item", item: { ...message, text: answer.text, ...blocks } });
  }
}

/** Words before the end of the thinking were thinking too. */
function asReasoning(part: ResponsePart): ResponsePart {
  if (part.kind === "call" || part.item.kind !== "assistant_message") return part;
  const { id, text } = part.item;
  return { kind: "item", item: { kind: "reasoning", id, text } };
}

interface OpenPart {
  readonly kind: "assistant_message" | "reasoning";
  readonly id: string;
  readonly parser: BlockStream | undefined;
  text: string;
}
