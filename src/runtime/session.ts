/**
 * One agent session: takes ops one after another, runs at most one turn at a time, and owns everything that lives
 * as long as it does. What happens comes out of the hub as events.
 */
import { AppError } from "../base/app-error.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { IdSource } from "../base/ids.ts";
import { Mutex } from "../base/mutex.ts";
import type { FileSystem } from "../ports/file-system.ts";
import type { Log } from "../ports/log.ts";
import type { SessionJournal } from "../ports/session-store.ts";
import type { Terminals } from "../ports/terminals.ts";
import type { AgentEvent, NewEvent } from "../protocol/events.ts";
import type { UserInput } from "../protocol/items.ts";
import type { Op } from "../protocol/ops.ts";
import type { QueuedMessage, SessionState } from "../protocol/state.ts";
import type { ContextSources } from "./context-builder.ts";
import { EventHub } from "./event-hub.ts";
import { type Approver, PermissionGate } from "./permission-gate.ts";
import type { Policy } from "./permission-policy.ts";
import { type Answerer, QuestionDesk } from "./question-desk.ts";
import { type InterruptedTurn, inspectInterrupted, recoveryEvents } from "./recovery.ts";
import type { ToolRegistry } from "./tool-registry.ts";
import { ToolScheduler } from "./tool-scheduler.ts";
import { endAfterFault, type ModelSelection, runTurn, type TurnEnd } from "./turn-loop.ts";

export type OpOutcome = { readonly kind: "accepted" } | { readonly kind: "refused"; readonly message: string };

export interface SessionOptions {
  /** The state that the journal folds to; empty for a new session. */
  readonly state: SessionState;
  readonly sessionId: string;
  readonly journal: SessionJournal;
  readonly registry: ToolRegistry;
  readonly terminals: Terminals;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly random: () => number;
  readonly maxSteps: number | undefined;
  readonly policy: () => Policy;
  readonly approver: () => Approver;
  readonly answerer: () => Answerer;
  readonly selectModel: (model: string) => Promise<ModelSelection>;
  readonly contextSources: () => Promise<ContextSources>;
}

