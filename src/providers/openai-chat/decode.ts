/**
 * The stream of Chat Completions as model events. Servers agree on text and on little else: reasoning has three
 * names, tool calls come with ids, indexes and names missing or repeated, and errors come with status 200.
 */
import type { ModelEvent, ModelOutcome, ModelRequest } from "../../ports/model-client.ts";
import type { Usage } from "../../protocol/items.ts";
import { CallIds, customToolNames } from "../conversation.ts";
import { type FailureContext, failureOfServerError, readServerError } from "../failure.ts";
import type { ResponseDecoder } from "../stream.ts";
import {
  asJson,
  isObject,
  listOf,
  numberOf,
  objectOf,
  parseJson,
  textOf,
  unwrapInput,
  type WireObject,
} from "../wire.ts";
import { provider } from "./encode.ts";
import { InlineThinking, type Piece } from "./inline-thinking.ts";

interface Call {
  index: number | undefined;
  id: string;
  name: string;
  argumentsText: string;
  extra: unknown;
}

export class ChatDecoder implements ResponseDecoder {
  readonly #emit: (event: ModelEvent) => void;
  readonly #model: string;
  readonly #context: FailureContext;
  readonly #custom: ReadonlySet<string>;
  readonly #callIds: CallIds;
  readonly #thinking = new InlineThinking();
  #text = "";
  #reasoning = "";
  /** The field in which reasoning came, and in which it goes back. */
  #reasoningField: string | undefined;
  #details: Record<string, unknown>[] = [];
  readonly #calls: Call[] = [];
  #finishReason: string | undefined;
  #refused = false;
  #usage: Usage | null = null;

  constructor(request: ModelRequest, emit: (event: ModelEvent) => void, context: FailureContext) {
    this.#emit = emit;
    this.#model = request.model;
    this.#context = context;
    this.#custom = customToolNames(request.tools);
    this.#callIds = new CallIds(request.input);
  }

  push(value: unknown): ModelOutcome | undefined {
    const chunk = objectOf(value);
    if (chunk.error || chunk.object === "error") return this.#fail(chunk);
    if (chunk.usage) this.#usage = readUsage(chunk.usage);
    const choice = objectOf(listOf(chunk.choices)[0]);
    if (choice.usage) this.#usage = readUsage(choice.usage);
    // A server that was asked for a stream and sends the whole message.
    const delta = objectOf(choice.delta ?? choice.message);
    this.#takeReasoning(delta);
    if (typeof delta.content === "string") this.#takeContent(this.#thinking.push(delta.content));
    else if (delta.content) this.#takeParts(delta.content);
    if (typeof delta.refusal === "string" && delta.refusal !== "") {
      this.#takeContent(this.#thinking.end());
      this.#refused = true;
      this.#takeText(delta.refusal);
    }
    if (delta.tool_calls) for (const call of listOf(delta.tool_calls)) this.#takeCall(objectOf(call));
    if (typeof choice.finish_reason === "string" && choice.finish_reason !== "") {
      this.#finishReason = choice.finish_reason;
      if (choice.error) return this.#fail(choice);
    }
    return undefined;
  }

