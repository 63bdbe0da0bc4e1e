/** Which model the next turn uses and whether it can be asked. Contacts nobody. */

import type { Secrets } from "../../ports/secrets.ts";
import {
  describeReadiness,
  type Environment,
  type ProviderId,
  parseModelId,
  providers,
} from "../../providers/registry.ts";

export const DEMO_MODEL = "demo/scripted";

/** Suggested for a provider whose key is there while nothing was chosen. */
const DEFAULT_MODELS: readonly (readonly [provider: ProviderId, model: string])[] = [
  ["anthropic", "anthropic/claude-sonnet-5"],
  ["openai", "openai/gpt-5"],
];

export interface ModelChoice {
  readonly model: string;
  readonly label: string;
  readonly demo: boolean;
  readonly ready: boolean;
  /** Why it is not ready and what to do. */
  readonly problem: string | null;
}

export interface ChoiceInputs {
  /** From the setting or the session; empty: choose. */
  readonly wanted: string;
  readonly baseUrl: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
  readonly environment: Environment;
  /** Where the key comes from, when it is not the provider's usual variable. */
  readonly apiKeyEnv?: string;
}

export async function chooseModel(inputs: ChoiceInputs): Promise<ModelChoice> {
  return describeModel(inputs.wanted || (await firstWithKey(inputs)) || DEMO_MODEL, inputs);
}

async function firstWithKey({ secrets, environment }: ChoiceInputs): Promise<string | undefined> {
  for (const [provider, model] of DEFAULT_MODELS) {
    const endpoint = providers[provider].endpoint;
    if (!endpoint) continue;
    if (environment[endpoint.baseUrlEnv] || (await secrets.get(endpoint.apiKeyEnv))) return model;
  }
  return undefined;
}

async function describeModel(model: string, inputs: ChoiceInputs): Promise<ModelChoice> {
  if (model.startsWith("vscode/")) return ready(model, model.slice("vscode/".length));
  const parsed = parseModelId(model);
  if (parsed.kind === "invalid") {
    return { model, label: model, demo: false, ready: false, problem: `${parsed.message} ${parsed.next}` };
  }
  if (parsed.provider === "demo") return { ...ready(model, "Demo"), demo: true };
  const apiKeyEnv = inputs.apiKeyEnv ?? providers[parsed.provider].endpoint?.apiKeyEnv;
  const readiness = describeReadiness(
    {
      provider: parsed.provider,
      baseUrl: inputs.baseUrl[parsed.provider],
      apiKey: apiKeyEnv === undefined ? undefined : await inputs.secrets.get(apiKeyEnv),
      apiKeyEnv,
    },
    inputs.environment,
  );
  if (readiness.kind === "ready") return ready(model, parsed.name);
  return {
    model,
    label: parsed.name,
    demo: false,
    ready: false,
    problem: `${readiness.message} ${readiness.next}`,
  };
}

function ready(model: string, label: string): ModelChoice {
  return { model, label, demo: false, ready: true, problem: null };
}
