/**
 * One turn: sample, run what was asked for, sample again, until a response without actions. Functions over the
 * session's parts; all that happens goes through the hub, so the loop itself holds no state worth saving.
 */
import { AppError, messageOf } from "../base/app-error.ts";
import type { Clock } from "../base/clock.ts";
import type { IdSource } from "../base/ids.ts";
import type { Log } from "../ports/log.ts";
import type { ModelClient } from "../ports/model-client.ts";
import type { NewEvent } from "../protocol/events.ts";
import type { TurnError } from "../protocol/items.ts";
import { withAbortGrace } from "./abort-grace.ts";
import { buildRequest, type ContextSources } from "./context-builder.ts";
import type { EventHub } from "./event-hub.ts";
import type { QuestionDesk } from "./question-desk.ts";
import { type ResponsePart, sample } from "./sampling.ts";
import type { ToolRegistry } from "./tool-registry.ts";
import { summarizeCall } from "./tool-registry.ts";
import type { TurnActions, TurnEnd } from "./turn-actions.ts";

export interface TurnDeps {
  readonly hub: EventHub;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly registry: ToolRegistry;
  readonly questions: QuestionDesk;
  /** What is told before a request, in this order. */
  readonly news: readonly News[];
  /** For one turn. */
  readonly createActions: () => TurnActions;
  /** Client and name for the session's current model, or why there is none. */
  readonly selectModel: () => Promise<ModelSelection>;
  readonly contextSources: () => Promise<ContextSources>;
  /** Responses a turn may take; undefined: no limit. */
  readonly maxSteps: number | undefined;
}

/** Something that happens beside the conversation and that the model is told of. */
export interface News {
  /** Called right before a request is made. Rejects only with AppError `storage`: then nothing was told. */
  tell(signal: AbortSignal): Promise<void>;
}

export type ModelSelection =
  | { readonly kind: "selected"; readonly client: ModelClient; readonly name: string; readonly id: string }
  | { readonly kind: "unavailable"; readonly error: TurnError };

const MAX_CUTS = 3;

/** Runs the active turn to its end. Rejects only with AppError `storage`. */
export async function runTurn(deps: TurnDeps, signal: AbortSignal): Promise<TurnEnd> {
  deps.questions.reset();
  const actions = deps.createActions();
  try {
    return await converge(deps, actions, signal);
  } finally {
    await actions.dispose();
  }
}

async function converge(deps: TurnDeps, actions: TurnActions, signal: AbortSignal): Promise<TurnEnd> {
  let cuts = 0;
  actions.prepare();
  // A resumed turn may have something left to do; that comes first.
  let acted = await actions.perform(signal);
  for (;;) {
    if (signal.aborted) return { reason: "interrupted" };
    if (acted.kind === "ended") return acted.end;
    // Before the end: a program may catch that nobody answered, and complete.
    if (deps.questions.takeUnanswered()) return { reason: "failed", error: unansweredError };
    if (acted.kind === "done" && !hasSteers(deps.hub)) return { reason: "completed" };
    if (cuts >= MAX_CUTS) return { reason: "failed", error: truncatedError };
    await injectSteers(deps);
    if (deps.maxSteps !== undefined && currentSteps(deps.hub) >= deps.maxSteps) return limitReached(deps.maxSteps);

    for (const news of deps.news) await news.tell(signal);
    const prepared = await withAbortGrace(prepareRequest(deps), signal);
    if (prepared === "late" || signal.aborted) return { reason: "interrupted" };
    if (prepared.kind === "unavailable") return { reason: "failed", error: prepared.error };
    const selection = prepared;
    const result = await sample(selection.client, selection.request, signal, {
      ...deps,
      parseBlocks: actions.parseBlocks,
    });
    if (result.kind === "aborted") {
      if (result.parts.length > 0) await recordResponse(deps, result.parts, selection.id, null, []);
      return { reason: "interrupted" };
    }
    if (result.kind === "failed") return { reason: "failed", error: result.error };

    const cut = result.stop === "truncated";
    cuts = cut ? cuts + 1 : 0;
    const read = actions.read(result.parts, cut ? "cut" : "whole", signal);
    const parts = cut ? markedCut(read.parts) : read.parts;
    await recordResponse(deps, parts, selection.id, result.usage, read.events);
    if (result.stop === "refused") return { reason: "failed", error: refusedError };
    acted = await actions.perform(signal);
  }
}

