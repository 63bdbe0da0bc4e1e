/**
 * The agent file's keys, their defaults and what they mean. Descriptions and bounds here are what the editor shows
 * (the JSON schema is made from this) and what error messages say, each after the name of its key.
 */
import * as z from "zod";
import { contextTools, semanticSearchTool } from "./agent-tools.ts";
import { approvalPolicySchema } from "./permissions.ts";

export const agentProviders = ["anthropic", "openai", "openai-chat", "alibaba", "vscode", "demo"] as const;
export const agentInterfaces = ["python", "tools", "javascript"] as const;
export const agentDialects = ["codepilot", "codex"] as const;

const MAX_PROMPT_CHARS = 100_000;

const text = () => z.string("must be text").max(MAX_PROMPT_CHARS, `must be at most ${MAX_PROMPT_CHARS} characters`);
const word = () => text().min(1, "must not be empty");
const flag = () => z.boolean("must be true or false");
const wholeNumber = () => z.int("must be a whole number above 0").positive("must be a whole number above 0");
const range = (words: string) => z.number(`must be ${words}`);

const thinkingSchema = z.strictObject({
  enabled: flag().default(false).describe("Anthropic only: let the model think before it answers."),
  budget_tokens: wholeNumber()
    .default(8000)
    .describe("Tokens for thinking. Made smaller where max_tokens would leave too little room for the answer."),
});

const modelSchema = z.strictObject({
  provider: z
    .enum(agentProviders)
    .describe(
      "anthropic: Messages API. openai: Responses API. openai-chat: Chat Completions, for every compatible server. alibaba: DashScope international. vscode: a language model of the editor. demo: a scripted model over real tools.",
    ),
  name: word().describe("The model's name, as the provider has it."),
  api_key_env: z.optional(
    z
      .string("must be text")
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable")
      .describe(
        "Environment variable that holds the key. Default: ANTHROPIC_API_KEY, OPENAI_API_KEY or DASHSCOPE_API_KEY, by provider. A .env beside this file may hold it; the environment comes first.",
      ),
  ),
  base_url: z.optional(
    z
      .string("must be text")
      .refine(isServerUrl, "must be an http or https URL without user name and password")
      .describe("Endpoint, for a server other than the provider's own. A server on this machine needs no key."),
  ),
  temperature: z.optional(
    range("a number from 0 to 2")
      .min(0, "must be a number from 0 to 2")
      .max(2, "must be a number from 0 to 2")
      .describe("Unset unless written: many models take none. Left out while the model thinks."),
  ),
  max_tokens: z.optional(
    wholeNumber().describe("Tokens of one answer at most, thinking included. Unset unless written."),
  ),
  reasoning_effort: z.optional(
    z.enum(["minimal", "low", "medium", "high"]).describe("How much a reasoning model thinks. Unset unless written."),
  ),
  thinking: thinkingSchema.prefault({}).describe("Extended thinking of Anthropic's models."),
});

const runtimeSchema = z.strictObject({
  work_dir: z.optional(
    word().describe("The folder to work in, relative to this file's folder. Default: this file's folder."),
  ),
  unsafe_mode: flag()
    .default(false)
    .describe(
      "false: file and search tools reach nothing outside the folders the agent works in. true: they may, and each time you are asked.",
    ),
  max_steps: wholeNumber().default(20).describe("Responses of the model after which a turn ends."),
});

const memorySchema = z.strictObject({
  max_context_tokens: wholeNumber()
    .default(120_000)
    .describe("Kept; takes effect with compaction, which is not there yet."),
  global_summary_threshold: range("a number above 0 and up to 1")
    .gt(0, "must be a number above 0 and up to 1")
    .max(1, "must be a number above 0 and up to 1")
    .default(0.9)
    .describe("Kept; takes effect with compaction, which is not there yet."),
  global_summary_max_tokens: wholeNumber()
    .default(500)
    .describe("Kept; takes effect with compaction, which is not there yet."),
});

const rules = (what: string) =>
  z.array(z.string("must be text"), "must be a list").default([]).describe(`${what} Not there yet.`);

const permissionsSchema = z.strictObject({
  approval: z.optional(
    approvalPolicySchema.describe(
      "When the agent asks. Only makes it stricter: where your own setting or --approval is stricter, that one counts.",
    ),
  ),
  allow: rules("What is done without asking."),
  ask: rules("What is always asked for."),
  deny: rules("What is refused."),
});

const requirePermission = flag()
  .default(false)
  .describe(
    "true: ask for every call of this tool, whatever was allowed before. false: your own policy decides; it is never outranked.",
  );
