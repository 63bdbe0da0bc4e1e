/**
 * Runs the calls of one response: checks the arguments, plans, asks the gate, keeps before-images, journals the
 * start, runs, journals the end. Parallel-safe neighbours run together, some at a time; everything else one after
 * another.
 */
import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../base/app-error.ts";
import type { Clock } from "../base/clock.ts";
import type { ContextArchive } from "../ports/context-archive.ts";
import type { Log } from "../ports/log.ts";
import type { SessionJournal } from "../ports/session-store.ts";
import type { PlanContext, PlannedCall, PlanResult, Tool, ToolResult } from "../ports/tool.ts";
import type { NewEvent } from "../protocol/events.ts";
import { type ToolOutcome, toolOutcomeSchema } from "../protocol/items.ts";
import type { ToolEntry } from "../protocol/state.ts";
import { withAbortGrace } from "./abort-grace.ts";
import { atMost } from "./at-most.ts";
import type { EventHub } from "./event-hub.ts";
import type { PermissionGate } from "./permission-gate.ts";
import type { QuestionDesk } from "./question-desk.ts";
import { parseArguments, type ToolRegistry } from "./tool-registry.ts";

/** Calls of a group under way: each may be a process, and has its time limit from its start. */
const MAX_AT_ONCE = 16;

export interface ToolSchedulerOptions {
  readonly hub: EventHub;
  readonly gate: PermissionGate;
  readonly questions: QuestionDesk;
  readonly archive: ContextArchive;
  readonly registry: ToolRegistry;
  readonly journal: SessionJournal;
  readonly clock: Clock;
  readonly log: Log;
}

export class ToolScheduler {
  readonly #options: ToolSchedulerOptions;
  readonly #plannedAhead = new Map<string, Promise<PlanResult>>();

  constructor(options: ToolSchedulerOptions) {
    this.#options = options;
  }

  /**
   * Brings every call to its `tool.finished`. After an abort the remaining ones are cancelled. Rejects only with
   * AppError `storage`, when the journal can not be written: nothing may run unrecorded.
   */
  async runAll(calls: readonly ToolEntry[], signal: AbortSignal): Promise<void> {
    try {
      let index = 0;
      while (index < calls.length) {
        const group = this.#nextGroup(calls, index);
        index += group.length;
        await atMost(MAX_AT_ONCE, group, (call) => this.#runOne(call, signal));
      }
    } finally {
      // A plan is of its moment: what was not taken up is made anew.
      this.#plannedAhead.clear();
    }
  }

  #nextGroup(calls: readonly ToolEntry[], start: number): readonly ToolEntry[] {
    const isSafe = (call: ToolEntry | undefined) =>
      call && this.#options.registry.get(call.tool)?.parallelSafe === true;
    let end = start + 1;
    if (isSafe(calls[start])) while (isSafe(calls[end])) end += 1;
    return calls.slice(start, end);
  }

