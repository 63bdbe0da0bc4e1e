/**
 * A model as the turn loop sees it. Providers translate between this and a wire format; what they stream is
 * private between them and the loop and never leaves the runtime.
 */

import type { Json } from "../base/json.ts";
import type { Image, ModelErrorClass, Replay, Usage } from "../protocol/items.ts";

/** One entry of the conversation, oldest first. */
export type ModelInput =
  | { readonly kind: "user"; readonly text: string; readonly images?: readonly Image[] }
  | { readonly kind: "assistant"; readonly text: string; readonly replay?: Replay }
  /** Sent back only to the provider and model that made it; others leave it out. */
  | { readonly kind: "reasoning"; readonly text: string; readonly replay?: Replay }
  | {
      readonly kind: "tool_call";
      readonly callId: string;
      readonly name: string;
      readonly argumentsText: string;
      readonly replay?: Json;
    }
  | {
      readonly kind: "tool_result";
      readonly callId: string;
      readonly name: string;
      readonly output: string;
      readonly images?: readonly Image[];
      readonly failed: boolean;
    }
  /** What changes from request to request (terminals, plan). Only ever the last entry; never part of history. */
  | { readonly kind: "context"; readonly text: string };

/** A tool as it is offered to the model. */
export type ToolSpec =
  | { readonly kind: "function"; readonly name: string; readonly description: string; readonly parameters: Json }
  /** Free text input, by grammar where the provider can (Responses `custom` tools); others get one string argument `input`. */
  | {
      readonly kind: "custom";
      readonly name: string;
      readonly description: string;
      readonly grammar?: { readonly syntax: "lark" | "regex"; readonly definition: string };
    };

export interface ModelRequest {
  /** Name within the provider, as the person wrote it. */
  readonly model: string;
  /** The static, cacheable part. */
  readonly instructions: string;
  readonly input: readonly ModelInput[];
  readonly tools: readonly ToolSpec[];
  /** Stable for a session; used as prompt cache key where there is one. */
  readonly cacheKey: string;
  /** All below: unset unless the person set them. */
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
  readonly reasoningEffort?: "minimal" | "low" | "medium" | "high";
  /** Anthropic extended thinking; the client makes sure that room for an answer is left. */
  readonly thinkingBudgetTokens?: number;
}

/** What arrives while a response streams, in order. A part is streamed first and then finished, or only finished. */
export type ModelEvent =
  | { readonly type: "text.delta"; readonly delta: string }
  | { readonly type: "reasoning.delta"; readonly delta: string }
  | { readonly type: "text.finished"; readonly text: string; readonly replay?: Replay }
  | { readonly type: "reasoning.finished"; readonly text: string; readonly replay?: Replay }
  /** `argumentsText` is passed on as it came, malformed JSON included: the scheduler answers the model. */
  | {
      readonly type: "tool_call";
      readonly callId: string;
      readonly name: string;
      readonly argumentsText: string;
      readonly replay?: Json;
    };

export interface ModelFailure {
  readonly class: ModelErrorClass;
  /** For the person: what the server said, without keys. */
  readonly message: string;
  /** What to do next, where it is known. */
  readonly next?: string;
  /** From `retry-after`; milliseconds. */
  readonly retryAfterMs?: number;
  /** False where trying again can not help (auth, bad request). */
  readonly retryable: boolean;
}

export type ModelOutcome =
  /** `truncated`: cut by the token limit; never taken as finished. `refused`: the provider's safety stop. */
  | { readonly kind: "done"; readonly stop: "end" | "truncated" | "refused"; readonly usage: Usage | null }
  | { readonly kind: "failed"; readonly failure: ModelFailure }
  | { readonly kind: "aborted" };

export interface ModelClient {
  /** Provider id: `openai`, `openai-chat`, `anthropic`, `vscode`, `demo`. */
  readonly provider: string;
  /**
   * Takes one response. Calls `onEvent` synchronously for each part as it arrives and resolves with the outcome.
   * Never rejects and never retries; `signal` ends it within 100 ms whatever the server does. A stream that goes
   * silent for 5 minutes or ends without its terminal event is a `network` failure.
   */
  sample(request: ModelRequest, onEvent: (event: ModelEvent) => void, signal: AbortSignal): Promise<ModelOutcome>;
}
