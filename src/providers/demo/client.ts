/**
 * `demo`: a scripted model over real tools, for a first try without a key. It is labelled as such wherever it shows.
 */
import { type Clock, systemClock } from "../../base/clock.ts";
import type { ModelClient, ModelEvent, ModelOutcome, ModelRequest } from "../../ports/model-client.ts";
import { CallIds } from "../conversation.ts";
import { nextStep } from "./script.ts";

export interface DemoOptions {
  /** Between two words. */
  readonly delayMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

export class DemoClient implements ModelClient {
  readonly provider = "demo";
  readonly #delayMs: number;
  readonly #clock: Clock;

  constructor({ delayMs = 15, clock = systemClock }: DemoOptions = {}) {
    this.#delayMs = delayMs;
    this.#clock = clock;
  }

  async warmUp(): Promise<void> {}

  async sample(
    request: ModelRequest,
    onEvent: (event: ModelEvent) => void,
    signal: AbortSignal,
  ): Promise<ModelOutcome> {
    const { text, calls } = nextStep(request);
    for (const delta of text.match(/\S+\s*/g) ?? []) {
      if (this.#delayMs > 0) await this.#clock.sleep(this.#delayMs, signal);
      if (signal.aborted) return { kind: "aborted" };
      onEvent({ type: "text.delta", delta });
    }
    onEvent({ type: "text.finished", text });
    const ids = new CallIds(request.input);
    const made = request.input.filter(({ kind }) => kind === "tool_call").length;
    for (const [index, call] of calls.entries()) {
      const callId = ids.take(`call_demo_${made + index + 1}`);
      onEvent({ type: "tool_call", callId, name: call.name, argumentsText: JSON.stringify(call.arguments) });
    }
    return { kind: "done", stop: "end", usage: null };
  }
}
