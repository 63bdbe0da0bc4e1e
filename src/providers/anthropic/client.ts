/** Anthropic's Messages API. The SDK sends and authenticates; we decode its raw answer. */
import type { Anthropic } from "@anthropic-ai/sdk";
import type { ModelClient, ModelEvent, ModelOutcome, ModelRequest } from "../../ports/model-client.ts";
import {
  failureContext,
  type HttpModelOptions,
  idleTimeoutOf,
  LazySdk,
  noKey,
  RefusedFeatures,
  sendTolerantly,
} from "../http-client.ts";
import { takeResponse } from "../stream.ts";
import { MessagesDecoder } from "./decode.ts";
import { encodeRequest, provider } from "./encode.ts";

export class AnthropicClient implements ModelClient {
  readonly provider = provider;
  readonly #options: HttpModelOptions;
  readonly #sdk: LazySdk<Anthropic>;
  readonly #refused = new RefusedFeatures<"thinkingBudget" | "effort">([
    { feature: "thinkingBudget", pattern: /thinking\.type|budget_tokens|adaptive/i },
    { feature: "effort", pattern: /output_config|\beffort\b/i },
  ]);

  constructor(options: HttpModelOptions) {
    this.#options = options;
    this.#sdk = new LazySdk(() => load(options));
  }

  /** Loads the SDK ahead of need; never rejects: what goes wrong shows with the first request. */
  warmUp(): Promise<void> {
    return this.#sdk.warmUp();
  }

  sample(request: ModelRequest, onEvent: (event: ModelEvent) => void, signal: AbortSignal): Promise<ModelOutcome> {
    const context = failureContext(this.#options, request.model);
    return takeResponse({
      open: async (abort) => {
        const sdk = await this.#sdk.get();
        return sendTolerantly(this.#refused, request.model, context, () => {
          const body = encodeRequest(request, {
            thinkingBudget: !this.#refused.has("thinkingBudget", request.model),
            effort: !this.#refused.has("effort", request.model),
          });
          // Not `messages.create`, which prints advice about models to the console.
          return sdk.post("/v1/messages", { body, stream: true, signal: abort }).asResponse();
        });
      },
      decoder: (emit) => new MessagesDecoder(request, emit, context),
      onEvent,
      signal,
      idleTimeoutMs: idleTimeoutOf(this.#options),
      context,
    });
  }
}

async function load(options: HttpModelOptions): Promise<Anthropic> {
  const sdk = await import("@anthropic-ai/sdk/client");
  return new sdk.Anthropic({
    // Always given, so that the SDK looks for no other credentials in the environment or the home folder.
    apiKey: options.apiKey || noKey,
    // The SDK appends /v1/messages; many people write the /v1 as they do for other servers.
    baseURL: options.baseUrl.replace(/\/v1$/, ""),
    defaultHeaders: {
      accept: "text/event-stream",
      ...(options.apiKey ? {} : { "x-api-key": null }),
      ...options.headers,
    },
    ...(options.fetch ? { fetch: options.fetch } : {}),
    maxRetries: 0,
    // Until the headers arrive; from then on the stream's own watch counts.
    timeout: idleTimeoutOf(options) + 1000,
    logLevel: "off",
  });
}
