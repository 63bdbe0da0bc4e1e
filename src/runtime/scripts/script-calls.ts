/**
 * The calls of one run of a program. Each is journaled by its index like a native call and takes the same way through
 * scheduler and gate; one that the journal already has is answered from it, so that a re-run changes nothing.
 */
import type { IdSource } from "../../base/ids.ts";
import type { Json } from "../../base/json.ts";
import type { ScriptCall, ScriptFunction, ScriptHost, ScriptReply } from "../../ports/script-engine.ts";
import type { NewEvent } from "../../protocol/events.ts";
import type { ScriptEntry, ToolEntry, TurnState } from "../../protocol/state.ts";
import type { PayloadDesk } from "../../scripting/payload-desk.ts";
import {
  callLimitText,
  MAX_CALLS,
  PAYLOAD_FUNCTION,
  toolCallOf,
  WRITE_FUNCTION,
} from "../../scripting/script-functions.ts";
import { readWriteArguments } from "../../scripting/write-arguments.ts";
import type { EventHub } from "../event-hub.ts";
import { summarizeCall, type ToolRegistry } from "../tool-registry.ts";
import type { ToolScheduler } from "../tool-scheduler.ts";
import { resultAttributes } from "./result-attributes.ts";
import { ScriptTranscript } from "./script-transcript.ts";

export interface ScriptCallsOptions {
  readonly hub: EventHub;
  readonly scheduler: ToolScheduler;
  readonly registry: ToolRegistry;
  readonly ids: IdSource;
  /** What programs call: the tools of the registry, by the names that they have in Python. */
  readonly functions: () => readonly ScriptFunction[];
}

export interface ProgramRun {
  readonly script: ScriptEntry;
  readonly payloads: PayloadDesk;
  /** rebuild: an ended program runs again for its variables; it may make no call that it has not made before. */
  readonly mode: "run" | "rebuild";
  readonly signal: AbortSignal;
}

/** Calls that the journal has of a program, in order. */
export function callsOf(script: ScriptEntry, turn: TurnState | undefined): readonly ToolEntry[] {
  const entries = turn?.entries ?? [];
  return entries.filter(
    (entry): entry is ToolEntry => entry.kind === "tool" && entry.script?.scriptId === script.scriptId,
  );
}

/** What a call of the program comes to before anything runs. */
interface Prepared {
  readonly index: number;
  readonly tool: string;
  readonly argumentsText: string;
  readonly line: number | null;
  /** Why it can not run: no payload for it, arguments that make no sense. */
  readonly refusal?: string;
}

/** A re-run did something else than the journal says: what it was answered then does not fit any more. */
class Divergence extends Error {}

export class ScriptCalls implements ScriptHost {
  readonly transcript = new ScriptTranscript();
  readonly #options: ScriptCallsOptions;
  readonly #run: ProgramRun;
  /** Calls of the program that the journal has, by index. */
  readonly #recorded: ReadonlyMap<number, ToolEntry>;
  readonly #functions: readonly ScriptFunction[];
  /** What is under way ends with its program. */
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  #answering: Promise<unknown> = Promise.resolve();
  #count = 0;
  #divergence: string | undefined;
  #fault: unknown;
  #failedWrite = false;
  #lastLine: number | null = null;
  /** The moment of the newest reply: one that a re-run finds again. */
  #nowMs: number;

  constructor(options: ScriptCallsOptions, run: ProgramRun) {
    this.#options = options;
    this.#run = run;
    this.#nowMs = run.script.startedAt;
    this.#signal = AbortSignal.any([run.signal, this.#over.signal]);
    this.#functions = options.functions();
    const recorded = callsOf(run.script, options.hub.state.turns.at(-1));
    this.#recorded = new Map(recorded.flatMap((entry) => (entry.script ? [[entry.script.index, entry]] : [])));
  }

  /** How the re-run differs from what is in the journal, if it does. */
  get divergence(): string | undefined {
    const missing = this.#recorded.get(this.#count + 1);
    return this.#divergence ?? (missing && `it did not make its call of ${missing.tool}`);
  }

  /** Why a call could not be answered at all: the journal could not be written. */
  get fault(): unknown {
    return this.#fault;
  }

  /** A write was asked for and not done, whether or not the program caught the exception. */
  get failedWrite(): boolean {
    return this.#failedWrite;
  }

  /** Line of the newest call; null before the first. */
  get lastLine(): number | null {
    return this.#lastLine;
  }

  /** Whether the program has come to its next call, or to its end, before: what it sleeps until then was slept. */
  get replayed(): boolean {
    return this.#run.mode === "rebuild" || this.#recorded.has(this.#count + 1);
  }

  async call(calls: readonly ScriptCall[]): Promise<readonly ScriptReply[]> {
    const answering = this.#answer(calls);
    this.#answering = answering;
    try {
      return await answering;
    } catch (error) {
      if (!(error instanceof Divergence)) this.#fault = error;
      throw error;
    }
  }

  /** The program is gone: stops what still runs for it. Resolves when all of its calls have their ends. */
  async abandon(): Promise<void> {
    this.#over.abort();
    await this.#answering.catch(() => undefined);
  }

  async #answer(calls: readonly ScriptCall[]): Promise<readonly ScriptReply[]> {
    const jobs = calls.map((call) => this.#prepare(call));
    const prepared = jobs.flatMap((job) => ("index" in job ? [job] : []));
    const callIds = await this.#record(prepared);
    const open = prepared.flatMap(({ index }) => {
      const entry = this.#entry(callIds.get(index) ?? "");
      return entry && !entry.outcome ? [entry] : [];
    });
    if (open.length > 0) await this.#options.scheduler.runAll(open, this.#signal);
    return jobs.map((job) => {
      if (!("index" in job)) return job;
      const entry = this.#entry(callIds.get(job.index) ?? "");
      if (!entry) throw new Error(`call ${job.index} is not in the journal`);
      return this.#reply(job, entry);
    });
  }

