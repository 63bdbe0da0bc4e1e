/**
 * Runs the programs of a turn in one interpreter, so that variables last from block to block. Where that interpreter
 * is gone (a restart, a kill), the turn's earlier programs are run again and answered from the journal.
 */
import { AppError, messageOf } from "../../base/app-error.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ScriptEnd, ScriptEngine, ScriptTask } from "../../ports/script-engine.ts";
import type { ScriptOutcome, TurnError } from "../../protocol/items.ts";
import type { ScriptEntry } from "../../protocol/state.ts";
import type { PayloadDesk } from "../../scripting/payload-desk.ts";
import { abandonedCalls } from "../abandoned-calls.ts";
import { callsOf, ScriptCalls, type ScriptCallsOptions } from "./script-calls.ts";
import {
  COMPLETION_IGNORED,
  interruptedText,
  killedText,
  lostNamesText,
  NO_OUTPUT,
  nameList,
  raisedText,
  STOPPED_BEFORE_IT_RAN,
  STOPPED_BY_PERSON,
  STOPPED_WITH_TURN,
  unusedPayloadsText,
} from "./script-report.ts";
import { ScriptTranscript } from "./script-transcript.ts";

export interface ScriptRunnerOptions extends ScriptCallsOptions {
  readonly engine: ScriptEngine;
  readonly workDir: string;
  readonly cpuLimitMs: number;
  readonly sleepLimitMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The program of a reply with what came beside it. */
export interface Program {
  readonly payloads: PayloadDesk;
  readonly completes: boolean;
}

export type ProgramEnd =
  | { readonly kind: "finished" }
  /** No interpreter could be started: nothing the model could repair. */
  | { readonly kind: "unavailable"; readonly error: TurnError };

interface BlockRun {
  readonly end: ScriptEnd;
  readonly calls: ScriptCalls;
}

/** `payloadsOf` gives a program's payloads anew: a run uses them up. */
export type PayloadsOf = (script: ScriptEntry) => PayloadDesk;

export class ScriptRunner {
  readonly #options: ScriptRunnerOptions;
  #task: ScriptTask | undefined;
  #running: { readonly scriptId: string; readonly stop: AbortController } | undefined;

  constructor(options: ScriptRunnerOptions) {
    this.#options = options;
  }

  warmUp(): void {
    this.#options.engine.warmUp();
  }