interface ActiveTurn {
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

const ACCEPTED: OpOutcome = { kind: "accepted" };

export class Session {
  readonly #options: SessionOptions;
  readonly #hub: EventHub;
  readonly #gate: PermissionGate;
  readonly #questions: QuestionDesk;
  readonly #scheduler: ToolScheduler;
  readonly #ops = new Mutex();
  readonly #terminalEvents: Disposable;
  readonly #ended = Promise.withResolvers<void>();
  #active: ActiveTurn | undefined;
  #interrupted: InterruptedTurn | null;
  #closed = false;
  /** Let go of without an end: the journal says "unfinished", and the next process goes on from there. */
  #released = false;
  #closing: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    const { state, sessionId, journal, clock, ids, log, registry } = options;
    this.#options = options;
    this.#interrupted = inspectInterrupted(state);
    const start: SessionState = this.#interrupted
      ? { ...state, phase: "interrupted", pendingPermissions: [], pendingQuestions: [] }
      : state;
    this.#hub = new EventHub({ sessionId, journal, clock, state: start, log });
    const hub = this.#hub;
    this.#gate = new PermissionGate({ hub, ids, log, policy: options.policy, approver: options.approver });
    this.#questions = new QuestionDesk({ hub, ids, log, answerer: options.answerer });
    this.#scheduler = new ToolScheduler({
      hub,
      gate: this.#gate,
      questions: this.#questions,
      registry,
      journal,
      clock,
      log,
    });
    this.#terminalEvents = options.terminals.on((event) => {
      if (event.type === "opened") this.#note({ type: "terminal.opened", terminal: event.terminal });
      if (event.type === "exited")
        this.#note({ type: "terminal.exited", terminal: event.name, exitCode: event.exitCode });
    });
  }

  get state(): SessionState {
    return this.#hub.state;
  }

  /** The turn that a dead process left behind, until it is resumed or discarded. */
  get interruptedTurn(): InterruptedTurn | null {
    return this.#interrupted;
  }

  /** Resolves when the session has been closed or released. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  on(observer: (event: AgentEvent) => void): Disposable {
    return this.#hub.on(observer);
  }

  /** Emits events of the session itself (opened, notices). */
  emit(events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return Promise.resolve();
    return this.#hub.emit(events);
  }

  /**
   * Takes one op. Resolves when it has been taken in, not when what it started has ended. `refused` says why
   * nothing happened. Rejects with AppError `storage` when the journal can not be written.
   */
  submit(op: Op): Promise<OpOutcome> {
    // Answers and stops never wait behind an op that is being written.
    switch (op.type) {
      case "turn.interrupt":
        return Promise.resolve(this.#interrupt());
      case "permission.answer":
        return Promise.resolve(this.#answerPermission(op));
      case "question.answer":
        return Promise.resolve(this.#answerQuestion(op.questionId, { kind: "answered", text: op.text }));
      case "question.cancel":
        return Promise.resolve(this.#answerQuestion(op.questionId, { kind: "cancelled" }));
      default:
        return this.#ops.run(() => this.#handle(op));
    }
  }

  /** Resolves when no turn runs and none is about to start. */
  async idle(): Promise<void> {
    for (;;) {
      // What is being taken in may start a turn.
      await this.#ops.run(async () => {});
      if (!this.#active) return;
      await this.#active.done;
    }
  }

  /**
   * `closed` ends the session: stops the turn and says goodbye in the journal. `released` only lets go of it, as when
   * the window goes away: a turn that ran is left to be resumed by the next process. Asked twice, it is done once.
   */
  close(how: "closed" | "released"): Promise<void> {
    this.#closing ??= this.#close(how);
    return this.#closing;
  }

  async #close(how: "closed" | "released"): Promise<void> {
    this.#closed = true;
    this.#released = how === "released";
    if (this.#released) this.#hub.dispose();
    this.#active?.controller.abort();
    await this.#ops.run(async () => {});
    // A turn that was being started when the closing began is known by now.
    this.#active?.controller.abort();
    await this.idle();
    try {
      if (!this.#released) {
        await this.#hub.emit([{ type: "session.closed" }]).catch((error: unknown) => {
          this.#options.log.error("the end of the session could not be written", error);
        });
      }
    } finally {
      this.#terminalEvents.dispose();
      this.#hub.dispose();
      this.#ended.resolve();
      await this.#options.journal.close();
    }
  }

  async #handle(op: Op): Promise<OpOutcome> {
    if (this.#closed) return refused("The session is closed. Open it again to go on.");
    switch (op.type) {
      case "turn.submit":
        return this.#submitTurn(op.input, "queue");
      case "turn.steer":
        return this.#submitTurn(op.input, "steer");
      case "turn.resume":
        return this.#resume();
      case "turn.discard":
        return this.#discard();
      case "message.withdraw":
        return this.#withdraw(op.messageId);
      case "queue.release":
        return this.#release();
      case "model.select":
        await this.#hub.emit([{ type: "model.selected", model: op.model }]);
        return ACCEPTED;
      default:
        return refused(`${op.type} is answered elsewhere`);
    }
  }

  async #submitTurn(input: UserInput, mode: "queue" | "steer"): Promise<OpOutcome> {
    if (this.#interrupted) {
      return refused("This session has an interrupted turn. Resume or discard it first.");
    }
    if (!this.#active && this.#hub.state.queued.length === 0) {
      await this.#startTurn(input, undefined);
      return ACCEPTED;
    }
    const messageId = this.#options.ids.next("message");
    await this.#hub.emit([{ type: "message.queued", messageId, input, mode }]);
    // The turn may have ended while the message was written; then nobody else starts it.
    if (!this.#active) await this.#startNextQueued();
    return ACCEPTED;
  }

  async #startTurn(input: UserInput, message: QueuedMessage | undefined): Promise<void> {
    const { ids } = this.#options;
    const turnId = ids.next("turn");
    const run = this.#beginRun();
    this.#hub.enterTurn(turnId);
    try {
      await this.#hub.emit([
        {
          type: "turn.started",
          input,
          model: this.#hub.state.model,
          ...(message ? { messageId: message.messageId } : {}),
        },
        { type: "item.finished", item: { kind: "user_message", id: ids.next("item"), origin: "person", ...input } },
      ]);
    } catch (error) {
      this.#hub.enterTurn(undefined);
      run.abandon();
      throw error;
    }
    run.start();
  }

  async #startNextQueued(): Promise<void> {
    const next = this.#hub.state.queued[0];
    if (next) await this.#startTurn(next.input, next);
  }

  /**
   * Claims the one place for a running turn before its first event is written, so that a stop finds it from the very
   * beginning and two can not start at once.
   */
  #beginRun(): { start(): void; abandon(): void } {
    const controller = new AbortController();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#active = { controller, done };
    return {
      abandon: () => {
        this.#active = undefined;
        resolve();
      },
      start: () => {
        this.#runToEnd(controller.signal)
          .catch((error: unknown) => this.#options.log.error("a queued message could not be started", error))
          .finally(resolve);
      },
    };
  }

  /** Runs the turn; its end is an event, and the next queued message follows it. */
  async #runToEnd(signal: AbortSignal): Promise<void> {
    let end: TurnEnd;
    try {
      end = await runTurn(this.#turnDeps(), signal);
    } catch (error) {
      end = signal.aborted ? { reason: "interrupted" } : endAfterFault(error, this.#options.log);
    }
    if (!this.#released) await this.#finishTurn(end);
    this.#active = undefined;
    await this.#ops.run(async () => {
      // A stop that came when the turn had just ended was meant for what follows.
      const held = this.#hub.state.queueHeld || signal.aborted || this.#closed;
      if (!held && !this.#active) await this.#startNextQueued();
    });
  }

  async #finishTurn(end: TurnEnd): Promise<void> {
    const { log, clock } = this.#options;
    const turn = this.#hub.state.turns.at(-1);
    const finished: NewEvent = {
      type: "turn.finished",
      reason: end.reason,
      ...(end.error ? { error: end.error } : {}),
      steps: turn?.steps ?? 0,
      durationMs: clock.now() - (turn?.startedAt ?? clock.now()),
    };
    const last = [...this.#leftovers(end), finished];
    try {
      await this.#hub.emit(last, { sync: true });
    } catch (error) {
      log.error("the end of the turn could not be written; the turn can be resumed", error);
      this.#hub.publishUnsaved(last);
    }
    this.#hub.enterTurn(undefined);
  }

  /** Every requested call ends in one `tool.finished`, whatever ended the turn, and one that had begun says so. */
  #leftovers(end: TurnEnd): readonly NewEvent[] {
    const entries = this.#hub.state.turns.at(-1)?.entries ?? [];
    return entries.flatMap((entry): NewEvent[] => {
      if (entry.kind !== "tool" || entry.outcome !== undefined) return [];
      const began = entry.startedAt !== undefined && entry.recovery?.kind !== "repeat";
      const status = began || end.reason !== "interrupted" ? ("interrupted" as const) : ("cancelled" as const);
      const output = began
        ? "It was started, but its result could not be kept. Its effect is not known: look before you repeat it."
        : "Not run: the turn ended before.";
      return [{ type: "tool.finished", callId: entry.callId, outcome: { status, output, durationMs: 0 } }];
    });
  }

  #turnDeps() {
    const { ids, clock, log, random, registry, maxSteps, contextSources, selectModel } = this.#options;
    // Read once a turn: instructions that changed under way would cost the whole prompt cache.
    let sources: Promise<ContextSources> | undefined;
    return {
      hub: this.#hub,
      ids,
      clock,
      log,
      random,
      registry,
      maxSteps,
      scheduler: this.#scheduler,
      questions: this.#questions,
      contextSources: () => {
        sources ??= contextSources();
        return sources;
      },
      selectModel: () => selectModel(this.#hub.state.model),
    };
  }

  async #resume(): Promise<OpOutcome> {
    if (!this.#interrupted) return refused("No turn is waiting to be resumed.");
    const events = await recoveryEvents(this.#hub.state, this.#options.files, this.#options.terminals);
    this.#hub.enterTurn(this.#interrupted.turnId);
    await this.#hub.emit(events);
    this.#interrupted = null;
    this.#beginRun().start();
    return ACCEPTED;
  }

  async #discard(): Promise<OpOutcome> {
    const turn = this.#interrupted;
    if (!turn) return refused("No turn is waiting to be discarded.");
    this.#hub.enterTurn(turn.turnId);
    await this.#hub.emit(await recoveryEvents(this.#hub.state, this.#options.files, this.#options.terminals));
    await this.#finishTurn({ reason: "interrupted" });
    this.#interrupted = null;
    return ACCEPTED;
  }

  #interrupt(): OpOutcome {
    if (!this.#active) return refused("Nothing is running.");
    this.#active.controller.abort();
    return ACCEPTED;
  }

  async #withdraw(messageId: string): Promise<OpOutcome> {
    if (!this.#hub.state.queued.some((message) => message.messageId === messageId)) {
      return refused("That message has already been sent.");
    }
    await this.#hub.emit([{ type: "message.withdrawn", messageId }]);
    return ACCEPTED;
  }

  async #release(): Promise<OpOutcome> {
    if (this.#active || this.#hub.state.queued.length === 0) return refused("Nothing is waiting.");
    await this.#startNextQueued();
    return ACCEPTED;
  }

  #answerPermission(op: Extract<Op, { type: "permission.answer" }>): OpOutcome {
    const { decision, scope, note } = op;
    const settled = this.#gate.answer(op.permissionId, {
      decision,
      scope,
      by: "person",
      ...(note === undefined ? {} : { note }),
    });
    return settled ? ACCEPTED : refused("That request was already settled; nothing changed.");
  }

  #answerQuestion(questionId: string, answer: Parameters<QuestionDesk["answer"]>[1]): OpOutcome {
    return this.#questions.answer(questionId, answer)
      ? ACCEPTED
      : refused("That question was already settled; nothing changed.");
  }

  #note(event: NewEvent): void {
    this.#hub.emit([event]).catch((error: unknown) => {
      if (!AppError.is(error, "closed")) this.#options.log.error(`${event.type} could not be written`, error);
    });
  }
}

function refused(message: string): OpOutcome {
  return { kind: "refused", message };
}
