/** A request in the words of Chat Completions, as OpenAI and a hundred compatible servers take it. Pure. */
import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
  ChatCompletionTool,
  ChatCompletionToolMessageParam,
} from "openai/resources/chat/completions";
import type { ModelInput, ModelRequest, ToolSpec } from "../../ports/model-client.ts";
import type { Image } from "../../protocol/items.ts";
import { customToolNames, pairToolCalls, replayFor } from "../conversation.ts";
import { argumentsObject, asJson, dataUrl, inputSchema, isObject, listOf, textOf, wrapInput } from "../wire.ts";

export const provider = "openai-chat";

/** What only OpenAI itself takes, and what some servers refuse. */
export interface ChatFeatures {
  /** Is this OpenAI's own endpoint? */
  readonly atOpenAi: boolean;
  readonly streamUsage: boolean;
  readonly reasoningReplay: boolean;
}

export const allFeatures: ChatFeatures = { atOpenAi: false, streamUsage: true, reasoningReplay: true };

export function encodeRequest(request: ModelRequest, features = allFeatures): ChatCompletionCreateParamsStreaming {
  const { maxOutputTokens } = request;
  const limit = features.atOpenAi ? { max_completion_tokens: maxOutputTokens } : { max_tokens: maxOutputTokens };
  return {
    model: request.model,
    messages: encodeMessages(request, features.reasoningReplay),
    ...(request.tools.length > 0 ? { tools: request.tools.map(encodeTool) } : {}),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(maxOutputTokens === undefined ? {} : (limit as { max_tokens: number })),
    ...(request.reasoningEffort ? { reasoning_effort: request.reasoningEffort } : {}),
    ...(features.atOpenAi ? { prompt_cache_key: request.cacheKey } : {}),
    stream: true,
    ...(features.streamUsage ? { stream_options: { include_usage: true } } : {}),
  };
}

function encodeMessages(request: ModelRequest, reasoningReplay: boolean): ChatCompletionMessageParam[] {
  const custom = customToolNames(request.tools);
  const messages: ChatCompletionMessageParam[] = [];
  if (request.instructions) messages.push({ role: "system", content: request.instructions });
  const entries = pairToolCalls(request.input);
  for (let at = 0; at < entries.length; ) {
    const end = endOfGroup(entries, at);
    const group = entries.slice(at, end);
    const kind = group[0]?.kind;
    if (kind === "user" || kind === "context") messages.push(...group.flatMap(encodeUser));
    else if (kind === "tool_result") messages.push(...encodeResults(group));
    else {
      const message = encodeAssistant(group, request.model, custom, reasoningReplay);
      if (message) messages.push(message);
    }
    at = end;
  }
  return messages;
}

type Side = "user" | "results" | "assistant";

function sideOf(entry: ModelInput | undefined): Side | undefined {
  switch (entry?.kind) {
    case undefined:
      return undefined;
    case "user":
    case "context":
      return "user";
    case "tool_result":
      return "results";
    default:
      return "assistant";
  }
}

/** The entries from `start` that make up one message, or the results of one. */
function endOfGroup(entries: readonly ModelInput[], start: number): number {
  const side = sideOf(entries[start]);
  let end = start + 1;
  while (end < entries.length && sideOf(entries[end]) === side) end += 1;
  return end;
}

function encodeUser(entry: ModelInput): ChatCompletionMessageParam[] {
  if (entry.kind === "context") return [{ role: "user", content: entry.text }];
  if (entry.kind !== "user") return [];
  if (!entry.images?.length) return [{ role: "user", content: entry.text }];
  const text = entry.text === "" ? [] : [{ type: "text" as const, text: entry.text }];
  return [{ role: "user", content: [...text, ...imageParts(entry.images)] }];
}

function imageParts(images: readonly Image[]): ChatCompletionContentPart[] {
  return images.map((image) => ({ type: "image_url", image_url: { url: dataUrl(image) } }));
}

/** One response of the model is one message, whatever it consists of. */
function encodeAssistant(
  group: readonly ModelInput[],
  model: string,
  custom: ReadonlySet<string>,
  reasoningReplay: boolean,
): ChatCompletionAssistantMessageParam | undefined {
  const text: string[] = [];
  const toolCalls: NonNullable<ChatCompletionAssistantMessageParam["tool_calls"]> = [];
  const reasoning: Record<string, unknown> = {};
  for (const entry of group) {
    if (entry.kind === "assistant" && entry.text !== "") text.push(entry.text);
    if (entry.kind === "tool_call") {
      const args = custom.has(entry.name)
        ? wrapInput(entry.argumentsText)
        : // Chat templates parse the arguments and fail the request where they can not.
          validArguments(entry.argumentsText);
      const data = isObject(entry.replay) && entry.replay.provider === provider ? entry.replay : {};
      const extra = data.model === model ? { extra_content: data.extra } : {};
      toolCalls.push({ id: entry.callId, type: "function", function: { name: entry.name, arguments: args }, ...extra });
    }
    if (entry.kind === "reasoning" && reasoningReplay) {
      const data = replayFor(entry.replay, provider, model);
      if (!isObject(data)) continue;
      const field = textOf(data.field);
      if (field && entry.text) reasoning[field] = textOf(reasoning[field]) + entry.text;
      if (data.details) {
        reasoning.reasoning_details = [...listOf(reasoning.reasoning_details), ...listOf(data.details)].map(asJson);
      }
    }
  }
  if (text.length === 0 && toolCalls.length === 0) return undefined;
  return {
    role: "assistant",
    content: text.length > 0 ? text.join("\n\n") : null,
    ...reasoning,
    ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
  };
}

function validArguments(argumentsText: string): string {
  const parsed = argumentsObject(argumentsText);
  return "malformed_arguments" in parsed || argumentsText.trim() === "" ? JSON.stringify(parsed) : argumentsText;
}

/** A tool message holds text only; the images of all results follow as words of the user. */
function encodeResults(group: readonly ModelInput[]): ChatCompletionMessageParam[] {
  const messages: ChatCompletionToolMessageParam[] = [];
  const shown: ChatCompletionContentPart[] = [];
  for (const entry of group) {
    if (entry.kind !== "tool_result") continue;
    messages.push({ role: "tool", tool_call_id: entry.callId, content: entry.output });
    if (entry.images?.length) {
      shown.push({ type: "text", text: `[Images from ${entry.name}, call ${entry.callId}]` });
      shown.push(...imageParts(entry.images));
    }
  }
  return shown.length > 0 ? [...messages, { role: "user", content: shown }] : messages;
}

function encodeTool(tool: ToolSpec): ChatCompletionTool {
  const { name, description } = tool;
  if (tool.kind === "function") {
    return {
      type: "function",
      function: { name, description, parameters: tool.parameters as Record<string, unknown> },
    };
  }
  return { type: "function", function: { name, description: describeGrammar(tool), parameters: inputSchema } };
}

/** Where a grammar can not be enforced it is at least told. */
export function describeGrammar(tool: Extract<ToolSpec, { kind: "custom" }>): string {
  if (!tool.grammar) return tool.description;
  const { syntax, definition } = tool.grammar;
  const kind = syntax === "lark" ? "Lark grammar" : "regular expression";
  return `${tool.description}\n\nThe string \`input\` must match this ${kind}:\n${definition}`;
}