  /**
   * Begins to plan a call before its response is in the journal: planning looks and never touches. Only for calls
   * that would be planned first anyway, and that no earlier call of the response can change the world for.
   */
  planAhead(
    call: { readonly callId: string; readonly tool: string; readonly argumentsText: string },
    signal: AbortSignal,
  ): boolean {
    const tool = this.#options.registry.get(call.tool);
    if (!tool?.parallelSafe || this.#plannedAhead.has(call.callId)) return false;
    const input = parseArguments(tool, call.argumentsText);
    if (input.kind === "valid") this.#plannedAhead.set(call.callId, this.#plan(tool, input.value, { signal }));
    return true;
  }

  async #runOne(call: ToolEntry, signal: AbortSignal): Promise<void> {
    const startedAt = this.#options.clock.now();
    const { outcome, extra } = await this.#perform(call, signal);
    const durationMs = this.#options.clock.now() - startedAt;
    await this.#options.hub.emit([
      ...extra,
      { type: "tool.finished", callId: call.callId, outcome: { ...outcome, durationMs } },
    ]);
  }

  async #perform(call: ToolEntry, signal: AbortSignal): Promise<Performed> {
    if (signal.aborted) return cancelled(NOT_BEGUN);
    const { registry, gate } = this.#options;
    const tool = registry.get(call.tool);
    if (!tool) return failed(registry.unknownToolText(call.tool));
    let planning = this.#plannedAhead.get(call.callId);
    if (!planning) {
      const input = parseArguments(tool, call.argumentsText);
      if (input.kind === "invalid") return failed(input.output);
      const begun = call.startedAt === undefined ? undefined : call.recovery;
      planning = this.#plan(tool, input.value, { signal, ...(begun ? { begun } : {}) });
    }
    this.#plannedAhead.delete(call.callId);
    const plan = await withAbortGrace(planning, signal);
    if (plan === "late" || signal.aborted) return cancelled(NOT_BEGUN);
    if (plan.kind === "refused") return failed(plan.output);
    const { call: planned } = plan;

    const follows = planned.follows === true;
    if (follows && !hasBegun(call, planned)) {
      return failed(internalFault(tool.name, "it was to follow what it has not begun"));
    }
    const earlier = { permission: call.permission, applied: isSameEdit(call, planned), follows };
    const gateResult = await gate.authorize(call, planned, signal, earlier);
    if (gateResult.kind === "denied") return { outcome: { status: "denied", output: gateResult.output }, extra: [] };
    if (gateResult.kind === "cancelled") return cancelled("Stopped while permission was asked for. Nothing was done.");
    if (signal.aborted) return cancelled(NOT_BEGUN);
    await this.#recordStart(call, planned);
    // The record took a trip to the disk; a stop during it must still find nothing done.
    if (signal.aborted) return cancelled(NOT_BEGUN);
    return this.#run(tool, call, planned, signal);
  }

  async #plan(tool: Tool, input: unknown, context: PlanContext): Promise<PlanResult> {
    try {
      return await tool.plan(input, context);
    } catch (error) {
      this.#options.log.error(`planning ${tool.name} failed`, error);
      return { kind: "refused", output: internalFault(tool.name, error) };
    }
  }

  async #recordStart(call: ToolEntry, planned: PlannedCall): Promise<void> {
    const { hub, journal } = this.#options;
    for (const image of planned.beforeImages ?? []) await journal.putBlob(image);
    if (call.startedAt !== undefined) return;
    const started: NewEvent = { type: "tool.started", callId: call.callId, recovery: planned.recovery };
    if (planned.recovery.kind === "repeat") {
      // Written in order like everything else, but a read that can be repeated need not wait for the disk.
      hub
        .emit([started])
        .catch((error: unknown) => this.#options.log.error("tool.started could not be written", error));
      return;
    }
    await hub.emit([started], { sync: true });
  }

  async #run(tool: Tool, call: ToolEntry, planned: PlannedCall, signal: AbortSignal): Promise<Performed> {
    const { hub, questions, archive, log } = this.#options;
    let ended = false;
    // Wrapped, so that a tool that throws before its first await fails like any other.
    const running = (async () =>
      planned.run({
        callId: call.callId,
        signal,
        questions: questions.forCall(call),
        archive,
        output: (chunk) => {
          if (!ended) hub.emitLive({ type: "tool.output", callId: call.callId, chunk });
        },
      }))();
    try {
      const result = await withAbortGrace(running, signal);
      if (result === "late") {
        log.warn(`${tool.name} did not stop in time after an interrupt`);
        return cancelled("Stopped by the person while it ran. Its effect is not known; look before you repeat it.");
      }
      const performed = finished(call, result);
      // A tool of an embedder's own may return anything; what is not a result must not reach the journal.
      if (toolOutcomeSchema.safeParse({ ...performed.outcome, durationMs: 0 }).success) return performed;
      return failed(internalFault(tool.name, "it returned something that is not a result"));
    } catch (error) {
      log.error(`${tool.name} failed unexpectedly`, error);
      return failed(internalFault(tool.name, error));
    } finally {
      ended = true;
    }
  }
}

const NOT_BEGUN = "Stopped before it ran. Nothing was done.";

interface Performed {
  readonly outcome: Omit<ToolOutcome, "durationMs">;
  /** Events that go with the result in one write. */
  readonly extra: readonly NewEvent[];
}

function finished(call: ToolEntry, result: ToolResult): Performed {
  const { status, output, display } = result;
  const images = result.status === "cancelled" ? undefined : result.images;
  const changes = result.status === "cancelled" ? undefined : result.changes;
  return {
    outcome: { status, output, ...(images ? { images: [...images] } : {}), ...(display ? { display } : {}) },
    extra: changes?.length ? [{ type: "files.changed", callId: call.callId, changes: [...changes] }] : [],
  };
}

function failed(output: string): Performed {
  return { outcome: { status: "failed", output }, extra: [] };
}

function cancelled(output: string): Performed {
  return { outcome: { status: "cancelled", output }, extra: [] };
}

function internalFault(tool: string, error: unknown): string {
  return `${tool} failed because of a fault in CodePilot: ${messageOf(error)}. Try another way; the details are in the log.`;
}

/** Whether the journal says that an earlier process began exactly this command; nothing else can be followed. */
function hasBegun({ startedAt, recovery }: ToolEntry, planned: PlannedCall): boolean {
  return startedAt !== undefined && recovery?.kind === "command" && isDeepStrictEqual(recovery, planned.recovery);
}

/**
 * A started edit that a dead process left unapplied is the same edit when file and result are the same to the
 * byte: it was allowed then, and nothing has changed since.
 */
function isSameEdit(call: ToolEntry, planned: PlannedCall): boolean {
  const before = call.recovery;
  const now = planned.recovery;
  return (
    before?.kind === "edit" &&
    now.kind === "edit" &&
    before.path === now.path &&
    before.beforeHash === now.beforeHash &&
    before.afterHash === now.afterHash
  );
}
