/** A request in the words of Anthropic's Messages API. Pure. */
import type {
  ContentBlockParam,
  ImageBlockParam,
  MessageCreateParamsStreaming,
  TextBlockParam,
  Tool,
  ToolResultBlockParam,
} from "@anthropic-ai/sdk/resources/messages/messages";
import type { ModelInput, ModelRequest, ToolSpec } from "../../ports/model-client.ts";
import type { Image } from "../../protocol/items.ts";
import { customToolNames, pairToolCalls, replayFor, withoutDanglingReasoning } from "../conversation.ts";
import { describeGrammar } from "../openai-chat/encode.ts";
import { argumentsObject, inputSchema, isObject } from "../wire.ts";
import { ANSWER_TOKENS, budgetBelow, WRITTEN_ANSWER_TOKENS } from "./thinking-budget.ts";

export const provider = "anthropic";

/** Parameters that some models or servers refuse; the client changes them after a first refusal. */
export interface MessagesFeatures {
  /** Newer models decide by themselves how much to think and refuse a budget. */
  readonly thinkingBudget: boolean;
  readonly effort: boolean;
}

export const allFeatures: MessagesFeatures = { thinkingBudget: true, effort: true };

const cacheControl = { type: "ephemeral" as const };

interface Message {
  role: "user" | "assistant";
  content: ContentBlockParam[];
}

/** What a model family can write at most, thinking included; for a family we do not know, what all newer ones can. */
function outputLimit(model: string): number {
  if (/claude-(?:2|instant)|claude-3-(?:opus|sonnet|haiku)/.test(model)) return 4096;
  if (/claude-3[-.]5/.test(model)) return 8192;
  if (/claude-opus-4(?:-[01]|[-@]2025|$)/.test(model)) return 32_000;
  return 64_000;
}

/** The API wants a limit with every request; this one when the person set none. */
function defaultLimit(model: string): number {
  return Math.min(32_000, outputLimit(model));
}

export function encodeRequest(request: ModelRequest, features = allFeatures): MessageCreateParamsStreaming {
  const { messages, stable } = encodeMessages(request);
  markForCache(messages, stable);
  const thinking = thinkingFor(request, messages);
  const effort = request.reasoningEffort === "minimal" ? "low" : request.reasoningEffort;
  const tools = request.tools.map(encodeTool);
  const lastTool = tools.at(-1);
  if (lastTool) lastTool.cache_control = cacheControl;
  return {
    model: request.model,
    max_tokens: thinking?.maxTokens ?? request.maxOutputTokens ?? defaultLimit(request.model),
    ...(request.instructions
      ? { system: [{ type: "text", text: request.instructions, cache_control: cacheControl }] }
      : {}),
    messages,
    ...(tools.length > 0 ? { tools } : {}),
    ...(thinking
      ? {
          thinking: features.thinkingBudget
            ? { type: "enabled", budget_tokens: thinking.budget }
            : { type: "adaptive", display: "summarized" },
        }
      : {}),
    ...(effort && features.effort ? { output_config: { effort } } : {}),
    ...(request.temperature === undefined || thinking ? {} : { temperature: request.temperature }),
    stream: true,
  };
}

/** Thinking never takes the room of the answer; where a model or a written limit is too small for both, it is off. */
function thinkingFor(request: ModelRequest, messages: readonly Message[]) {
  const { model, thinkingBudgetTokens: wanted, maxOutputTokens: written } = request;
  if (wanted === undefined || !mayThink(messages)) return undefined;
  if (written !== undefined) {
    // A limit that the person wrote is kept to, and they may know of a larger one than we do.
    const budget = budgetBelow(written, wanted, WRITTEN_ANSWER_TOKENS);
    return budget === undefined ? undefined : { budget, maxTokens: written };
  }
  const budget = budgetBelow(outputLimit(model), wanted, ANSWER_TOKENS);
  if (budget === undefined) return undefined;
  return { budget, maxTokens: Math.max(defaultLimit(model), budget + ANSWER_TOKENS) };
}

/**
 * With thinking on, a response whose calls are being answered has to begin with its thinking; one of another model,
 * or one made with thinking off, has none.
 */
