/** The one list of providers: their ids, endpoints and keys, and how a client is made. */
import type { ModelClient } from "../ports/model-client.ts";
import { AnthropicClient } from "./anthropic/client.ts";
import { DemoClient } from "./demo/client.ts";
import { type HttpModelOptions, shownUrl } from "./http-client.ts";
import { OpenAiChatClient } from "./openai-chat/client.ts";
import { OpenAiResponsesClient } from "./openai-responses/client.ts";

export const providerIds = ["openai", "openai-chat", "anthropic", "alibaba", "demo"] as const;
export type ProviderId = (typeof providerIds)[number];

export interface ProviderInfo {
  readonly id: ProviderId;
  /** For the person. */
  readonly title: string;
  /** Undefined: the provider is no server. */
  readonly endpoint?: {
    readonly defaultBaseUrl: string;
    readonly baseUrlEnv: string;
    readonly apiKeyEnv: string;
  };
}

const openAiEndpoint = {
  defaultBaseUrl: "https://api.openai.com/v1",
  baseUrlEnv: "OPENAI_BASE_URL",
  apiKeyEnv: "OPENAI_API_KEY",
};

export const providers: Readonly<Record<ProviderId, ProviderInfo>> = {
  openai: { id: "openai", title: "OpenAI (Responses API)", endpoint: openAiEndpoint },
  "openai-chat": { id: "openai-chat", title: "OpenAI-compatible (Chat Completions)", endpoint: openAiEndpoint },
  anthropic: {
    id: "anthropic",
    title: "Anthropic",
    endpoint: {
      defaultBaseUrl: "https://api.anthropic.com",
      baseUrlEnv: "ANTHROPIC_BASE_URL",
      apiKeyEnv: "ANTHROPIC_API_KEY",
    },
  },
  alibaba: {
    id: "alibaba",
    title: "Alibaba Cloud (DashScope international)",
    endpoint: {
      defaultBaseUrl: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
      baseUrlEnv: "DASHSCOPE_BASE_URL",
      apiKeyEnv: "DASHSCOPE_API_KEY",
    },
  },
  demo: { id: "demo", title: "Demonstration (a scripted model over real tools)" },
};

export interface ModelId {
  readonly provider: ProviderId;
  readonly name: string;
}

export type ParsedModelId =
  | ({ readonly kind: "model" } & ModelId)
  | { readonly kind: "invalid"; readonly message: string; readonly next: string };

/** Reads `provider/name`; the name may hold slashes. `demo` needs no name. */
export function parseModelId(id: string): ParsedModelId {
  const slash = id.indexOf("/");
  const provider = slash === -1 ? id : id.slice(0, slash);
  const name = slash === -1 ? "" : id.slice(slash + 1);
  const next = `Write PROVIDER/NAME, for example openai/gpt-5; PROVIDER is one of ${providerIds.join(", ")}.`;
  if (!isProviderId(provider)) return { kind: "invalid", message: `“${id}” names no known provider.`, next };
  if (provider === "demo") return { kind: "model", provider, name: name || "scripted" };
  if (name === "") return { kind: "invalid", message: `“${id}” names no model.`, next };
  return { kind: "model", provider, name };
}

export function isProviderId(id: string): id is ProviderId {
  return (providerIds as readonly string[]).includes(id);
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The base URL in force: what was asked for, else the environment's, else the provider's own. */
export function baseUrlOf(provider: ProviderId, asked: string | undefined, environment: Environment): string {
  const endpoint = providers[provider].endpoint;
  if (!endpoint) return "";
  return (asked || environment[endpoint.baseUrlEnv] || endpoint.defaultBaseUrl).replace(/\/+$/, "");
}

/** True for a server on this machine, which needs no key. */
export function isLoopback(baseUrl: string): boolean {
  if (!URL.canParse(baseUrl)) return false;
  const host = new URL(baseUrl).hostname.replace(/^\[|\]$/g, "");
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127(?:\.\d+){3}$/.test(host);
}

export interface ConnectionSettings {
  readonly provider: ProviderId;
  readonly baseUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  /** Where the key comes from, when it is not the provider's usual variable. */
  readonly apiKeyEnv?: string | undefined;
}

export type Readiness =
  | { readonly kind: "ready"; readonly baseUrl: string }
  | { readonly kind: "missing-key"; readonly message: string; readonly next: string; readonly apiKeyEnv: string }
  | { readonly kind: "bad-key"; readonly message: string; readonly next: string }
  | { readonly kind: "bad-url"; readonly message: string; readonly next: string };

/** Says whether a provider can be asked, and if not, what is missing. Contacts nobody. */
export function describeReadiness(settings: ConnectionSettings, environment: Environment = {}): Readiness {
  const endpoint = providers[settings.provider].endpoint;
  if (!endpoint) return { kind: "ready", baseUrl: "" };
  const baseUrl = baseUrlOf(settings.provider, settings.baseUrl, environment);
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
    return {
      kind: "bad-url",
      message: `“${baseUrl}” is not an http or https URL.`,
      next: `Check --base-url, ${endpoint.baseUrlEnv} or the setting for the base URL.`,
    };
  }
  const apiKeyEnv = settings.apiKeyEnv ?? endpoint.apiKeyEnv;
  if (/[^ -~]/.test((settings.apiKey ?? environment[apiKeyEnv] ?? "").trim())) {
    return {
      kind: "bad-key",
      // Not which one: a message is kept, and seen by others.
      message: `The key in ${apiKeyEnv} has a character that no request can carry.`,
      next: "A line break or a typographic quotation mark in it? Copy the key again.",
    };
  }
  if (settings.apiKey || environment[apiKeyEnv] || isLoopback(baseUrl)) return { kind: "ready", baseUrl };
  return {
    kind: "missing-key",
    message: `There is no key for ${shownUrl(baseUrl)}.`,
    next: `Set ${apiKeyEnv} or run “CodePilot: Set API Key”; the model demo/scripted needs none.`,
    apiKeyEnv,
  };
}

export interface ModelClientOptions extends ConnectionSettings {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly idleTimeoutMs?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/** A client that loads its SDK ahead of need. */
export interface WarmModelClient extends ModelClient {
  warmUp(): Promise<void>;
}

/**
 * Makes a client. Reads no environment: `baseUrl` and `apiKey` are what the caller found (`baseUrlOf` and
 * `describeReadiness` help). Loads no SDK yet.
 */
export function createModelClient(options: ModelClientOptions): WarmModelClient {
  const endpoint = providers[options.provider].endpoint;
  if (options.provider === "demo" || !endpoint) return new DemoClient();
  const http: HttpModelOptions = {
    baseUrl: baseUrlOf(options.provider, options.baseUrl, {}),
    apiKey: options.apiKey,
    apiKeyEnv: options.apiKeyEnv ?? endpoint.apiKeyEnv,
    headers: options.headers,
    idleTimeoutMs: options.idleTimeoutMs,
    fetch: options.fetch,
  };
  switch (options.provider) {
    case "openai":
      return new OpenAiResponsesClient(http);
    case "openai-chat":
    case "alibaba":
      return new OpenAiChatClient(http);
    case "anthropic":
      return new AnthropicClient(http);
  }
}
