/** What an agent file comes to for a session. */
import type { AgentFile } from "../../protocol/agent-file.ts";
import type { AgentProfile } from "../../protocol/agent-profile.ts";
import { semanticSearchTool } from "../../protocol/agent-tools.ts";
import { budgetBelow, WRITTEN_ANSWER_TOKENS } from "../../providers/anthropic/thinking-budget.ts";

export interface ProfileParts {
  readonly file: AgentFile;
  /** Absolute. */
  readonly path: string;
  /** The words themselves. */
  readonly systemPrompt: string;
  /** Absolute, where the file names one. */
  readonly workDir: string | undefined;
}

export function profileOf({ file, path, systemPrompt, workDir }: ProfileParts): AgentProfile {
  const { name, role, runtime, memory, permissions } = file;
  // Of a tool that is listed twice the last entry counts.
  const tools = [...new Map(file.tools.map((tool) => [tool.name, tool])).values()];
  const asked = tools.filter(({ config }) => config.require_permission).map((tool) => tool.name);
  const execute = tools.find((tool) => tool.name === "execute");
  return {
    ...defined({ name, role, workDir }),
    ...(systemPrompt.trim() === "" ? {} : { systemPrompt }),
    file: path,
    interface: file.interface,
    dialect: file.dialect,
    ...(file.model ? { model: modelOf(file.model) } : {}),
    maxSteps: runtime.max_steps,
    confined: !runtime.unsafe_mode,
    tools:
      tools.length === 0
        ? null
        : tools.filter((tool) => tool.enabled && tool.name !== semanticSearchTool).map((tool) => tool.name),
    alwaysAsk: asked,
    ...defined({ maxOutputChars: execute?.config.max_output_chars, approval: permissions.approval }),
    memory: {
      maxContextTokens: memory.max_context_tokens,
      globalSummaryThreshold: memory.global_summary_threshold,
      globalSummaryMaxTokens: memory.global_summary_max_tokens,
    },
  };
}

type Model = NonNullable<AgentFile["model"]>;

function modelOf(model: Model): NonNullable<AgentProfile["model"]> {
  return {
    id: `${model.provider}/${model.name}`,
    ...defined({ baseUrl: model.base_url, apiKeyEnv: model.api_key_env }),
    settings: defined({
      temperature: model.temperature,
      maxOutputTokens: model.max_tokens,
      reasoningEffort: model.reasoning_effort,
      thinkingBudgetTokens: thinkingBudget(model),
    }),
  };
}

/**
 * Tokens for thinking. Undefined: the model does not think, because nobody asked it to, or because a written
 * `max_tokens` has no room for it beside the answer.
 */
export function thinkingBudget({ thinking, provider, max_tokens: limit }: Model): number | undefined {
  if (!thinking.enabled || provider !== "anthropic") return undefined;
  return budgetBelow(limit ?? Number.POSITIVE_INFINITY, thinking.budget_tokens, WRITTEN_ANSWER_TOKENS);
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
