/** The client for `vscode.lm` against models which this test registers in the editor. */
import * as vscode from "vscode";
import { VscodeModelClient } from "../../src/host/language-model/vscode-model-client.ts";
import { deltasOf, type ErrorKind, type FakeReply } from "../support/fake-model/reply.ts";
import type { FakeScript } from "../support/fake-model/server.ts";
import { type ConformanceBackend, describeModelConformance } from "../support/model-conformance.ts";

/** Declared by test/fixtures/host-extension. */
const VENDOR = "codepilot-test";

/** What a provider in the editor throws; its message is all that other extensions get to see. */
const errors: Record<ErrorKind, () => Error> = {
  auth: () => vscode.LanguageModelError.NoPermissions("You have to sign in."),
  "unknown-model": () => vscode.LanguageModelError.NotFound("No such model."),
  "rate-limit": () => new Error("Rate limit reached for requests."),
  server: () => new Error("The server had an error."),
  overloaded: () => new Error("The engine is currently overloaded."),
  overflow: () => new Error("Your input exceeds the context window of this model."),
  "bad-request": () => new Error("Invalid value."),
};

class ScriptedProvider implements vscode.LanguageModelChatProvider {
  readonly bodies: unknown[] = [];
  readonly #script: FakeScript;

  constructor(script: FakeScript) {
    this.#script = script;
  }

  provideLanguageModelChatInformation(): vscode.LanguageModelChatInformation[] {
    const limits = { maxInputTokens: 100_000, maxOutputTokens: 10_000 };
    const capabilities = { toolCalling: true, imageInput: true };
    return [{ id: "test-model", name: "Test", family: "test", version: "1", ...limits, capabilities }];
  }

  async provideTokenCount(): Promise<number> {
    return 1;
  }

  async provideLanguageModelChatResponse(
    model: vscode.LanguageModelChatInformation,
    messages: readonly vscode.LanguageModelChatRequestMessage[],
    options: vscode.ProvideLanguageModelChatResponseOptions,
    progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const index = this.bodies.length;
    const body = { model: model.id, input: messages.flatMap(plainParts), tools: options.tools };
    this.bodies.push(body);
    const request = { format: "openai" as const, body, text: JSON.stringify(body), index, headers: {} };
    const reply = typeof this.#script === "function" ? await this.#script(request) : this.#script[index];
    if (reply) await play(reply, progress, token);
  }
}

async function play(
  reply: FakeReply,
  progress: vscode.Progress<vscode.LanguageModelResponsePart>,
  token: vscode.CancellationToken,
): Promise<void> {
  if (reply.silent) return untilCancelled(token);
  if (reply.status !== undefined) throw errors[reply.body as ErrorKind]();
  for (const part of reply.parts ?? []) {
    if ("text" in part) {
      for (const delta of deltasOf(part.text)) {
        if (token.isCancellationRequested) return;
        progress.report(new vscode.LanguageModelTextPart(delta));
        if (reply.chunkDelayMs) await new Promise((resolve) => setTimeout(resolve, reply.chunkDelayMs));
      }
    } else if ("toolCall" in part) {
      const { name, arguments: input, id } = part.toolCall;
      progress.report(new vscode.LanguageModelToolCallPart(id ?? crypto.randomUUID(), name, input as object));
    } else if ("custom" in part) {
      const { name, input, id } = part.custom;
      progress.report(new vscode.LanguageModelToolCallPart(id ?? crypto.randomUUID(), name, { input }));
    }
  }
  if (reply.streamError) {
    // VS Code drops parts that it has not passed on yet when a provider fails.
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw new Error(reply.streamError.message);
  }
  if (reply.fault?.ending === "hang") await untilCancelled(token);
}

function untilCancelled(token: vscode.CancellationToken): Promise<void> {
  return new Promise((resolve) => token.onCancellationRequested(() => resolve()));
}

/** Parts as data, so that requests can be compared. */
function plainParts({ role, content }: vscode.LanguageModelChatRequestMessage): unknown[] {
  return content.map((part) => ({ role, ...plain(part) }));
}

function plain(part: unknown): object {
  if (part instanceof vscode.LanguageModelTextPart) return { text: part.value };
  if (part instanceof vscode.LanguageModelToolCallPart)
    return { callId: part.callId, name: part.name, input: part.input };
  if (part instanceof vscode.LanguageModelToolResultPart)
    return { resultOf: part.callId, content: part.content.map(plain) };
  if (part instanceof vscode.LanguageModelDataPart) return { image: Buffer.from(part.data).toString("base64") };
  return { unknown: String(part) };
}

async function open(
  script: FakeScript,
  options: { readonly idleTimeoutMs?: number } = {},
): Promise<ConformanceBackend> {
  const provider = new ScriptedProvider(script);
  const registration = vscode.lm.registerLanguageModelChatProvider(VENDOR, provider);
  const silence = options.idleTimeoutMs === undefined ? {} : { silenceLimitMs: options.idleTimeoutMs };
  // The editor learns of a registration a moment later.
  for (let n = 0; n < 50; n += 1) {
    if ((await vscode.lm.selectChatModels({ id: "test-model" })).length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    client: new VscodeModelClient(silence),
    bodies: provider.bodies,
    close: async () => registration.dispose(),
  };
}

describeModelConformance({
  name: "vscode.lm",
  open,
  error: (kind) => ({ status: 500, body: kind }),
  conversation: (body) => body.input,
  unreachable: undefined,
  replaysReasoning: false,
  inexpressible: [
    "passes malformed arguments on as they came",
    "cut by the token limit is not taken as finished, and keeps what came",
    "stopped by the provider's safety is refused",
    "reports usage",
    "is the same however its bytes are cut",
    "bad-request is bad-request",
    "names the model and what to do when there is no such model",
    "takes the delay from retry-after",
    "a stream without its terminal event is a network failure",
  ],
});
