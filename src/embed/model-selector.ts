/** From `provider/name` to a client: the embedder's own, else a built-in one with its key and endpoint. */
import type { ModelClient } from "../ports/model-client.ts";
import type { Secrets } from "../ports/secrets.ts";
import { OpenAiResponsesClient } from "../providers/openai-responses/client.ts";
import type { ModelSelection } from "../runtime/turn-loop.ts";

export interface ModelSelectorOptions {
  readonly baseUrl: string | undefined;
  readonly apiKey: string | undefined;
  readonly apiKeyEnv: string | undefined;
  /** Where keys are looked up by the name of their environment variable. */
  readonly secrets: Secrets;
  readonly ownClient: ((provider: string, name: string) => ModelClient | undefined) | undefined;
}

export class ModelSelector {
  readonly #options: ModelSelectorOptions;
  /** A client keeps connections and what it learned of its server, so one is enough for each provider and key. */
  readonly #clients = new Map<string, ModelClient>();

  constructor(options: ModelSelectorOptions) {
    this.#options = options;
  }

  async select(id: string): Promise<ModelSelection> {
    const slash = id.indexOf("/");
    const provider = id.slice(0, slash);
    const name = id.slice(slash + 1);
    const own = this.#options.ownClient?.(provider, name);
    if (own) return { kind: "selected", client: own, name, id };
    let client = this.#clients.get(provider);
    client ??= new OpenAiResponsesClient({
      baseUrl: this.#options.baseUrl ?? process.env.OPENAI_BASE_URL ?? "https://api.openai.com/v1",
      apiKeyEnv: "OPENAI_API_KEY",
      apiKey: this.#options.apiKey ?? (await this.#options.secrets.get("OPENAI_API_KEY")),
    });
    this.#clients.set(provider, client);
    return { kind: "selected", client, name, id };
  }
}
