/** From the text of an agent file to what it says, with everything that is wrong or odd about it at once. Pure. */
import { type AgentFile, agentFileSchema } from "../../protocol/agent-file.ts";
import { semanticSearchTool } from "../../protocol/agent-tools.ts";
import { SMALLEST_BUDGET_TOKENS, WRITTEN_ANSWER_TOKENS } from "../../providers/anthropic/thinking-budget.ts";
import { thinkingBudget } from "./agent-profile.ts";
import { type Complaint, describeIssue } from "./describe-issue.ts";
import { type Span, type YamlPath, YamlSource } from "./yaml-source.ts";

export interface FileRemark {
  readonly severity: "error" | "warning";
  /** One sentence or two, without its place. */
  readonly message: string;
  readonly span: Span;
}

export type ReadAgentFile =
  | {
      readonly kind: "valid";
      readonly file: AgentFile;
      readonly warnings: readonly FileRemark[];
      /** Where the value of a key stands. */
      spanOf(path: YamlPath): Span;
    }
  /** Errors first; warnings are of no use while there are any. */
  | { readonly kind: "invalid"; readonly errors: readonly FileRemark[] };

export function readAgentFile(text: string): ReadAgentFile {
  const source = new YamlSource(text.replace(/^\uFEFF/, ""));
  if (source.problems.length > 0) {
    return invalid(source.problems.map(({ message, span }) => error(`this is not YAML: ${message}`, span)));
  }
  const { data } = source;
  if (data === null || data === undefined) {
    return invalid([error("the file is empty. It begins with name, model and tools.", source.ofValue([]))]);
  }
  const wrapped = typeof data === "object" && Object.hasOwn(data, "agent");
  const prefix: YamlPath = wrapped ? ["agent"] : [];
  const agent = wrapped ? (data as { agent: unknown }).agent : data;
  const place = ({ path, atKey }: Pick<Complaint, "path" | "atKey">) =>
    atKey ? source.ofKey([...prefix, ...path]) : source.ofValue([...prefix, ...path]);

  const beside = wrapped ? Object.keys(data as object).filter((key) => key !== "agent") : [];
  const errors = beside.map((key) =>
    error(`unknown key ${JSON.stringify(key)} beside agent. Everything is written below agent.`, source.ofKey([key])),
  );
  const result = agentFileSchema.safeParse(agent);
  const complaints = result.success
    ? unbuilt(result.data)
    : result.error.issues.flatMap((issue) => describeIssue(issue, agent));
  for (const complaint of complaints) {
    const { message, suggestion } = complaint;
    const words = suggestion === undefined ? message : `${message} Did you mean ${quoted(suggestion)}?`;
    errors.push(error(words, place(complaint)));
  }
  if (errors.length > 0 || !result.success) return invalid(errors);
  const isWritten = (path: YamlPath) => source.has([...prefix, ...path]);
  const warnings = remarksOn(result.data, isWritten).map(
    (remark): FileRemark => ({ severity: "warning", message: remark.message, span: place(remark) }),
  );
  return { kind: "valid", file: result.data, warnings, spanOf: (path) => place({ path, atKey: false }) };
}

/** Whether a YAML text means to be an agent file: others have files of that name too. */
export function looksLikeAgentFile(text: string): boolean {
  const source = new YamlSource(text);
  return source.hasMapping(["agent"]) || (source.hasMapping(["model"]) && source.hasMapping([]));
}

function invalid(errors: readonly FileRemark[]): ReadAgentFile {
  return { kind: "invalid", errors: [...errors].sort((a, b) => a.span.offset - b.span.offset) };
}

function error(message: string, span: Span): FileRemark {
  return { severity: "error", message, span };
}

/** Numbers, true and false are written without quotes. */
function quoted(suggestion: string): string {
  return /^(true|false|".*"|[\d.]+)$/.test(suggestion) ? suggestion : `"${suggestion}"`;
}

/** Right, but this version can not do it; to go on without would be something else than what was asked for. */
function unbuilt({ interface: chosen, dialect, permissions }: AgentFile): Complaint[] {
  const found: Complaint[] = [];
  const add = (path: YamlPath, message: string) => found.push({ path, atKey: false, message });
  if (chosen === "javascript") add(["interface"], 'interface javascript: not yet. Use "python" or "tools".');
  if (dialect === "codex") add(["dialect"], 'dialect codex: not yet. Use "codepilot" or leave it out.');
  for (const key of ["allow", "ask", "deny"] as const) {
    if (permissions[key].length > 0) add(["permissions", key], `permissions.${key}: not yet. Leave it out.`);
  }
  return found;
}

/** What is accepted and yet will not be as it reads. */
function remarksOn(file: AgentFile, isWritten: (path: YamlPath) => boolean): Complaint[] {
  const found: Complaint[] = [];
  const add = (path: YamlPath, message: string) => found.push({ path, atKey: true, message });
  if (isWritten(["memory"])) {
    add(["memory"], "memory is kept and takes effect with compaction: not yet.");
  }
  if (file.runtime.unsafe_mode) {
    add(
      ["runtime", "unsafe_mode"],
      "unsafe_mode lets file and search tools reach outside the folders of the agent; each time is asked for all the same.",
    );
  }
  file.tools.forEach((tool, index) => {
    if (tool.name === semanticSearchTool && tool.enabled) {
      add(["tools", index], "semantic_search: not yet. The agent works without it.");
    }
    if (file.tools.findIndex(({ name }) => name === tool.name) < index) {
      add(["tools", index], `${tool.name} is listed twice; what comes last counts.`);
    }
  });
  if (file.tools.length > 0 && file.tools.every(({ enabled }) => !enabled)) {
    add(["tools"], "every tool is switched off. A list that is not empty stands for exactly these.");
  }
  if (file.model) remarkOnThinking(file.model, add);
  return found;
}

type Model = NonNullable<AgentFile["model"]>;

function remarkOnThinking(model: Model, add: (path: YamlPath, message: string) => void): void {
  if (!model.thinking.enabled) return;
  const path = ["model", "thinking"];
  if (model.provider !== "anthropic") {
    add(path, `thinking is for anthropic and changes nothing with ${model.provider}. See model.reasoning_effort.`);
    return;
  }
  const wanted = model.thinking.budget_tokens;
  const budget = thinkingBudget(model);
  if (budget === undefined) {
    const needed = SMALLEST_BUDGET_TOKENS + WRITTEN_ANSWER_TOKENS;
    add(path, `max_tokens ${model.max_tokens} leaves no room for thinking, so there is none. It needs ${needed}.`);
  } else if (budget > wanted) {
    add(path, `budget_tokens ${wanted} is less than the API takes; it is ${budget}.`);
  } else if (budget < wanted) {
    add(
      path,
      `budget_tokens ${wanted} is made ${budget}, so that ${WRITTEN_ANSWER_TOKENS} of max_tokens ${model.max_tokens} are left for the answer.`,
    );
  }
  if (budget !== undefined && model.temperature !== undefined && model.temperature !== 1) {
    add(
      ["model", "temperature"],
      `temperature ${model.temperature} is left out while the model thinks: it has to be 1.`,
    );
  }
}
