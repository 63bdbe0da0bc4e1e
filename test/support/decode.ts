/** Feeds a decoder of a wire format without a server. */
import type { ModelEvent, ModelOutcome } from "../../src/ports/model-client.ts";
import type { FailureContext } from "../../src/providers/failure.ts";
import type { ResponseDecoder } from "../../src/providers/stream.ts";

const context: FailureContext = { model: "m", baseUrl: "http://h/v1", apiKeyEnv: "K", secrets: [] };

/** `[DONE]` as a string ends the stream as it does on the wire. */
export function decodeEvents(
  make: (emit: (event: ModelEvent) => void, context: FailureContext) => ResponseDecoder,
  events: readonly unknown[],
): { readonly finished: ModelEvent[]; readonly deltas: ModelEvent[]; readonly outcome: ModelOutcome | undefined } {
  const all: ModelEvent[] = [];
  const decoder = make((event) => all.push(event), context);
  let outcome: ModelOutcome | undefined;
  for (const event of events) outcome ??= event === "[DONE]" ? decoder.end(true) : decoder.push(event);
  outcome ??= decoder.end(false);
  const isDelta = ({ type }: ModelEvent) => type.endsWith(".delta");
  return { finished: all.filter((event) => !isDelta(event)), deltas: all.filter(isDelta), outcome };
}
