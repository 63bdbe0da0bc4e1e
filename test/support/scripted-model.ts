/** A model whose words are given by the test. It keeps every request, so a test can say what was sent. */
import type {
  ModelClient,
  ModelEvent,
  ModelFailure,
  ModelOutcome,
  ModelRequest,
} from "../../src/ports/model-client.ts";

export interface ScriptedReply {
  readonly text?: string;
  /** Characters of one delta; default 7. */
  readonly deltaSize?: number;
  readonly reasoning?: string;
  readonly calls?: readonly { readonly name: string; readonly arguments: unknown; readonly callId?: string }[];
  readonly stop?: "end" | "truncated" | "refused";
  readonly failure?: ModelFailure;
  /** Streams the text and then waits for the abort. */
  readonly hang?: boolean;
}

export type Script = readonly ScriptedReply[] | ((request: ModelRequest, index: number) => ScriptedReply);

export class ScriptedModel implements ModelClient {
  readonly provider = "scripted";
  readonly requests: ModelRequest[] = [];
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  async sample(
    request: ModelRequest,
    onEvent: (event: ModelEvent) => void,
    signal: AbortSignal,
  ): Promise<ModelOutcome> {
    const index = this.requests.length;
    this.requests.push(structuredClone(request));
    const reply = typeof this.#script === "function" ? this.#script(request, index) : this.#script[index];
    if (!reply) throw new Error(`the script has no reply number ${index + 1}`);
    await Promise.resolve();
    if (reply.reasoning !== undefined) {
      onEvent({ type: "reasoning.delta", delta: reply.reasoning });
      onEvent({ type: "reasoning.finished", text: reply.reasoning });
    }
    if (reply.text !== undefined) {
      const size = reply.deltaSize ?? 7;
      for (let at = 0; at < reply.text.length; at += size) {
        onEvent({ type: "text.delta", delta: reply.text.slice(at, at + size) });
      }
    }
    if (reply.hang) {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
      return { kind: "aborted" };
    }
    if (reply.failure) return { kind: "failed", failure: reply.failure };
    if (reply.text !== undefined) onEvent({ type: "text.finished", text: reply.text });
    for (const [position, call] of (reply.calls ?? []).entries()) {
      const argumentsText = typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments);
      onEvent({
        type: "tool_call",
        callId: call.callId ?? `call_${index}_${position}`,
        name: call.name,
        argumentsText,
      });
    }
    const usage = { inputTokens: 100 + index, cachedInputTokens: 50, outputTokens: 10, reasoningTokens: 0 };
    return { kind: "done", stop: reply.stop ?? "end", usage };
  }
}
