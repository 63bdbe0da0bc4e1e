/** The event stream of the Responses API as model events. Pure: all state is in the decoder. */
import type { ModelEvent, ModelOutcome, ModelRequest } from "../../ports/model-client.ts";
import type { Usage } from "../../protocol/items.ts";
import { CallIds } from "../conversation.ts";
import { type FailureContext, failureOfServerError, readServerError } from "../failure.ts";
import type { ResponseDecoder } from "../stream.ts";
import { asJson, isObject, listOf, numberOf, objectOf, textOf, type WireObject } from "../wire.ts";
import { provider } from "./encode.ts";

type Open = { readonly kind: "text" | "reasoning"; text: string };

export class ResponsesDecoder implements ResponseDecoder {
  readonly #emit: (event: ModelEvent) => void;
  readonly #model: string;
  readonly #context: FailureContext;
  readonly #callIds: CallIds;
  /** The part that is being streamed. */
  #open: Open | undefined;
  /** Items by their place in the output that have been finished. */
  readonly #finished = new Set<unknown>();
  #refused = false;

  constructor(request: ModelRequest, emit: (event: ModelEvent) => void, context: FailureContext) {
    this.#emit = emit;
    this.#model = request.model;
    this.#context = context;
    this.#callIds = new CallIds(request.input);
  }

  push(value: unknown): ModelOutcome | undefined {
    const event = value as WireObject;
    switch (event?.type) {
      case "response.output_text.delta":
        return this.#stream("text", event.delta);
      case "response.refusal.delta":
        this.#refused = true;
        return this.#stream("text", event.delta);
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        return this.#stream("reasoning", event.delta);
      case "response.reasoning_summary_part.added":
        if (this.#open?.kind === "reasoning") this.#stream("reasoning", "\n\n");
        return undefined;
      case "response.output_item.done":
        this.#finished.add(event.output_index);
        this.#finishItem(objectOf(event.item));
        return undefined;
      case "response.completed":
      case "response.incomplete":
        return this.#finish(objectOf(event.response), event.type === "response.incomplete");
      case "response.failed":
        return this.#fail(objectOf(event.response));
      case "error":
        return this.#fail(event);
      default:
        // Some servers send their error as a bare object.
        return event?.type === undefined && event?.error ? this.#fail(event) : undefined;
    }
  }

  /** This format has a terminal event of its own. */
  end(): undefined {
    return undefined;
  }

  #stream(kind: Open["kind"], delta: unknown): undefined {
    if (typeof delta !== "string" || delta === "") return;
    if (this.#open?.kind !== kind) {
      this.#flush();
      this.#open = { kind, text: "" };
    }
    this.#open.text += delta;
    this.#emit(kind === "text" ? { type: "text.delta", delta } : { type: "reasoning.delta", delta });
  }

  /** Ends a part that was streamed but never finished by the server. */
  #flush(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open) this.#emit({ type: open.kind === "text" ? "text.finished" : "reasoning.finished", text: open.text });
  }

  #finishItem(item: WireObject): void {
    switch (item.type) {
      case "message": {
        const parts = listOf(item.content).map(objectOf);
        if (parts.some(({ type }) => type === "refusal")) this.#refused = true;
        const text = parts.map((part) => textOf(part.text) || textOf(part.refusal)).join("") || this.#openText("text");
        if (this.#open?.kind === "reasoning") this.#flush();
        this.#open = undefined;
        if (text === "") return;
        const phase = textOf(item.phase);
        const replay = phase ? { replay: { provider, model: this.#model, data: { phase } } } : {};
        this.#emit({ type: "text.finished", text, ...replay });
        return;
      }
      case "reasoning":
        this.#finishReasoning(item);
        return;
      case "function_call":
      case "custom_tool_call": {
        this.#flush();
        const argumentsText = textOf(item.type === "function_call" ? item.arguments : item.input);
        const callId = this.#callIds.take(textOf(item.call_id) || textOf(item.id));
        this.#emit({ type: "tool_call", callId, name: textOf(item.name), argumentsText });
        return;
      }
    }
  }

  #openText(kind: Open["kind"]): string {
    return this.#open?.kind === kind ? this.#open.text : "";
  }

  #finishReasoning(item: WireObject): void {
    const join = (parts: unknown, separator: string) =>
      listOf(parts)
        .map((part) => textOf(objectOf(part).text))
        .join(separator);
    const content = join(item.content, "");
    const text = join(item.summary, "\n\n") || content || this.#openText("reasoning");
    if (this.#open?.kind === "text") this.#flush();
    this.#open = undefined;
    // Without its content the server would look for a stored item, and nothing is stored.
    const whole = typeof item.encrypted_content === "string" || content !== "";
    const { status: _status, ...data } = item;
    if (text === "" && !whole) return;
    const replay = whole ? { replay: { provider, model: this.#model, data: asJson(data) } } : {};
    this.#emit({ type: "reasoning.finished", text, ...replay });
  }

  #finish(response: WireObject, incomplete: boolean): ModelOutcome {
    // Servers that skip `output_item.done` give all items here.
    for (const [index, item] of listOf(response.output).entries()) {
      if (isObject(item) && !this.#finished.has(index) && this.#finished.size <= index) this.#finishItem(item);
    }
    this.#flush();
    const usage = readUsage(response.usage);
    if (!incomplete) return { kind: "done", stop: this.#refused ? "refused" : "end", usage };
    const reason = textOf(objectOf(response.incomplete_details).reason);
    return { kind: "done", stop: reason === "content_filter" ? "refused" : "truncated", usage };
  }

  #fail(holder: WireObject): ModelOutcome {
    return { kind: "failed", failure: failureOfServerError(readServerError(holder), this.#context) };
  }
}

function readUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null;
  return {
    inputTokens: numberOf(value.input_tokens),
    cachedInputTokens: numberOf(objectOf(value.input_tokens_details).cached_tokens),
    outputTokens: numberOf(value.output_tokens),
    reasoningTokens: numberOf(objectOf(value.output_tokens_details).reasoning_tokens),
  };
}