  /** Ends one program; the turn goes on. False when it does not run. */
  stop(scriptId: string): boolean {
    if (this.#running?.scriptId !== scriptId) return false;
    this.#running.stop.abort();
    return true;
  }

  /** Runs the turn's open program to its `script.finished`. Rejects only with AppError `storage` or `closed`. */
  async run(script: ScriptEntry, program: Program, payloadsOf: PayloadsOf, signal: AbortSignal): Promise<ProgramEnd> {
    const stop = new AbortController();
    this.#running = { scriptId: script.scriptId, stop };
    const either = AbortSignal.any([signal, stop.signal]);
    try {
      const outcome = await this.#perform(script, program, payloadsOf, either, signal);
      if ("error" in outcome) return { kind: "unavailable", error: outcome.error };
      const { hub, clock } = this.#options;
      const durationMs = clock.now() - script.startedAt;
      // Calls of a dead process that the program did not come to again.
      const calls = callsOf(script, hub.state.turns.at(-1));
      await hub.emit([
        ...abandonedCalls(calls, { what: "block", byPerson: outcome.status === "cancelled" }),
        { type: "script.finished", scriptId: script.scriptId, outcome: { ...outcome, durationMs } },
      ]);
      return { kind: "finished" };
    } finally {
      this.#running = undefined;
    }
  }

  /** The turn is over, and its variables with it. */
  async endTurn(): Promise<void> {
    const task = this.#task;
    this.#task = undefined;
    await task?.dispose();
  }

  async #perform(
    script: ScriptEntry,
    program: Program,
    payloadsOf: PayloadsOf,
    either: AbortSignal,
    turnSignal: AbortSignal,
  ): Promise<Omit<ScriptOutcome, "durationMs"> | { readonly error: TurnError }> {
    let notes: readonly string[];
    try {
      notes = await this.#ensureTask(script, payloadsOf, either);
    } catch (error) {
      if (either.aborted) return this.#notRun(script);
      if (AppError.is(error, "storage") || AppError.is(error, "closed")) throw error;
      return { error: unavailableError(error) };
    }
    const run = await this.#runBlock(script, program.payloads, "run", either);
    const { calls, end } = run;
    const lines = [...notes, calls.transcript.text()];
    const printed = calls.transcript.printed;
    if (calls.fault) throw calls.fault;
    if (calls.divergence !== undefined && !either.aborted) {
      await this.endTurn();
      const output = joined([...lines, interruptedText(calls.divergence)]);
      return { status: "interrupted", clean: false, output, printed, names: null };
    }
    if (end.kind === "killed") {
      if (turnSignal.aborted) return { ...cancelled(joined([...lines, STOPPED_WITH_TURN])), printed };
      if (either.aborted) return { ...cancelled(joined([...lines, STOPPED_BY_PERSON])), printed };
      const output = joined([...lines, killedText(end, this.#lastNames(script) ?? [])]);
      const errorLine = calls.lastLine === null ? {} : { errorLine: calls.lastLine };
      return { status: "failed", clean: false, output, printed, names: null, ...errorLine };
    }
    return this.#ordinaryEnd(end, calls, program, lines);
  }

  /** Stopped while its interpreter was made ready; a process before may have made calls of it. */
  #notRun(script: ScriptEntry): Omit<ScriptOutcome, "durationMs"> {
    const made = callsOf(script, this.#options.hub.state.turns.at(-1)).filter(
      ({ startedAt }) => startedAt !== undefined,
    );
    if (made.length === 0) return cancelled(STOPPED_BEFORE_IT_RAN);
    const transcript = new ScriptTranscript();
    for (const { outcome } of made) if (outcome) transcript.result(outcome.output);
    return cancelled(joined([transcript.text(), STOPPED_BY_PERSON]));
  }

  #ordinaryEnd(
    end: Exclude<ScriptEnd, { kind: "killed" }>,
    calls: ScriptCalls,
    program: Program,
    lines: readonly string[],
  ): Omit<ScriptOutcome, "durationMs"> {
    const surplus = program.payloads.surplusMessage();
    const raised = end.kind === "raised";
    const failedExit = end.kind === "exited" && end.code !== null && end.code !== "0" && end.code !== "None";
    const clean = !raised && !failedExit && !calls.failedWrite && surplus === null;
    const text = [...lines];
    if (raised) text.push(raisedText(end));
    if (failedExit) text.push(`The block ended itself with exit code ${end.code}.`);
    if (surplus !== null) text.push(unusedPayloadsText(surplus));
    if (program.completes && !clean) text.push(COMPLETION_IGNORED);
    const output = joined(text);
    return {
      status: raised ? "failed" : "completed",
      clean,
      output: output === "" ? NO_OUTPUT : output,
      printed: calls.transcript.printed,
      names: [...end.names],
      ...(raised && end.line !== null ? { errorLine: end.line } : {}),
    };
  }

  /** An interpreter with the variables of the turn's earlier programs; the notes say what could not be had again. */
  async #ensureTask(script: ScriptEntry, payloadsOf: PayloadsOf, signal: AbortSignal): Promise<readonly string[]> {
    if (this.#task?.alive) return [];
    const earlier = this.#replayable(script);
    this.#task = await this.#open(signal);
    for (const program of earlier) {
      const { end, calls } = await this.#runBlock(program, payloadsOf(program), "rebuild", signal);
      signal.throwIfAborted();
      if (calls.fault) throw calls.fault;
      const difference = calls.divergence ?? rebuildFault(program, end);
      if (difference === null) continue;
      this.#options.log.warn(`the programs of ${script.scriptId}'s turn could not be run again: ${difference}`);
      await this.endTurn();
      this.#task = await this.#open(signal);
      return [lostNamesText(this.#lastNames(script) ?? [])];
    }
    return [];
  }

  #open(signal: AbortSignal): Promise<ScriptTask> {
    const { engine, functions, workDir, hub } = this.#options;
    const seed = hub.state.activeTurnId ?? hub.state.sessionId;
    return engine.open({ seed, functions: functions(), workDir }, signal);
  }

  async #runBlock(
    script: ScriptEntry,
    payloads: PayloadDesk,
    mode: "run" | "rebuild",
    signal: AbortSignal,
  ): Promise<BlockRun> {
    const { cpuLimitMs, sleepLimitMs } = this.#options;
    const calls = new ScriptCalls(this.#options, { script, payloads, mode, signal });
    const { source, startedAt: nowMs } = script;
    const block = { source, nowMs, cpuLimitMs, sleepLimitMs, replayed: calls.replayed };
    const task = this.#task as ScriptTask;
    const end = await task.run(block, calls, signal);
    // It ends at once, whatever was under way for it.
    if (end.kind === "killed") await calls.abandon();
    return { end, calls };
  }

  /** The turn's earlier programs whose variables an interpreter had at the end, in order. */
  #replayable(before: ScriptEntry): readonly ScriptEntry[] {
    const entries = this.#options.hub.state.turns.at(-1)?.entries ?? [];
    return entries.filter(
      (entry): entry is ScriptEntry =>
        entry.kind === "script" && entry.scriptId !== before.scriptId && (entry.outcome?.names ?? null) !== null,
    );
  }

  #lastNames(before: ScriptEntry): string[] | null {
    return this.#replayable(before).at(-1)?.outcome?.names ?? null;
  }
}

function cancelled(output: string): Omit<ScriptOutcome, "durationMs"> {
  return { status: "cancelled", clean: false, output, printed: "", names: null };
}

/** Half a character, as a cut leaves it or a program prints it, is nothing that a model's server would take. */
function joined(texts: readonly string[]): string {
  return texts
    .filter((text) => text !== "")
    .join("\n\n")
    .toWellFormed();
}

/** Why an ended program that was run again did not leave what it had left; null where it did. */
function rebuildFault({ outcome }: ScriptEntry, end: ScriptEnd): string | null {
  if (end.kind === "killed") return end.message;
  const missing = outcome?.names?.filter((name) => !end.names.includes(name)) ?? [];
  return missing.length > 0 ? `it did not make ${nameList(missing)}` : null;
}

function unavailableError(error: unknown): TurnError {
  const next = AppError.is(error) ? error.next : undefined;
  return {
    class: "internal",
    message: messageOf(error),
    next: next ?? "Send “continue” to try again. The details are in the log.",
  };
}
