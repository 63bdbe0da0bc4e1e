/** Where an agent file sends what the agent reads, and whose key goes along. */
import type { AgentProfile } from "../../protocol/agent-profile.ts";
import { isLoopback, parseModelId, providers } from "../../providers/registry.ts";

export interface AgentEndpoint {
  readonly host: string;
  /** Environment variable of the key that is sent there. */
  readonly apiKeyEnv: string;
}

/**
 * An endpoint of the file's own on another machine: whoever wrote the file gets to see task, files and key. Undefined
 * where the file leaves it to the provider, or names a server on this machine.
 */
export function endpointOf({ model }: AgentProfile): AgentEndpoint | undefined {
  const baseUrl = model?.baseUrl;
  if (!model || baseUrl === undefined || isLoopback(baseUrl)) return undefined;
  const parsed = parseModelId(model.id);
  const endpoint = parsed.kind === "model" ? providers[parsed.provider].endpoint : undefined;
  if (!endpoint || baseUrl.replace(/\/+$/, "") === endpoint.defaultBaseUrl) return undefined;
  return { host: new URL(baseUrl).host, apiKeyEnv: model.apiKeyEnv ?? endpoint.apiKeyEnv };
}
