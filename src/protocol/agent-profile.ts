/**
 * An agent as a session has it: what an agent file came to when the session was opened. It is kept in the journal, so
 * that a session goes on under the same limits whatever becomes of the file.
 */
import * as z from "zod";
import { approvalPolicySchema } from "./permissions.ts";

export const agentProfileSchema = z.object({
  name: z.optional(z.string()),
  role: z.optional(z.string()),
  systemPrompt: z.optional(z.string()),
  /** Absolute path of the file; a `.env` beside it is looked into for keys. */
  file: z.string(),
  interface: z.enum(["tools", "python", "javascript"]),
  dialect: z.enum(["codepilot", "codex"]),
  model: z.optional(
    z.object({
      /** `provider/name`. */
      id: z.string(),
      baseUrl: z.optional(z.string()),
      apiKeyEnv: z.optional(z.string()),
      /** Of requests to this model; all unset unless written. */
      settings: z.object({
        temperature: z.optional(z.number()),
        maxOutputTokens: z.optional(z.number()),
        reasoningEffort: z.optional(z.enum(["minimal", "low", "medium", "high"])),
        thinkingBudgetTokens: z.optional(z.number()),
      }),
    }),
  ),
  /** Absolute, where the file names one: the session's only folder, whatever else is open. */
  workDir: z.optional(z.string()),
  maxSteps: z.number(),
  /** File and search tools reach nothing outside the folders of the session. */
  confined: z.boolean(),
  /** Null: the default tools; else exactly these. */
  tools: z.nullable(z.array(z.string())),
  /** Every call of these is asked for. */
  alwaysAsk: z.array(z.string()),
  /** Of what a command printed; unset: the tools' own limit. */
  maxOutputChars: z.optional(z.number()),
  /** Only ever makes the person's policy stricter. */
  approval: z.optional(approvalPolicySchema),
  memory: z.object({
    maxContextTokens: z.number(),
    globalSummaryThreshold: z.number(),
    globalSummaryMaxTokens: z.number(),
  }),
});
export type AgentProfile = z.infer<typeof agentProfileSchema>;
