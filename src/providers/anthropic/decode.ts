/** The event stream of Anthropic's Messages API as model events. Pure: all state is in the decoder. */
import type { ModelEvent, ModelOutcome, ModelRequest } from "../../ports/model-client.ts";
import type { Usage } from "../../protocol/items.ts";
import { CallIds, customToolNames } from "../conversation.ts";
import { type FailureContext, failureOfServerError, readServerError } from "../failure.ts";
import type { ResponseDecoder } from "../stream.ts";
import { asJson, numberOf, objectOf, textOf, unwrapInput, type WireObject } from "../wire.ts";
import { provider } from "./encode.ts";

/** The block that is being streamed; `text` is text, thinking or arguments, by its type. */
interface Block {
  readonly start: WireObject;
  text: string;
  signature: string;
}

export class MessagesDecoder implements ResponseDecoder {
  readonly #emit: (event: ModelEvent) => void;
  readonly #model: string;
  readonly #context: FailureContext;
  readonly #custom: ReadonlySet<string>;
  readonly #callIds: CallIds;
  #block: Block | undefined;
  #stopReason = "";
  #usage: WireObject | undefined;

  constructor(request: ModelRequest, emit: (event: ModelEvent) => void, context: FailureContext) {
    this.#emit = emit;
    this.#model = request.model;
    this.#context = context;
    this.#custom = customToolNames(request.tools);
    this.#callIds = new CallIds(request.input);
  }

  push(value: unknown): ModelOutcome | undefined {
    const event = value as WireObject;
    switch (event?.type) {
      case "content_block_delta":
        this.#takeDelta(objectOf(event.delta));
        return undefined;
      case "content_block_start": {
        this.#finishBlock();
        const start = objectOf(event.content_block);
        this.#block = { start, text: "", signature: textOf(start.signature) };
        if (start.type === "text") this.#stream("text.delta", start.text);
        if (start.type === "thinking") this.#stream("reasoning.delta", start.thinking);
        return undefined;
      }
      case "content_block_stop":
        this.#finishBlock();
        return undefined;
      case "message_start":
        this.#takeUsage(objectOf(event.message).usage);
        return undefined;
      case "message_delta":
        this.#stopReason = textOf(objectOf(event.delta).stop_reason) || this.#stopReason;
        this.#takeUsage(event.usage);
        return undefined;
      case "message_stop":
        return this.#finish();
      case "error":
        return { kind: "failed", failure: failureOfServerError(readServerError(event), this.#context) };
      default:
        return undefined;
    }
  }

  /** This format has a terminal event of its own. */
  end(): undefined {
    return undefined;
  }

  #takeDelta(delta: WireObject): void {
    switch (delta.type) {
      case "text_delta":
        this.#stream("text.delta", delta.text);
        return;
      case "thinking_delta":
        this.#stream("reasoning.delta", delta.thinking);
        return;
      case "signature_delta":
        if (this.#block) this.#block.signature += textOf(delta.signature);
        return;
      case "input_json_delta":
        if (this.#block) this.#block.text += textOf(delta.partial_json);
    }
  }

  #stream(type: "text.delta" | "reasoning.delta", delta: unknown): void {
    if (!this.#block || typeof delta !== "string" || delta === "") return;
    this.#block.text += delta;
    this.#emit({ type, delta });
  }

  #finishBlock(): void {
    const block = this.#block;
    this.#block = undefined;
    if (!block) return;
    const { start, text, signature } = block;
    switch (start.type) {
      case "text":
        if (text !== "") this.#emit({ type: "text.finished", text });
        return;
      case "thinking": {
        // Thinking may be shown empty and still have to come back.
        const data = { type: "thinking", thinking: text, signature };
        const replay = signature ? { replay: { provider, model: this.#model, data } } : {};
        if (text !== "" || signature) this.#emit({ type: "reasoning.finished", text, ...replay });
        return;
      }
      case "redacted_thinking": {
        const replay = { provider, model: this.#model, data: asJson(start) };
        this.#emit({ type: "reasoning.finished", text: "", replay });
        return;
      }
      case "tool_use": {
        const name = textOf(start.name);
        const whole = text || JSON.stringify(objectOf(start.input));
        this.#emit({
          type: "tool_call",
          callId: this.#callIds.take(textOf(start.id)),
          name,
          argumentsText: this.#custom.has(name) ? unwrapInput(whole) : whole,
        });
      }
    }
  }

  /** Later counts replace earlier ones; what a later event leaves out stays. */
  #takeUsage(value: unknown): void {
    const counts = Object.entries(objectOf(value)).filter(([, count]) => count !== null && count !== undefined);
    if (counts.length > 0) this.#usage = { ...this.#usage, ...Object.fromEntries(counts) };
  }

  #finish(): ModelOutcome {
    this.#finishBlock();
    const usage = readUsage(this.#usage);
    switch (this.#stopReason) {
      case "max_tokens":
        return { kind: "done", stop: "truncated", usage };
      case "refusal":
        return { kind: "done", stop: "refused", usage };
      case "model_context_window_exceeded": {
        const message = "The conversation has filled the context window of the model.";
        const error = { code: this.#stopReason, message };
        return { kind: "failed", failure: failureOfServerError(error, this.#context) };
      }
      default:
        return { kind: "done", stop: "end", usage };
    }
  }
}

function readUsage(usage: WireObject | undefined): Usage | null {
  if (!usage) return null;
  const cached = numberOf(usage.cache_read_input_tokens);
  return {
    inputTokens: numberOf(usage.input_tokens) + cached + numberOf(usage.cache_creation_input_tokens),
    cachedInputTokens: cached,
    outputTokens: numberOf(usage.output_tokens),
    reasoningTokens: numberOf(objectOf(usage.output_tokens_details).thinking_tokens),
  };
}
