/**
 * The agent file's keys. This version takes the model, the runtime limits and the tool list; a key that belongs to
 * the format but has no effect yet is refused by name rather than ignored.
 */
import * as z from "zod";

const modelSchema = z.strictObject({
  provider: z.string(),
  name: z.string().min(1),
  /** Name of the environment variable that holds the key. */
  api_key_env: z.optional(z.string()),
  base_url: z.optional(z.url()),
  temperature: z.optional(z.number().min(0).max(2)),
  max_tokens: z.optional(z.int().positive()),
  reasoning_effort: z.optional(z.enum(["minimal", "low", "medium", "high"])),
  thinking: z.optional(
    z.strictObject({ enabled: z.optional(z.boolean()), budget_tokens: z.optional(z.int().positive()) }),
  ),
});

const runtimeSchema = z.strictObject({
  /** Relative to the agent file's folder. */
  work_dir: z.optional(z.string()),
  max_steps: z.optional(z.int().positive()),
  /** `true` is refused: paths outside the workspace are asked for instead of being forbidden or free. */
  unsafe_mode: z.optional(z.literal(false, "not yet; paths outside the workspace are asked for instead")),
});

const toolSchema = z.strictObject({
  name: z.string(),
  enabled: z.optional(z.boolean()),
  config: z.optional(
    z.strictObject({
      /** Every write and command is asked for in any case; `false` never outranks the person's own policy. */
      require_permission: z.optional(z.boolean()),
    }),
  ),
});

export const agentFileSchema = z.strictObject({
  /** A label; it changes nothing. */
  name: z.optional(z.string()),
  model: z.optional(modelSchema),
  runtime: z.optional(runtimeSchema),
  tools: z.optional(z.array(toolSchema)),
});
export type AgentFile = z.infer<typeof agentFileSchema>;
