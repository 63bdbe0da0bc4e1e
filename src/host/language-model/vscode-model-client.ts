/** Models that the editor offers to extensions (`vscode.lm`). Asked from the extension host, with VS Code's consent. */
import * as vscode from "vscode";
import { messageOf } from "../../base/app-error.ts";
import type { ModelClient, ModelEvent, ModelFailure, ModelOutcome, ModelRequest } from "../../ports/model-client.ts";
import { CallIds, customToolNames } from "../../providers/conversation.ts";
import { unwrapInput } from "../../providers/wire.ts";
import { encodeMessages, encodeTools } from "./encode.ts";

const SILENCE_LIMIT_MS = 5 * 60_000;

const WHY = "CodePilot answers with this model when you give it a task.";

export class VscodeModelClient implements ModelClient {
  readonly provider = "vscode";
  readonly #silenceLimitMs: number;

  constructor(options: { readonly silenceLimitMs?: number } = {}) {
    this.#silenceLimitMs = options.silenceLimitMs ?? SILENCE_LIMIT_MS;
  }

  async sample(
    request: ModelRequest,
    onEvent: (event: ModelEvent) => void,
    signal: AbortSignal,
  ): Promise<ModelOutcome> {
    const cancellation = new vscode.CancellationTokenSource();
    const { promise: aborted, resolve: abort } = Promise.withResolvers<ModelOutcome>();
    const onAbort = () => {
      cancellation.cancel();
      abort({ kind: "aborted" });
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const silence = new SilenceTimer(this.#silenceLimitMs);
    // What a model sends after it was told to stop goes nowhere.
    const pass = (event: ModelEvent) => {
      silence.restart();
      if (!signal.aborted) onEvent(event);
    };
    try {
      return await Promise.race([
        aborted,
        silence.failure,
        converse(request, pass, cancellation.token).catch((error: unknown): ModelOutcome => {
          if (signal.aborted) return { kind: "aborted" };
          return { kind: "failed", failure: failureOf(error, request.model) };
        }),
      ]);
    } finally {
      silence.stop();
      signal.removeEventListener("abort", onAbort);
      cancellation.cancel();
      cancellation.dispose();
    }
  }
}

async function converse(
  request: ModelRequest,
  onEvent: (event: ModelEvent) => void,
  token: vscode.CancellationToken,
): Promise<ModelOutcome> {
  const [model] = await vscode.lm.selectChatModels({ id: request.model });
  if (token.isCancellationRequested) return { kind: "aborted" };
  if (!model) return { kind: "failed", failure: unknownModel(request.model) };
  const response = await model.sendRequest(
    encodeMessages(request),
    {
      justification: WHY,
      ...(request.tools.length > 0 ? { tools: encodeTools(request.tools) } : {}),
      modelOptions: {
        ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
        ...(request.maxOutputTokens === undefined ? {} : { max_tokens: request.maxOutputTokens }),
      },
    },
    token,
  );
  const custom = customToolNames(request.tools);
  const ids = new CallIds(request.input);
  let text = "";
  const closeText = () => {
    if (text !== "") onEvent({ type: "text.finished", text });
    text = "";
  };
  for await (const part of response.stream) {
    if (token.isCancellationRequested) return { kind: "aborted" };
    if (part instanceof vscode.LanguageModelTextPart) {
      if (part.value === "") continue;
      text += part.value;
      onEvent({ type: "text.delta", delta: part.value });
    } else if (part instanceof vscode.LanguageModelToolCallPart) {
      closeText();
      const argumentsText = JSON.stringify(part.input ?? {});
      onEvent({
        type: "tool_call",
        callId: ids.take(part.callId),
        name: part.name,
        argumentsText: custom.has(part.name) ? unwrapInput(argumentsText) : argumentsText,
      });
    }
    // Parts of later versions (thinking, data) have no meaning here yet.
  }
  closeText();
  return { kind: "done", stop: "end", usage: null };
}

/** The API has three codes of its own; what a provider throws beyond them is told apart by its words, as a last resort. */
function failureOf(error: unknown, model: string): ModelFailure {
  const message = messageOf(error).slice(0, 1000);
  if (error instanceof vscode.LanguageModelError) {
    switch (error.code) {
      case vscode.LanguageModelError.NotFound.name:
        return unknownModel(model);
      case vscode.LanguageModelError.NoPermissions.name:
        return {
          class: "auth",
          message: `The editor does not let CodePilot use ${model}: ${message}`,
          next: "Allow it in the editor's language model access, or select another model.",
          retryable: false,
        };
      case vscode.LanguageModelError.Blocked.name:
        return {
          class: "rate-limit",
          message: `The editor refuses more requests to ${model}: ${message}`,
          next: "Wait, or select another model.",
          retryable: false,
        };
    }
  }
  if (/too many tokens|context (length|window)|token limit|prompt is too long|max(imum)? tokens/i.test(message)) {
    return {
      class: "context-overflow",
      message,
      next: "Start a new session, or select a model with a larger context.",
      retryable: false,
    };
  }
  if (/rate.?limit|quota|too many requests|\b429\b/i.test(message)) {
    return { class: "rate-limit", message, retryable: true };
  }
  if (/unauthori[sz]ed|forbidden|sign in|\b40[13]\b/i.test(message)) {
    return { class: "auth", message, next: "Sign in to the model's provider in the editor.", retryable: false };
  }
  if (/overloaded|unavailable|\b5(03|29)\b/i.test(message)) return { class: "overloaded", message, retryable: true };
  if (/fetch failed|network|socket|ECONN|ENOTFOUND|timed? ?out/i.test(message)) {
    return { class: "network", message, retryable: true };
  }
  return { class: "bad-response", message: message || "The model failed without saying why.", retryable: true };
}

function unknownModel(model: string): ModelFailure {
  return {
    class: "bad-request",
    message: `The editor has no language model “${model}”.`,
    next: "Choose one with “CodePilot: Select Model”; its extension may be disabled or signed out.",
    retryable: false,
  };
}

/** Settles when nothing has arrived for a while. */
class SilenceTimer {
  readonly failure: Promise<ModelOutcome>;
  readonly #limitMs: number;
  readonly #settle: (outcome: ModelOutcome) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number) {
    const { promise, resolve } = Promise.withResolvers<ModelOutcome>();
    this.failure = promise;
    this.#settle = resolve;
    this.#limitMs = limitMs;
    this.restart();
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const message = `The model sent nothing for ${Math.round(this.#limitMs / 1000)} seconds.`;
      this.#settle({ kind: "failed", failure: { class: "network", message, retryable: true } });
    }, this.#limitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