  print(text: string, line: number | null): void {
    this.transcript.print(text);
    if (this.#run.mode === "rebuild") return;
    this.#options.hub.emitLive({ type: "script.output", scriptId: this.#run.script.scriptId, chunk: text, line });
  }

  /** Counts the call and binds its payloads; a reply where there is nothing to journal. */
  #prepare(made: ScriptCall): Prepared | ScriptReply {
    if (made.tool === PAYLOAD_FUNCTION) return this.#addPayload(made);
    if (this.#count >= MAX_CALLS) return this.#limitReached();
    this.#count += 1;
    this.#lastLine = made.line;
    const call = toolCallOf(made, this.#functions);
    const common = { index: this.#count, tool: call.tool, line: call.line };
    if (call.tool !== WRITE_FUNCTION) return { ...common, argumentsText: this.#argumentsText(call) };
    const wanted = readWriteArguments(call.arguments);
    if (wanted.kind === "refused") {
      return { ...common, argumentsText: JSON.stringify(call.arguments), refusal: wanted.message };
    }
    const taken = this.#run.payloads.take(wanted.path, wanted.payloads);
    if (taken.kind === "refused") {
      return { ...common, argumentsText: JSON.stringify(call.arguments), refusal: taken.message };
    }
    return { ...common, argumentsText: JSON.stringify(wanted.build(taken.contents)) };
  }

  /** A tool of free-form input gets it as it is. */
  #argumentsText(call: ScriptCall): string {
    const { input } = call.arguments;
    const isFree = this.#options.registry.get(call.tool)?.custom !== undefined;
    return isFree && typeof input === "string" ? input : JSON.stringify(call.arguments);
  }

  /** Journals the calls that are new; gives the id of each by its index. */
  async #record(prepared: readonly Prepared[]): Promise<ReadonlyMap<number, string>> {
    const { hub, ids, registry } = this.#options;
    const callIds = new Map<number, string>();
    const events: NewEvent[] = [];
    for (const { index, tool, argumentsText, line, refusal } of prepared) {
      const recorded = this.#recorded.get(index);
      if (recorded) {
        this.#compare(recorded, tool, argumentsText);
        callIds.set(index, recorded.callId);
        // A kill may have come between the call and its refusal: it must not run now.
        if (refusal !== undefined && !recorded.outcome) events.push(refusalOf(recorded.callId, tool, refusal));
        continue;
      }
      if (this.#run.mode === "rebuild") this.#diverge(`it called ${tool} where it had not before`);
      const callId = ids.next("call");
      callIds.set(index, callId);
      const summary = summarizeCall(registry.get(tool), tool, argumentsText);
      const script = { scriptId: this.#run.script.scriptId, index, line };
      events.push({ type: "tool.requested", callId, tool, argumentsText, summary, script });
      if (refusal !== undefined) events.push(refusalOf(callId, tool, refusal));
    }
    if (events.length > 0) await hub.emit(events);
    return callIds;
  }

  #compare(recorded: ToolEntry, tool: string, argumentsText: string): void {
    if (recorded.tool !== tool) this.#diverge(`it called ${tool} where it had called ${recorded.tool}`);
    if (recorded.argumentsText !== argumentsText) this.#diverge(`it called ${tool} with other arguments than before`);
  }

  #diverge(message: string): never {
    this.#divergence ??= message;
    throw new Divergence(message);
  }

  #reply(job: Prepared, entry: ToolEntry): ScriptReply {
    const { outcome } = entry;
    if (!outcome) throw new Error(`call ${entry.callId} has no end`);
    this.transcript.result(outcome.output);
    if (job.tool === WRITE_FUNCTION && outcome.status !== "done") this.#failedWrite = true;
    this.#nowMs = entry.finishedAt ?? this.#nowMs;
    const told = { text: outcome.output, attributes: resultAttributes(outcome) };
    const common = { ...told, nowMs: this.#nowMs, replayed: this.replayed };
    if (outcome.status === "done") return { kind: "returned", ...common };
    const exception = outcome.status === "denied" ? "PermissionDenied" : job.refusal ? "PayloadError" : "ToolError";
    return { kind: "raised", exception, ...common };
  }

  #addPayload(call: ScriptCall): ScriptReply {
    const { filename, content } = call.arguments as Readonly<Record<string, Json>>;
    const common = { attributes: {}, nowMs: this.#nowMs, replayed: this.replayed };
    if (typeof filename !== "string" || typeof content !== "string" || filename === "") {
      const text = "payload(filename, content) takes two strings.";
      return { kind: "raised", exception: "PayloadError", text, ...common };
    }
    this.#run.payloads.add(filename, content);
    return { kind: "returned", text: "", ...common };
  }

  #limitReached(): ScriptReply {
    return {
      kind: "raised",
      exception: "CallLimitReached",
      text: callLimitText(),
      attributes: {},
      nowMs: this.#nowMs,
      replayed: this.replayed,
    };
  }

  #entry(callId: string): ToolEntry | undefined {
    const entries = this.#options.hub.state.turns.at(-1)?.entries ?? [];
    return entries.findLast((entry): entry is ToolEntry => entry.kind === "tool" && entry.callId === callId);
  }
}

function refusalOf(callId: string, tool: string, refusal: string): NewEvent {
  const outcome = { status: "failed", output: `[${tool}] ERROR: ${refusal}`, durationMs: 0 } as const;
  return { type: "tool.finished", callId, outcome };
}