async function prepareRequest(deps: TurnDeps) {
  const selection = await deps.selectModel();
  if (selection.kind === "unavailable") return selection;
  return { ...selection, request: buildRequest(deps.hub.state, selection.name, await deps.contextSources()) };
}

/** Writes a whole response in one piece; `usage.updated` at its end marks it complete. */
async function recordResponse(
  deps: TurnDeps,
  parts: readonly ResponsePart[],
  model: string,
  usage: Extract<NewEvent, { type: "usage.updated" }>["usage"],
  after: readonly NewEvent[],
): Promise<void> {
  const taken = new Set<string>();
  const events: NewEvent[] = parts.map((part) => {
    if (part.kind === "item") return { type: "item.finished", item: part.item };
    const { name, argumentsText, replay } = part.call;
    // Two calls of one response must not share an id, whatever a client hands over: results are told apart by it.
    const callId = taken.has(part.call.callId) ? deps.ids.next("call") : part.call.callId;
    taken.add(callId);
    const summary = summarizeCall(deps.registry.get(name), name, argumentsText);
    return {
      type: "tool.requested",
      callId,
      tool: name,
      argumentsText,
      summary,
      ...(replay === undefined ? {} : { replay }),
    };
  });
  await deps.hub.emit([...events, { type: "usage.updated", usage, model }, ...after]);
}

/** The record says it too: what follows from it may be lost with the process. */
function markedCut(parts: readonly ResponsePart[]): readonly ResponsePart[] {
  const last = parts.findLastIndex((part) => part.kind === "item" && part.item.kind === "assistant_message");
  return parts.map((part, index) =>
    index === last && part.kind === "item" && part.item.kind === "assistant_message"
      ? { kind: "item", item: { ...part.item, incomplete: "token-limit" } }
      : part,
  );
}

/** The words first, under the message's own id: of a write that is cut, none must be lost and none said twice. */
async function injectSteers({ hub }: TurnDeps): Promise<void> {
  const steers = hub.state.queued.filter((message) => message.mode === "steer");
  if (steers.length === 0) return;
  const entries = hub.state.turns.at(-1)?.entries ?? [];
  const said = new Set(entries.flatMap((entry) => (entry.kind === "item" ? [entry.item.id] : [])));
  await hub.emit(
    steers.flatMap(({ messageId, input }): NewEvent[] => {
      const injected: NewEvent = { type: "message.injected", messageId };
      if (said.has(messageId)) return [injected];
      return [
        { type: "item.finished", item: { kind: "user_message", id: messageId, origin: "steer", ...input } },
        injected,
      ];
    }),
  );
}

function hasSteers(hub: EventHub): boolean {
  return hub.state.queued.some((message) => message.mode === "steer");
}

function currentSteps(hub: EventHub): number {
  return hub.state.turns.at(-1)?.steps ?? 0;
}

function limitReached(maxSteps: number): TurnEnd {
  return {
    reason: "limit",
    error: {
      class: "internal",
      message: `The turn reached its limit of ${maxSteps} steps.`,
      next: "Send “continue” to go on, or raise the limit.",
    },
  };
}

const unansweredError: TurnError = {
  class: "unanswered",
  message: "The agent asked a question and nobody was there to answer it.",
  next: "Resume the session where a person can answer, or put the answer into the task.",
};

const refusedError: TurnError = {
  class: "bad-request",
  message: "The provider declined to answer this request.",
  next: "Word the task differently or choose another model.",
};

const truncatedError: TurnError = {
  class: "truncated",
  message: `The model's reply was cut by its output limit ${MAX_CUTS} times in a row.`,
  next: "Raise max_tokens for this model, or ask for less at a time.",
};

/** What a turn ends with when something threw. */
export function endAfterFault(error: unknown, log: Log): TurnEnd {
  if (AppError.is(error, "storage")) {
    return {
      reason: "failed",
      error: { class: "storage", message: error.message, ...(error.next ? { next: error.next } : {}) },
    };
  }
  log.error("the turn failed unexpectedly", error);
  return {
    reason: "failed",
    error: {
      class: "internal",
      message: `A fault in CodePilot ended the turn: ${messageOf(error)}`,
      next: "The details are in the log. Send the task again to go on from here.",
    },
  };
}