  end(marked: boolean): ModelOutcome | undefined {
    if (this.#finishReason === undefined && !marked) return undefined;
    this.#takeContent(this.#thinking.end());
    // Text first: what reasoning is left beside open text is opaque and has no place of its own.
    this.#flushText();
    this.#flushReasoning();
    for (const call of this.#calls) this.#finishCall(call);
    const usage = this.#usage;
    switch (this.#finishReason) {
      case "length":
      case "max_tokens":
      case "model_length":
        return { kind: "done", stop: "truncated", usage };
      case "content_filter":
        return { kind: "done", stop: "refused", usage };
      case "error":
      case "insufficient_system_resource": {
        const message = "The server gave up in the middle of the response.";
        return { kind: "failed", failure: failureOfServerError({ code: "overloaded", message }, this.#context) };
      }
      default:
        return { kind: "done", stop: this.#refused ? "refused" : "end", usage };
    }
  }

  #takeContent(pieces: readonly Piece[]): void {
    for (const { kind, text } of pieces) {
      if (kind === "text") this.#takeText(text);
      else this.#addReasoning(text);
    }
  }

  #takeText(delta: string): void {
    if (delta === "") return;
    if (this.#text === "") this.#flushReasoning();
    this.#text += delta;
    this.#emit({ type: "text.delta", delta });
  }

  /** Content as a list: text, and with some servers thinking. */
  #takeParts(content: unknown): void {
    for (const part of listOf(content).map(objectOf)) {
      if (part.type === "text") this.#takeText(textOf(part.text));
      else if (part.type === "thinking") {
        const inner = listOf(part.thinking).map((piece) => textOf(objectOf(piece).text));
        this.#addReasoning(textOf(part.thinking) || inner.join(""));
      }
    }
  }

  #takeReasoning(delta: WireObject): void {
    const details = delta.reasoning_details;
    if (Array.isArray(details)) for (const detail of details) this.#addDetail(objectOf(detail));
    // Some servers send both names with the same text.
    const field = delta.reasoning_content ? "reasoning_content" : delta.reasoning ? "reasoning" : undefined;
    if (field !== undefined) {
      this.#reasoningField = field;
      this.#addReasoning(textOf(delta[field]));
    } else if (Array.isArray(details)) {
      for (const detail of details.map(objectOf)) this.#addReasoning(textOf(detail.text) || textOf(detail.summary));
    }
  }

  #addReasoning(delta: string): void {
    if (delta === "") return;
    if (this.#text !== "") this.#flushText();
    this.#reasoning += delta;
    this.#emit({ type: "reasoning.delta", delta });
  }

  /** Details come in pieces too; those of one index and type are one detail. */
  #addDetail(detail: WireObject): void {
    const last = this.#details.at(-1);
    if (!last || last.type !== detail.type || last.index !== detail.index) {
      this.#details.push({ ...detail });
      return;
    }
    for (const [key, value] of Object.entries(detail)) {
      const grows = key === "text" || key === "summary" || key === "data";
      if (grows) last[key] = textOf(last[key]) + textOf(value);
      else if (value !== null && value !== undefined) last[key] = value;
    }
  }

  #flushText(): void {
    const text = this.#text;
    this.#text = "";
    if (text !== "") this.#emit({ type: "text.finished", text });
  }

  #flushReasoning(): void {
    const text = this.#reasoning;
    const details = this.#details;
    this.#reasoning = "";
    this.#details = [];
    if (text === "" && details.length === 0) return;
    const data = {
      ...(this.#reasoningField ? { field: this.#reasoningField } : {}),
      ...(details.length > 0 ? { details } : {}),
    };
    const replay = Object.keys(data).length > 0 ? { replay: { provider, model: this.#model, data: asJson(data) } } : {};
    this.#emit({ type: "reasoning.finished", text, ...replay });
  }

  #takeCall(piece: WireObject): void {
    const named = objectOf(piece.function);
    const id = textOf(piece.id);
    const name = textOf(named.name);
    const index = typeof piece.index === "number" ? piece.index : undefined;
    let call = this.#findCall(index, id);
    if (!call || isNext(call, id, name)) {
      call = { index, id: "", name: "", argumentsText: "", extra: undefined };
      this.#calls.push(call);
    }
    call.id ||= id;
    call.name ||= name;
    call.extra ??= piece.extra_content;
    const { arguments: text } = named;
    if (typeof text === "string") call.argumentsText += text;
    else if (isObject(text)) call.argumentsText += JSON.stringify(text);
  }

  #findCall(index: number | undefined, id: string): Call | undefined {
    if (index !== undefined) return this.#calls.findLast((call) => call.index === index);
    return this.#calls.findLast((call) => id !== "" && call.id === id) ?? (id === "" ? this.#calls.at(-1) : undefined);
  }

  #finishCall({ id, name, argumentsText, extra }: Call): void {
    this.#emit({
      type: "tool_call",
      callId: this.#callIds.take(id),
      name,
      argumentsText: this.#custom.has(name) ? unwrapInput(argumentsText) : argumentsText,
      ...(extra === undefined ? {} : { replay: { provider, model: this.#model, extra: asJson(extra) } }),
    });
  }

  #fail(holder: WireObject): ModelOutcome {
    return { kind: "failed", failure: failureOfServerError(readServerError(holder), this.#context) };
  }
}

/** Does a piece with this id and name open another call, though it carries the index of `call` (or none)? */
function isNext(call: Call, id: string, name: string): boolean {
  if (name === "") return false;
  if (id !== "" && call.id !== "") return id !== call.id;
  return id === "" && call.id === "" && isObject(parseJson(call.argumentsText));
}

function readUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null;
  const cached = numberOf(objectOf(value.prompt_tokens_details).cached_tokens);
  return {
    inputTokens: numberOf(value.prompt_tokens),
    // DeepSeek has a name of its own.
    cachedInputTokens: cached || numberOf(value.prompt_cache_hit_tokens),
    outputTokens: numberOf(value.completion_tokens),
    reasoningTokens: numberOf(objectOf(value.completion_tokens_details).reasoning_tokens),
  };
}