const enabled = flag().default(true).describe("false: the agent does not have it.");
const outputChars = (most: number) => wholeNumber().max(most, `must be a whole number above 0 and up to ${most}`);

const plainConfig = z.strictObject({ require_permission: requirePermission });
const executeConfig = z.strictObject({
  require_permission: requirePermission,
  max_output_chars: z.optional(
    outputChars(400_000).describe(
      "Characters of output that the model sees of one command, its beginning and its end. Default: 40000.",
    ),
  ),
});
const semanticSearchConfig = z.strictObject({
  require_permission: requirePermission,
  provider: z.optional(word()),
  model: z.optional(word()),
  base_url: z.optional(z.string("must be text").refine(isServerUrl, "must be an http or https URL")),
  api_key_env: z.optional(word()),
  parallelism: z.optional(wholeNumber()),
  timeout: z.optional(range("a number above 0").positive("must be a number above 0")),
  max_results: z.optional(wholeNumber()),
  max_output_chars: z.optional(wholeNumber()),
});

const plainTools = [
  "read_file",
  "write_file",
  "find",
  "read_output",
  "send_input",
  "terminate_terminal",
  "ask_user",
  ...contextTools,
] as const;

const toolSchema = z.discriminatedUnion(
  "name",
  [
    z.strictObject({ name: z.enum(plainTools), enabled, config: plainConfig.prefault({}) }),
    z.strictObject({ name: z.literal("execute"), enabled, config: executeConfig.prefault({}) }),
    z.strictObject({ name: z.literal(semanticSearchTool), enabled, config: semanticSearchConfig.prefault({}) }),
  ],
  { error: "must be a mapping with the name of a tool" },
);

export const agentFileSchema = z.strictObject({
  name: z.optional(word().max(100, "must be at most 100 characters").describe("What the agent is called.")),
  role: z.optional(text().describe("What it is, as the end of “You are NAME, …”. Default: a coding agent.")),
  system_prompt: text()
    .default("")
    .describe(
      "Instructions for the agent. The path of a .md, .txt or .j2 file, relative to this file's folder, stands for the words in it, exactly as they are.",
    ),
  interface: z
    .enum(agentInterfaces)
    .default("python")
    .describe("How the model acts. python: it writes programs over the tools. tools: the provider's own tool calls."),
  dialect: z.enum(agentDialects).default("codepilot").describe("Which names and shapes the tools have."),
  model: z.optional(modelSchema.describe("The model. Without it: the one that --model or the setting names.")),
  runtime: runtimeSchema.prefault({}).describe("Where the agent works, and for how long."),
  memory: memorySchema.prefault({}).describe("Kept; takes effect with compaction, which is not there yet."),
  permissions: permissionsSchema.prefault({}).describe("When the agent asks."),
  tools: z
    .array(toolSchema, "must be a list")
    .default([])
    .describe("The tools of the agent. Left out or empty: all default tools; else exactly these."),
});

/** What an agent file says, with every default filled in. */
export type AgentFile = z.output<typeof agentFileSchema>;
export type AgentFileTool = AgentFile["tools"][number];

/** For editors: a file may be flat or have everything under `agent`. */
export function agentFileJsonSchema(): object {
  const { $schema, ...root } = z.toJSONSchema(agentFileSchema, { io: "input", target: "draft-7" });
  const wrapped = {
    type: "object",
    properties: { agent: { $ref: "#/definitions/agent" } },
    required: ["agent"],
    additionalProperties: false,
  };
  return {
    $schema,
    title: "CodePilot agent file",
    definitions: { agent: root },
    if: { required: ["agent"] },
    // biome-ignore lint/suspicious/noThenProperty: JSON schema has a key of that name.
    then: wrapped,
    else: { $ref: "#/definitions/agent" },
  };
}

/** The keys of each mapping of the format, by its path without list indices: `""`, `model`, `model.thinking`, `tools`, … */
export const agentFileKeys: ReadonlyMap<string, readonly string[]> = new Map([
  ["", Object.keys(agentFileSchema.shape)],
  ["model", Object.keys(modelSchema.shape)],
  ["model.thinking", Object.keys(thinkingSchema.shape)],
  ["runtime", Object.keys(runtimeSchema.shape)],
  ["memory", Object.keys(memorySchema.shape)],
  ["permissions", Object.keys(permissionsSchema.shape)],
  ["tools", ["name", "enabled", "config"]],
]);

/** The keys of one tool's `config`. */
export function toolConfigKeys(tool: unknown): readonly string[] {
  if (tool === "execute") return Object.keys(executeConfig.shape);
  return Object.keys(tool === semanticSearchTool ? semanticSearchConfig.shape : plainConfig.shape);
}

function isServerUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}
