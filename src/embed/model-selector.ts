/** From `provider/name` to a client: the embedder's own, else a built-in one with its key and endpoint. */
import { AppError } from "../base/app-error.ts";
import type { ModelClient } from "../ports/model-client.ts";
import type { Secrets } from "../ports/secrets.ts";
import {
  baseUrlOf,
  createModelClient,
  describeReadiness,
  type Environment,
  type ModelId,
  parseModelId,
  providers,
  type WarmModelClient,
} from "../providers/registry.ts";
import type { ModelSelection } from "../runtime/turn-loop.ts";

/** What an embedder knows of a provider's server; what is left out comes from the environment. */
export interface Connection {
  readonly baseUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  /** Name of the variable that holds the key, where it is not the provider's usual one. */
  readonly apiKeyEnv?: string | undefined;
}

export interface ModelSelectorOptions {
  readonly connection: (provider: string) => Connection;
  /** Where keys are looked up by the name of their environment variable. */
  readonly secrets: Secrets;
  readonly environment: Environment;
  readonly fetch?: typeof fetch | undefined;
  readonly ownClient: ((provider: string, name: string) => ModelClient | undefined) | undefined;
}

export class ModelSelector {
  readonly #options: ModelSelectorOptions;
  /** A client keeps connections and what it has learned of its server, so one does for each endpoint and key. */
  readonly #clients = new Map<string, WarmModelClient>();

  constructor(options: ModelSelectorOptions) {
    this.#options = options;
  }

  /** Throws AppError `usage` for an id that no provider will ever know. */
  check(id: string): void {
    if (this.#ownClient(id)) return;
    const parsed = parseModelId(id);
    if (parsed.kind === "invalid") throw new AppError("usage", parsed.message, { next: parsed.next });
  }

  /** Loads what the model's client needs, ahead of the first request; failures show when it is used. */
  warmUp(id: string): void {
    const parsed = parseModelId(id);
    if (this.#ownClient(id) || parsed.kind === "invalid") return;
    void this.#connect(parsed).then(
      (connected) => (connected.kind === "client" ? connected.client.warmUp() : undefined),
      () => undefined,
    );
  }

  /** Never rejects: what is missing is the turn's error, with what to do next. */
  async select(id: string): Promise<ModelSelection> {
    const own = this.#ownClient(id);
    if (own) return { kind: "selected", client: own, name: nameOf(id), id };
    const parsed = parseModelId(id);
    if (parsed.kind === "invalid") {
      return { kind: "unavailable", error: { class: "bad-request", message: parsed.message, next: parsed.next } };
    }
    const connected = await this.#connect(parsed);
    if (connected.kind === "client") return { kind: "selected", client: connected.client, name: parsed.name, id };
    const { message, next } = connected;
    return { kind: "unavailable", error: { class: connected.class, message, next } };
  }

  async #connect({ provider }: ModelId) {
    const { connection, secrets, environment, fetch } = this.#options;
    const { baseUrl: asked, apiKey: given, apiKeyEnv: namedEnv } = connection(provider);
    const apiKeyEnv = namedEnv ?? providers[provider].endpoint?.apiKeyEnv;
    const apiKey = given ?? (apiKeyEnv === undefined ? undefined : await secrets.get(apiKeyEnv));
    const settings = { provider, baseUrl: baseUrlOf(provider, asked, environment), apiKey, apiKeyEnv };
    const readiness = describeReadiness(settings);
    if (readiness.kind !== "ready") {
      const kind = readiness.kind === "bad-url" ? ("bad-request" as const) : ("auth" as const);
      return { kind: "unavailable" as const, class: kind, message: readiness.message, next: readiness.next };
    }
    const key = JSON.stringify([provider, settings.baseUrl, apiKey ?? ""]);
    const client = this.#clients.get(key) ?? createModelClient({ ...settings, fetch });
    this.#clients.set(key, client);
    return { kind: "client" as const, client };
  }

  #ownClient(id: string): ModelClient | undefined {
    return this.#options.ownClient?.(id.split("/", 1)[0] ?? "", nameOf(id));
  }
}

function nameOf(id: string): string {
  return id.slice(id.indexOf("/") + 1);
}
