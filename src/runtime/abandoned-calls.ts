/** The ends of calls that nothing will finish any more, because what had asked for them is over. */
import type { NewEvent } from "../protocol/events.ts";
import type { ToolEntry } from "../protocol/state.ts";

/** `over`: what is over, and how. Calls that have an end are passed over. */
export function abandonedCalls(
  calls: readonly ToolEntry[],
  over: { readonly what: string; readonly byPerson: boolean },
): readonly NewEvent[] {
  return calls.flatMap((call): readonly NewEvent[] => {
    if (call.outcome !== undefined) return [];
    const began = call.startedAt !== undefined && call.recovery?.kind !== "repeat";
    const status = began || !over.byPerson ? ("interrupted" as const) : ("cancelled" as const);
    const output = began
      ? "It was started, but its result could not be kept. Its effect is not known: look before you repeat it."
      : `Not run: the ${over.what} ended before.`;
    return [{ type: "tool.finished", callId: call.callId, outcome: { status, output, durationMs: 0 } }];
  });
}
