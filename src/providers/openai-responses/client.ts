/** OpenAI's Responses API, and servers which speak it. The SDK sends and authenticates; we decode its raw answer. */
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
import { JsonBody } from "../json-body.ts";
import { loadOpenAi } from "../openai-sdk.ts";
import { takeResponse } from "../stream.ts";
import { ResponsesDecoder } from "./decode.ts";
import { EncodedParts, encodeRequest, provider } from "./encode.ts";

export class OpenAiResponsesClient implements ModelClient {
  readonly provider = provider;
  readonly #options: HttpModelOptions;
  readonly #sdk: LazySdk<OpenAI>;
  readonly #parts = new EncodedParts();
  readonly #json = new JsonBody();
  readonly #refused = new RefusedFeatures<"encryptedReasoning" | "reasoningSummary">([
    { feature: "encryptedReasoning", pattern: /encrypted[ _]content|^include\b|['"`]include['"`]/i },
    { feature: "reasoningSummary", pattern: /reasoning[._ ]summar|^reasoning\b/i },
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
          const features = {
            encryptedReasoning: !this.#refused.has("encryptedReasoning", request.model),
            reasoningSummary: !this.#refused.has("reasoningSummary", request.model),
          };
          const body = this.#json.encode(encodeRequest(request, features, this.#parts));
          // Not `responses.create`, which takes objects only.
          const headers = { "content-type": "application/json" };
          return sdk.post("/responses", { body, headers, stream: true, signal: abort }).asResponse();
        });
      },
      decoder: (emit) => new ResponsesDecoder(request, emit, context),
      onEvent,
      signal,
      idleTimeoutMs: idleTimeoutOf(this.#options),
      context,
    });
  }
}
