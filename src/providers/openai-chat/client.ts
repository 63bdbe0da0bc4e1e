/** Chat Completions at any compatible server. The SDK sends and authenticates; we decode its raw answer. */
import type { OpenAI } from "openai";
import type { ModelClient, ModelEvent, ModelOutcome, ModelRequest } from "../../ports/model-client.ts";
import {
  failureContext,
  type HttpModelOptions,
  idleTimeoutOf,
  LazySdk,
  RefusedFeatures,
  sendTolerantly,
} from "../http-client.ts";
import { isOpenAi, loadOpenAi } from "../openai-sdk.ts";
import { takeResponse } from "../stream.ts";
import { ChatDecoder } from "./decode.ts";
import { encodeRequest, provider } from "./encode.ts";

export class OpenAiChatClient implements ModelClient {
  readonly provider = provider;
  readonly #options: HttpModelOptions;
  readonly #sdk: LazySdk<OpenAI>;
  readonly #refused = new RefusedFeatures<"streamUsage" | "reasoningReplay">([
    { feature: "streamUsage", pattern: /stream_options|include_usage/i },
    { feature: "reasoningReplay", pattern: /reasoning_content|reasoning_details|['"`.]reasoning['"`]/i },
  ]);

  constructor(options: HttpModelOptions) {
    this.#options = options;
    this.#sdk = new LazySdk(() => loadOpenAi(options));
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
            atOpenAi: isOpenAi(this.#options.baseUrl),
            streamUsage: !this.#refused.has("streamUsage", request.model),
            reasoningReplay: !this.#refused.has("reasoningReplay", request.model),
          });
          return sdk.chat.completions.create(body, { signal: abort }).asResponse();
        });
      },
      decoder: (emit) => new ChatDecoder(request, emit, context),
      onEvent,
      signal,
      idleTimeoutMs: idleTimeoutOf(this.#options),
      context,
    });
  }
}
