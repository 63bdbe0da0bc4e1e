/** Names of the environment variables in which a session looks for keys of model servers. */
import { providers } from "../providers/registry.ts";
import type { RuntimeOptions } from "./runtime-options.ts";

/** Of every provider, because another model may be chosen later; also where an agent file or its `.env` is looked into. */
export function keyNames({ agent, apiKeyEnv, adapters }: RuntimeOptions): readonly string[] {
  const usual = Object.values(providers).map(({ endpoint }) => endpoint?.apiKeyEnv);
  const configured = Object.keys(providers).map((provider) => adapters?.connection?.(provider).apiKeyEnv);
  const names = [...usual, ...configured, apiKeyEnv, agent?.model?.apiKeyEnv];
  return [...new Set(names.filter((name) => name !== undefined))];
}
