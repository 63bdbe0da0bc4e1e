/**
 * One agent session: takes ops one after another and owns everything that lives as long as it does. What happens
 * comes out of the hub as events.
 */
import { AppError } from "../base/app-error.ts";
import type { Clock } from "../base/clock.ts";
import { type Disposable, toDisposable } from "../base/disposable.ts";
import type { IdSource } from "../base/ids.ts";
import { Mutex } from "../base/mutex.ts";
import type { FileSystem } from "../ports/file-system.ts";
import type { Log } from "../ports/log.ts";
import type { SessionJournal } from "../ports/session-store.ts";
import type { Terminals } from "../ports/terminals.ts";
import type { AgentEvent, NewEvent } from "../protocol/events.ts";
import type { UserInput } from "../protocol/items.ts";
import type { Op } from "../protocol/ops.ts";
import type { SessionState } from "../protocol/state.ts";
import type { FileWatch } from "../workspace/file-watch.ts";
import type { ContextSources } from "./context-builder.ts";
import { EnvironmentWatch } from "./environment-watch.ts";
import { EventHub } from "./event-hub.ts";
import { NativeActions } from "./native-actions.ts";
import { terminalNotice, untold } from "./notices.ts";
import { type Approver, PermissionGate } from "./permission-gate.ts";
import type { Policy } from "./permission-policy.ts";
import { PersonCommands } from "./person-commands.ts";
import { type Answerer, QuestionDesk } from "./question-desk.ts";
import { type InterruptedTurn, inspectInterrupted, recoveryEvents } from "./recovery.ts";
import { RepetitionWatch } from "./repetition-watch.ts";
import { RunningCommands } from "./running-commands.ts";
import { ScriptActions } from "./scripts/script-actions.ts";
import { ScriptRunner, type ScriptRunnerOptions } from "./scripts/script-runner.ts";
import { SessionArchive } from "./session-archive.ts";
import type { ToolRegistry } from "./tool-registry.ts";
import { ToolScheduler } from "./tool-scheduler.ts";
import type { ModelSelection } from "./turn-loop.ts";
import { TurnRunner } from "./turn-runner.ts";

export type OpOutcome = { readonly kind: "accepted" } | { readonly kind: "refused"; readonly message: string };

export interface SessionOptions {
  /** The state that the journal folds to; empty for a new session. */
  readonly state: SessionState;
  readonly sessionId: string;
  readonly journal: SessionJournal;
  readonly registry: ToolRegistry;
  readonly terminals: Terminals;
  /** For a session that is released; undefined where the terminals are somebody else's. */
  readonly letGoOfTerminals?: () => void;
  readonly files: FileSystem;
  /** Over the files that the session's tools read and write. */
  readonly fileWatch: FileWatch;
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
  /** What a session whose interface is python needs. */
  readonly scripts?: ScriptSupport;
}

export interface ScriptSupport extends Pick<ScriptRunnerOptions, "engine" | "functions" | "workDir"> {
  /** The same path, however it is written. */
  readonly resolvePath: (path: string) => string;
}

/** Of one program: computing, and sleeping in all. */
const SCRIPT_LIMITS = { cpuLimitMs: 30_000, sleepLimitMs: 600_000 };

const ACCEPTED: OpOutcome = { kind: "accepted" };