function mayThink(messages: readonly Message[]): boolean {
  const last = messages.findLast(({ role }) => role === "assistant");
  if (!last?.content.some(({ type }) => type === "tool_use")) return true;
  const first = last.content[0]?.type;
  const answered = messages.at(-1)?.content.some(({ type }) => type === "tool_result");
  return !answered || first === "thinking" || first === "redacted_thinking";
}

/** `stable`: messages and blocks of the last one which come before the trailing context. */
function encodeMessages(request: ModelRequest): { messages: Message[]; stable: { messages: number; blocks: number } } {
  const custom = customToolNames(request.tools);
  const messages: Message[] = [];
  let stable: { messages: number; blocks: number } | undefined;
  const end = () => ({ messages: messages.length, blocks: messages.at(-1)?.content.length ?? 0 });
  for (const entry of withoutDanglingReasoning(pairToolCalls(request.input))) {
    if (entry.kind === "context") stable ??= end();
    const role =
      entry.kind === "user" || entry.kind === "context" || entry.kind === "tool_result" ? "user" : "assistant";
    const blocks = encodeEntry(entry, request.model, custom);
    if (blocks.length === 0) continue;
    // A conversation begins with the user, even when its beginning was cut off.
    if (messages.length === 0 && role === "assistant") {
      messages.push({ role: "user", content: [{ type: "text", text: "[The beginning is not shown.]" }] });
    }
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else messages.push({ role, content: blocks });
  }
  return { messages, stable: stable ?? end() };
}

function encodeEntry(entry: ModelInput, model: string, custom: ReadonlySet<string>): ContentBlockParam[] {
  switch (entry.kind) {
    case "user":
      return [...textBlocks(entry.text), ...imageBlocks(entry.images)];
    case "context":
    case "assistant":
      return textBlocks(entry.text);
    case "reasoning": {
      const data = replayFor(entry.replay, provider, model);
      return isObject(data) ? [data as unknown as ContentBlockParam] : [];
    }
    case "tool_call": {
      const input = custom.has(entry.name) ? { input: entry.argumentsText } : argumentsObject(entry.argumentsText);
      return [{ type: "tool_use", id: callId(entry.callId), name: entry.name, input }];
    }
    case "tool_result": {
      const images = imageBlocks(entry.images);
      const content = images.length > 0 ? [...textBlocks(entry.output), ...images] : entry.output;
      const block: ToolResultBlockParam = { type: "tool_result", tool_use_id: callId(entry.callId) };
      if (content.length > 0) block.content = content;
      // The API takes no images in a result that is marked as an error.
      if (entry.failed && images.length === 0) block.is_error = true;
      return [block];
    }
  }
}

/** The API refuses text that is empty or all white. */
function textBlocks(text: string): TextBlockParam[] {
  return text.trim() === "" ? [] : [{ type: "text", text }];
}

function imageBlocks(images: readonly Image[] | undefined): ImageBlockParam[] {
  return (images ?? []).map(({ mediaType, data }) => ({
    type: "image",
    source: { type: "base64", media_type: mediaType as "image/png", data },
  }));
}

/** The API takes letters, digits, `_` and `-`; ids of other providers may hold more. Both ends change alike. */
function callId(id: string): string {
  return id.replaceAll(/[^\w-]/g, "_") || "call";
}

/**
 * Marks the ends of the last two turns of the user in the stable conversation: this request writes the later one,
 * the next request reads it as its earlier one. With tools and system that makes the four the API allows.
 */
function markForCache(messages: readonly Message[], stable: { messages: number; blocks: number }): void {
  let marks = 2;
  for (let at = stable.messages - 1; at >= 0 && marks > 0; at -= 1) {
    const message = messages[at];
    if (message?.role !== "user") continue;
    const blocks = at === stable.messages - 1 ? stable.blocks : message.content.length;
    const block = message.content[blocks - 1];
    if (!block || block.type === "thinking" || block.type === "redacted_thinking") continue;
    message.content[blocks - 1] = { ...block, cache_control: cacheControl } as ContentBlockParam;
    marks -= 1;
  }
}

function encodeTool(tool: ToolSpec): Tool {
  if (tool.kind === "custom") {
    return { name: tool.name, description: describeGrammar(tool), input_schema: inputSchema as Tool.InputSchema };
  }
  return {
    name: tool.name,
    description: tool.description,
    input_schema: tool.parameters as unknown as Tool.InputSchema,
  };
}
