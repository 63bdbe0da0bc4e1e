/** What a `tasks.json` entry of type `codepilot` says. */
import * as z from "zod";

const schema = z.object({
  prompt: z.optional(z.string()),
  agent: z.optional(z.string()),
  model: z.optional(z.string()),
});

export interface AgentTask {
  readonly prompt: string;
  readonly agent: string | undefined;
  readonly model: string | undefined;
}

export type ParsedTask =
  | { readonly kind: "task"; readonly task: AgentTask }
  | { readonly kind: "invalid"; readonly message: string };

export function parseTask(definition: unknown): ParsedTask {
  const parsed = schema.safeParse(definition);
  if (!parsed.success) return { kind: "invalid", message: z.prettifyError(parsed.error) };
  const { prompt, agent, model } = parsed.data;
  if (prompt === undefined || prompt.trim() === "") {
    return { kind: "invalid", message: "The task has no “prompt”: write there what the agent shall do." };
  }
  return { kind: "task", task: { prompt, agent: agent || undefined, model: model || undefined } };
}
