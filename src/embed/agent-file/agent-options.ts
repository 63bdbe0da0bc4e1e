/** The options of a session with those of its agent filled in. What the options say themselves comes first. */
import { dirname } from "node:path";
import { silentLog } from "../../ports/log.ts";
import type { AgentProfile } from "../../protocol/agent-profile.ts";
import type { AgentEvent } from "../../protocol/events.ts";
import type { ApprovalPolicy } from "../../protocol/permissions.ts";
import type { ModelSettings } from "../../runtime/context-builder.ts";
import { environmentSecrets } from "../environment-secrets.ts";
import type { RuntimeOptions } from "../runtime-options.ts";
import { withEnvFile } from "./env-file.ts";

/** From the most to the least careful. */
const CAREFUL: readonly ApprovalPolicy[] = ["never", "untrusted", "on-request", "on-failure"];

/** The agent that a session was opened with, as its journal has it. */
export function agentOf(events: readonly AgentEvent[]): AgentProfile | undefined {
  return events.find((event) => event.type === "session.opened")?.agent;
}

export function withAgent(options: RuntimeOptions, recorded?: AgentProfile): RuntimeOptions {
  const agent = options.agent ?? recorded;
  if (!agent) return options;
  const { adapters = {}, model } = options;
  const { log = silentLog, secrets = environmentSecrets, connection } = adapters;
  const own = model === undefined || model === agent.model?.id ? agent.model : undefined;
  const provider = providerOf(own?.id);
  // A resumed session goes on with the model it had, unless the caller brings another agent.
  const chosen = model ?? (options.resume === undefined || options.agent ? own?.id : undefined);
  return {
    ...options,
    agent,
    cwd: agent.workDir ?? options.cwd,
    ...(chosen === undefined ? {} : { model: chosen }),
    interface: options.interface ?? agent.interface,
    approval: stricter(options.approval ?? "untrusted", agent.approval),
    maxSteps: options.maxSteps ?? agent.maxSteps,
    ...(options.tools === undefined && agent.tools !== null ? { tools: agent.tools.map((name) => ({ name })) } : {}),
    adapters: {
      ...adapters,
      secrets: withEnvFile(secrets, dirname(agent.file), log),
      connection: (asked) => ({
        ...connection?.(asked),
        // The agent's endpoint is one for its model; another provider's model has its own.
        ...(asked === provider && own?.baseUrl !== undefined ? { baseUrl: own.baseUrl, apiKey: undefined } : {}),
        ...(asked === provider && own?.apiKeyEnv !== undefined ? { apiKeyEnv: own.apiKeyEnv } : {}),
      }),
    },
  };
}

/** The settings for requests to `model`: the options' own, else the agent's if it is the agent's model. */
export function settingsFor(options: RuntimeOptions, model: string): ModelSettings {
  if (options.modelSettings) return options.modelSettings;
  const own = options.agent?.model;
  return own?.id === model ? definedSettings(own.settings) : {};
}

function definedSettings(settings: NonNullable<AgentProfile["model"]>["settings"]): ModelSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function stricter(mine: ApprovalPolicy, agents: ApprovalPolicy | undefined): ApprovalPolicy {
  if (agents === undefined) return mine;
  return CAREFUL.indexOf(agents) < CAREFUL.indexOf(mine) ? agents : mine;
}

function providerOf(model: string | undefined): string | undefined {
  return model?.split("/", 1)[0];
}
