/** A request in the words of OpenAI's Responses API. Pure. */
import type {
  EasyInputMessage,
  FunctionTool,
  ResponseCreateParamsStreaming,
  ResponseInputContent,
  ResponseInputItem,
  Tool,
} from "openai/resources/responses/responses";
import type { ModelInput, ModelRequest, ToolSpec } from "../../ports/model-client.ts";
import type { Image } from "../../protocol/items.ts";
import { customToolNames, pairToolCalls, replayFor, withoutDanglingReasoning } from "../conversation.ts";
import { dataUrl, isObject, textOf } from "../wire.ts";

export const provider = "openai";

/** Parameters that some models or servers refuse; the client leaves them out after a first refusal. */
export interface ResponsesFeatures {
  readonly encryptedReasoning: boolean;
  readonly reasoningSummary: boolean;
}

export const allFeatures: ResponsesFeatures = { encryptedReasoning: true, reasoningSummary: true };

/** Models of these families refuse every `reasoning` parameter. */
const withoutReasoning = /^(?:gpt-[34]|chatgpt-4)/;
/** Families that are known to reason; a summary is asked from these only. */
const withReasoning = /^(?:o\d|gpt-[5-9]|codex)/;

/** Remembers what entries and tools became, so that the next request holds the same objects for them. */
export class EncodedParts {
  #model: string | undefined;
  #specs: readonly ToolSpec[] = [];
  #tools: Tool[] = [];
  #custom: ReadonlySet<string> = new Set();
  #items = new WeakMap<ModelInput, ResponseInputItem[]>();

  /** What an entry becomes depends on the model and on which tools are custom ones. */
  begin({ model, tools }: ModelRequest): void {
    if (this.#model === model && this.#specs === tools) return;
    this.#model = model;
    this.#specs = tools;
    this.#tools = tools.map(encodeTool);
    this.#custom = customToolNames(tools);
    this.#items = new WeakMap();
  }

  get tools(): Tool[] {
    return this.#tools;
  }

  of(entry: ModelInput): ResponseInputItem[] {
    const known = this.#items.get(entry);
    if (known) return known;
    const items = encodeEntry(entry, this.#model ?? "", this.#custom);
    this.#items.set(entry, items);
    return items;
  }
}

export function encodeRequest(
  request: ModelRequest,
  features = allFeatures,
  parts = new EncodedParts(),
): ResponseCreateParamsStreaming {
  parts.begin(request);
  const input = withoutDanglingReasoning(pairToolCalls(request.input)).flatMap((entry) => parts.of(entry));
  const family = request.model.slice(request.model.lastIndexOf("/") + 1);
  const summary = features.reasoningSummary && withReasoning.test(family);
  const reasoning = {
    ...(request.reasoningEffort ? { effort: request.reasoningEffort } : {}),
    ...(summary ? { summary: "auto" as const } : {}),
  };
  return {
    model: request.model,
    instructions: request.instructions,
    input,
    ...(request.tools.length > 0 ? { tools: parts.tools, tool_choice: "auto", parallel_tool_calls: true } : {}),
    ...(Object.keys(reasoning).length > 0 ? { reasoning } : {}),
    ...(features.encryptedReasoning && !withoutReasoning.test(family)
      ? { include: ["reasoning.encrypted_content" as const] }
      : {}),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.maxOutputTokens === undefined ? {} : { max_output_tokens: request.maxOutputTokens }),
    prompt_cache_key: request.cacheKey,
    store: false,
    stream: true,
  };
}

function encodeEntry(entry: ModelInput, model: string, custom: ReadonlySet<string>): ResponseInputItem[] {
  switch (entry.kind) {
    case "user":
      return [message("user", entry.images?.length ? contentParts(entry.text, entry.images) : entry.text)];
    // As the user's words: `developer` is unknown to many servers that speak this API.
    case "context":
      return [message("user", entry.text)];
    case "assistant": {
      if (entry.text === "") return [];
      const data = replayFor(entry.replay, provider, model);
      const phase = isObject(data) ? textOf(data.phase) : "";
      const assistant = message("assistant", entry.text);
      return [phase ? { ...assistant, phase: phase as "commentary" | "final_answer" } : assistant];
    }
    case "reasoning": {
      const data = replayFor(entry.replay, provider, model);
      return isObject(data) ? [data as unknown as ResponseInputItem] : [];
    }
    case "tool_call":
      return custom.has(entry.name)
        ? [{ type: "custom_tool_call", call_id: callId(entry.callId), name: entry.name, input: entry.argumentsText }]
        : [
            {
              type: "function_call",
              call_id: callId(entry.callId),
              name: entry.name,
              arguments: entry.argumentsText || "{}",
            },
          ];
    case "tool_result": {
      const output = entry.images?.length ? contentParts(entry.output, entry.images) : entry.output;
      const call_id = callId(entry.callId);
      return custom.has(entry.name)
        ? [{ type: "custom_tool_call_output", call_id, output }]
        : [{ type: "function_call_output", call_id, output }];
    }
  }
}

function message(role: "user" | "assistant", content: string | ResponseInputContent[]): EasyInputMessage {
  return { type: "message", role, content };
}

/** Text and images; what a message and the output of a tool have in common. */
function contentParts(text: string, images: readonly Image[]) {
  return [
    ...(text === "" ? [] : [{ type: "input_text" as const, text }]),
    ...images.map((image) => ({ type: "input_image" as const, detail: "auto" as const, image_url: dataUrl(image) })),
  ];
}

/** The API takes 64 characters; ids of other providers may be longer. Both ends of a pair are cut alike. */
function callId(id: string): string {
  return id.length <= 64 ? id : `${id.slice(0, 32)}${id.slice(-32)}`;
}

function encodeTool(tool: ToolSpec): Tool {
  if (tool.kind === "custom") {
    const { name, description, grammar } = tool;
    return {
      type: "custom",
      name,
      description,
      format: grammar ? { type: "grammar", syntax: grammar.syntax, definition: grammar.definition } : { type: "text" },
    };
  }
  const parameters = tool.parameters as FunctionTool["parameters"];
  return { type: "function", name: tool.name, description: tool.description, parameters, strict: false };
}
