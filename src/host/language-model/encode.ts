/** A request in the terms of `vscode.lm`. It knows no system role, so the instructions are the first user message. */
import * as vscode from "vscode";
import type { ModelInput, ModelRequest, ToolSpec } from "../../ports/model-client.ts";
import type { Image } from "../../protocol/items.ts";
import { pairToolCalls } from "../../providers/conversation.ts";
import { argumentsObject, inputSchema, wrapInput } from "../../providers/wire.ts";

type UserPart = vscode.LanguageModelTextPart | vscode.LanguageModelToolResultPart | vscode.LanguageModelDataPart;
type AssistantPart = vscode.LanguageModelTextPart | vscode.LanguageModelToolCallPart;

export function encodeMessages(request: ModelRequest): vscode.LanguageModelChatMessage[] {
  const custom = new Set(request.tools.filter((tool) => tool.kind === "custom").map((tool) => tool.name));
  const messages: vscode.LanguageModelChatMessage[] = [];
  const user: UserPart[] = [new vscode.LanguageModelTextPart(request.instructions)];
  const assistant: AssistantPart[] = [];
  const closeUser = () => {
    if (user.length > 0) messages.push(vscode.LanguageModelChatMessage.User(user.splice(0)));
  };
  const closeAssistant = () => {
    if (assistant.length > 0) messages.push(vscode.LanguageModelChatMessage.Assistant(assistant.splice(0)));
  };
  closeUser();
  for (const entry of pairToolCalls(request.input)) {
    const parts = partsOf(entry, custom);
    if (parts.role === "user") {
      closeAssistant();
      user.push(...parts.parts);
    } else {
      closeUser();
      assistant.push(...parts.parts);
    }
  }
  closeAssistant();
  closeUser();
  return messages;
}

type Parts =
  | { readonly role: "user"; readonly parts: readonly UserPart[] }
  | { readonly role: "assistant"; readonly parts: readonly AssistantPart[] };

function partsOf(entry: ModelInput, custom: ReadonlySet<string>): Parts {
  switch (entry.kind) {
    case "user":
      return { role: "user", parts: [...textParts(entry.text), ...imageParts(entry.images)] };
    case "context":
      return { role: "user", parts: textParts(entry.text) };
    case "assistant":
      return { role: "assistant", parts: textParts(entry.text) };
    // The API has no place for reasoning that goes back.
    case "reasoning":
      return { role: "assistant", parts: [] };
    case "tool_call": {
      const text = custom.has(entry.name) ? wrapInput(entry.argumentsText) : entry.argumentsText;
      return {
        role: "assistant",
        parts: [new vscode.LanguageModelToolCallPart(entry.callId, entry.name, argumentsObject(text))],
      };
    }
    case "tool_result": {
      const content = [new vscode.LanguageModelTextPart(entry.output)];
      return {
        role: "user",
        parts: [new vscode.LanguageModelToolResultPart(entry.callId, content), ...imageParts(entry.images)],
      };
    }
  }
}

/** Some models refuse empty parts. */
function textParts(text: string): vscode.LanguageModelTextPart[] {
  return text === "" ? [] : [new vscode.LanguageModelTextPart(text)];
}

function imageParts(images: readonly Image[] = []): vscode.LanguageModelDataPart[] {
  return images.map(({ data, mediaType }) =>
    vscode.LanguageModelDataPart.image(new Uint8Array(Buffer.from(data, "base64")), mediaType),
  );
}

export function encodeTools(tools: readonly ToolSpec[]): vscode.LanguageModelChatTool[] {
  return tools.map((tool) => ({
    name: tool.name,
    description: tool.description,
    inputSchema: tool.kind === "custom" ? inputSchema : (tool.parameters as object),
  }));
}