export class Session {
  readonly #options: SessionOptions;
  readonly #hub: EventHub;
  readonly #gate: PermissionGate;
  readonly #questions: QuestionDesk;
  readonly #turns: TurnRunner;
  readonly #commands: RunningCommands;
  readonly #programs: ScriptRunner | undefined;
  readonly #ops = new Mutex();
  readonly #terminalEvents: Disposable;
  readonly #ended = Promise.withResolvers<void>();
  #interrupted: InterruptedTurn | null;
  #observers = 0;
  #terminalOutput: Disposable | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    const { state, sessionId, journal, clock, ids, log, registry } = options;
    this.#options = options;
    this.#interrupted = inspectInterrupted(state, options.terminals);
    const start: SessionState = this.#interrupted
      ? { ...state, phase: "interrupted", pendingPermissions: [], pendingQuestions: [] }
      : state;
    this.#hub = new EventHub({ sessionId, journal, clock, state: start, log });
    const hub = this.#hub;
    this.#gate = new PermissionGate({ hub, ids, log, policy: options.policy, approver: options.approver });
    this.#questions = new QuestionDesk({ hub, ids, log, answerer: options.answerer });
    const gate = this.#gate;
    const questions = this.#questions;
    const archive = new SessionArchive(hub);
    const scheduler = new ToolScheduler({ hub, gate, questions, archive, registry, journal, clock, log });
    const { scripts } = options;
    const programs =
      scripts && new ScriptRunner({ ...scripts, ...SCRIPT_LIMITS, hub, scheduler, registry, ids, clock, log });
    this.#programs = programs;
    const { random, maxSteps, selectModel, contextSources } = options;
    const persons = new PersonCommands({ hub, ids, log, terminals: options.terminals });
    this.#turns = new TurnRunner({
      hub,
      ids,
      clock,
      log,
      random,
      registry,
      questions,
      news: [
        persons,
        new EnvironmentWatch({ hub, ids, log, journal, files: options.fileWatch, policy: options.policy }),
      ],
      createActions: () => {
        const repetition = new RepetitionWatch({ hub, ids, questions });
        if (hub.state.interface === "tools" || !programs || !scripts) {
          return new NativeActions({ hub, ids, scheduler, repetition });
        }
        const { resolvePath } = scripts;
        return new ScriptActions({ hub, ids, registry, runner: programs, repetition, resolvePath });
      },
      maxSteps,
      selectModel,
      contextSources: async () => ({ ...(await contextSources()), terminals: () => options.terminals.list() }),
      ops: this.#ops,
    });
    this.#commands = new RunningCommands({ hub, terminals: options.terminals, log });
    this.#terminalEvents = options.terminals.on((event) => {
      if (event.type === "changed") this.#commands.look(event.terminal.name);
      if (event.type === "exited") this.#commands.look(event.name);
      if (event.type === "opened") this.#note({ type: "terminal.opened", terminal: event.terminal });
      if (event.type === "exited")
        this.#note({ type: "terminal.exited", terminal: event.name, exitCode: event.exitCode });
      if (event.type === "command-ended") persons.noticed(event);
      if (event.type === "remarked") {
        for (const notice of untold([terminalNotice(event.name, event.remark)], this.state)) this.#note(notice);
      }
    });
    options.terminals.retell();
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
    const subscription = this.#hub.on(observer);
    this.#watchOutput(1);
    return toDisposable(() => {
      subscription.dispose();
      this.#watchOutput(-1);
    });
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
      case "script.stop":
        return Promise.resolve(
          this.#programs?.stop(op.scriptId) ? ACCEPTED : refused("That program is not running any more."),
        );
      case "command.stop":
        return this.#stopCommand(op.callId);
      default:
        return this.#ops.run(() => this.#handle(op));
    }
  }

  /** Resolves when no turn runs and none is about to start. */
  async idle(): Promise<void> {
    for (;;) {
      // What is being taken in may start a turn.
      await this.#ops.run(async () => {});
      if (!this.#turns.busy) return;
      await this.#turns.settled();
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
    if (how === "released") {
      this.#hub.dispose();
      // Before the turn is stopped: what runs in them is not to be interrupted by that.
      this.#options.letGoOfTerminals?.();
    }
    this.#turns.end(how);
    await this.#ops.run(async () => {});
    // A turn that was being started when the closing began is known by now.
    this.#turns.stop();
    await this.idle();
    try {
      if (how === "closed") {
        await this.#hub.emit([{ type: "session.closed" }]).catch((error: unknown) => {
          this.#options.log.error("the end of the session could not be written", error);
        });
      }
    } finally {
      this.#terminalEvents.dispose();
      this.#terminalOutput?.dispose();
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
    if (!this.#turns.busy && this.#hub.state.queued.length === 0) {
      await this.#turns.start(input);
      return ACCEPTED;
    }
    const messageId = this.#options.ids.next("message");
    await this.#hub.emit([{ type: "message.queued", messageId, input, mode }]);
    // The turn may have ended while the message was written; then nobody else starts it.
    if (!this.#turns.busy) await this.#turns.startNextQueued();
    return ACCEPTED;
  }

  async #resume(): Promise<OpOutcome> {
    const turn = this.#interrupted;
    if (!turn) return refused("No turn is waiting to be resumed.");
    await this.#turns.resume(turn.turnId, await this.#recoveryEvents());
    this.#interrupted = null;
    return ACCEPTED;
  }

  async #discard(): Promise<OpOutcome> {
    const turn = this.#interrupted;
    if (!turn) return refused("No turn is waiting to be discarded.");
    await this.#turns.discard(turn.turnId, await this.#recoveryEvents());
    this.#interrupted = null;
    return ACCEPTED;
  }

  #recoveryEvents(): Promise<readonly NewEvent[]> {
    return recoveryEvents(this.#hub.state, this.#options);
  }

  #interrupt(): OpOutcome {
    return this.#turns.stop() ? ACCEPTED : refused("Nothing is running.");
  }

  async #withdraw(messageId: string): Promise<OpOutcome> {
    if (!this.#hub.state.queued.some((message) => message.messageId === messageId)) {
      return refused("That message has already been sent.");
    }
    await this.#hub.emit([{ type: "message.withdrawn", messageId }]);
    return ACCEPTED;
  }

  async #release(): Promise<OpOutcome> {
    if (this.#turns.busy || this.#hub.state.queued.length === 0) return refused("Nothing is waiting.");
    await this.#turns.startNextQueued();
    return ACCEPTED;
  }

  async #stopCommand(callId: string): Promise<OpOutcome> {
    return (await this.#commands.stop(callId)) ? ACCEPTED : refused("That command is not running any more.");
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

  /** Output of terminals is asked for only while there is somebody to see it. */
  #watchOutput(joined: 1 | -1): void {
    this.#observers += joined;
    if (this.#observers === 0) {
      this.#terminalOutput?.dispose();
      this.#terminalOutput = undefined;
    } else {
      this.#terminalOutput ??= this.#options.terminals.watchOutput(({ terminal, chunk }) =>
        this.#hub.emitLive({ type: "terminal.output", terminal, chunk }),
      );
    }
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
