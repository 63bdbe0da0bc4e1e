/** Replies that act through the provider's own tool calls. */
import type { IdSource } from "../base/ids.ts";
import type { NewEvent } from "../protocol/events.ts";
import { awaitsModel, hasUnseenWords, lastReplyOf, openCallsOf, type ToolEntry } from "../protocol/state.ts";
import type { EventHub } from "./event-hub.ts";
import { remark } from "./remark.ts";
import type { RepetitionWatch } from "./repetition-watch.ts";
import type { ResponsePart } from "./sampling.ts";
import type { ToolScheduler } from "./tool-scheduler.ts";
import { ACTED, type ActionEnd, DONE, type ReadResponse, type ResponseKind, type TurnActions } from "./turn-actions.ts";

const CUT_REPLY =
  "[CodePilot: your reply was cut by the output limit. What you had written is kept; calls in it were not run. Go on in smaller pieces.]";

export interface NativeActionsOptions {
  readonly ids: IdSource;
  readonly hub: EventHub;
  readonly scheduler: ToolScheduler;
  readonly repetition: RepetitionWatch;
}

export class NativeActions implements TurnActions {
  readonly parseBlocks = false;
  readonly #options: NativeActionsOptions;
  #cut = false;

  constructor(options: NativeActionsOptions) {
    this.#options = options;
  }

  prepare(): void {}

  read(parts: readonly ResponsePart[], kind: ResponseKind, signal: AbortSignal): ReadResponse {
    this.#cut = kind === "cut";
    if (!this.#cut) this.#planAhead(parts, signal);
    return { parts, events: this.#cut ? [remark(this.#options.ids, CUT_REPLY)] : [] };
  }

  async perform(signal: AbortSignal): Promise<ActionEnd> {
    const { hub, scheduler, repetition } = this.#options;
    const turn = hub.state.turns.at(-1);
    // Of one that a dead process had taken, only the record tells.
    if (this.#cut || lastReplyOf(turn).some(({ incomplete }) => incomplete === "token-limit")) {
      this.#cut = false;
      await this.#refuseCutCalls();
      return ACTED;
    }
    const calls = openCallsOf(turn);
    if (calls.length === 0) return awaitsModel(turn) ? ACTED : DONE;
    await scheduler.runAll(calls, signal);
    if (signal.aborted) return ACTED;
    return repetition.observe(this.#finished(calls), calls.at(-1)?.callId ?? "", signal);
  }

  async dispose(): Promise<void> {}

  /** The calls that the scheduler will take first, up to the first one that may change something. */
  #planAhead(parts: readonly ResponsePart[], signal: AbortSignal): void {
    for (const part of parts) {
      if (part.kind !== "call") continue;
      const { callId, name, argumentsText } = part.call;
      if (!this.#options.scheduler.planAhead({ callId, tool: name, argumentsText }, signal)) return;
    }
  }

  async #refuseCutCalls(): Promise<void> {
    const { hub, ids } = this.#options;
    const turn = hub.state.turns.at(-1);
    const output = "Not run: the reply was cut by the output limit before it was whole. Make the call again.";
    const events: NewEvent[] = openCallsOf(turn).map((call) => ({
      type: "tool.finished",
      callId: call.callId,
      outcome: { status: "failed", output, durationMs: 0 },
    }));
    // The remark is written behind the reply, so a kill may have come between.
    if (!hasUnseenWords(turn)) events.push(remark(ids, CUT_REPLY));
    if (events.length > 0) await hub.emit(events);
  }

  #finished(calls: readonly ToolEntry[]) {
    const ids = new Set(calls.map((call) => call.callId));
    const entries = this.#options.hub.state.turns.at(-1)?.entries ?? [];
    return entries.flatMap((entry) => {
      if (entry.kind !== "tool" || !ids.has(entry.callId)) return [];
      const { tool, argumentsText, outcome, summary } = entry;
      return [
        { name: tool, input: argumentsText, status: outcome?.status ?? "", output: outcome?.output ?? "", summary },
      ];
    });
  }
}
