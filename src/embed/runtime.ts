/**
 * The runtime for Node programs: `Runtime.open(…)` and what can be done with an open session. The editor, the command
 * line and other products use this same door.
 */
import { AppError } from "../base/app-error.ts";
import { type Disposable, toDisposable } from "../base/disposable.ts";
import type { Terminals } from "../ports/terminals.ts";
import type { Tool } from "../ports/tool.ts";
import type { AgentProfile } from "../protocol/agent-profile.ts";
import type { AgentEvent, EventOf, EventType } from "../protocol/events.ts";
import type { TurnError, UserInput } from "../protocol/items.ts";
import type { Op } from "../protocol/ops.ts";
import { finalWordsOf, proseOf } from "../protocol/reply-text.ts";
import type { Entry, SessionState } from "../protocol/state.ts";
import type { PermissionHandler } from "../runtime/permission-gate.ts";
import type { QuestionHandler } from "../runtime/question-desk.ts";
import type { InterruptedTurn } from "../runtime/recovery.ts";
import type { OpOutcome } from "../runtime/session.ts";
import { AnsweringHooks } from "./answering-hooks.ts";
import { type AssembledSession, assembleSession } from "./assemble-session.ts";
import type { RuntimeOptions } from "./runtime-options.ts";
import { TurnWatch } from "./turn-watch.ts";

export interface TurnResult {
  readonly turnId: string;
  readonly reason: "completed" | "failed" | "interrupted" | "limit";
  /** The model's last words. */
  readonly text: string;
  readonly error?: TurnError;
  /** Model responses taken. */
  readonly steps: number;
}

export class Runtime {
  readonly #options: RuntimeOptions;
  readonly #hooks: AnsweringHooks;
  readonly #listeners = new Map<(event: AgentEvent) => void, Disposable>();
  readonly #registered: { readonly tool: Tool; readonly options: { replace?: boolean } }[] = [];
  #parts: AssembledSession;
  #resetting: Promise<void> = Promise.resolve();

  private constructor(options: RuntimeOptions, hooks: AnsweringHooks, parts: AssembledSession) {
    this.#options = options;
    this.#hooks = hooks;
    this.#parts = parts;
  }

  /**
   * Makes a session or opens one. Rejects with AppError: `usage` (bad options), `not-found`, `in-use`,
   * `storage`. A missing key or unreachable server is no reason to reject: the turn that needs it says so.
   */
  static async open(options: RuntimeOptions): Promise<Runtime> {
    const hooks = new AnsweringHooks(options);
    return new Runtime(options, hooks, await assembleSession(options, hooks));
  }

  get sessionId(): string {
    return this.#parts.sessionId;
  }

  get terminals(): Terminals {
    return this.#parts.terminals;
  }

  /** What was passed over when the journal was read. */
  get warnings(): readonly string[] {
    return this.#parts.warnings;
  }

  get state(): SessionState {
    return this.#parts.session.state;
  }

  /** What an agent file came to, for a session of one. */
  get agent(): AgentProfile | undefined {
    return this.#parts.agent;
  }

  /** The turn that a dead process left behind, until `resume` or `discard`. */
  get interruptedTurn(): InterruptedTurn | null {
    return this.#parts.session.interruptedTurn;
  }

  /** All events, or those of one type, durable and live, in order. A listener that throws is logged. */
  on(listener: (event: AgentEvent) => void): Disposable;
  on<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): Disposable;
  on(first: EventType | ((event: AgentEvent) => void), second?: (event: never) => void): Disposable {
    // A function of its own each time: one that is added twice hears twice, and each is disposed of by itself.
    const listener =
      typeof first === "function"
        ? (event: AgentEvent) => first(event)
        : (event: AgentEvent) => {
            if (event.type === first) (second as (event: AgentEvent) => void)(event);
          };
    this.#listeners.set(listener, this.#parts.session.on(listener));
    return toDisposable(() => {
      this.#listeners.get(listener)?.dispose();
      this.#listeners.delete(listener);
    });
  }

  /** Answers permission requests from now on. A throw or anything but a decision is a denial. */
  onPermission(handler: PermissionHandler): Disposable {
    return this.#hooks.setPermission(handler);
  }

  /** Answers questions from now on; null or a throw is "not answered". */
  onQuestion(handler: QuestionHandler): Disposable {
    return this.#hooks.setQuestion(handler);
  }

  /**
   * Runs one task to its end. While another turn runs it waits its turn. Aborting `signal` interrupts the turn.
   * Rejects with AppError `usage` while an interrupted turn waits, and `storage`.
   */
  async run(task: string | UserInput, options: { signal?: AbortSignal } = {}): Promise<TurnResult> {
    const input = inputOf(task);
    return this.#watchTurn(() => this.submit({ type: "turn.submit", input }), options.signal, input);
  }

  /** Goes on with the interrupted turn and waits for its end. */
  async resume(options: { signal?: AbortSignal } = {}): Promise<TurnResult> {
    return this.#watchTurn(() => this.submit({ type: "turn.resume" }), options.signal, undefined);
  }

  /** Gives the interrupted turn up. */
  discard(): Promise<OpOutcome> {
    return this.submit({ type: "turn.discard" });
  }

  /** Words for the running turn, injected before its next request. */
  steer(task: string | UserInput): Promise<OpOutcome> {
    return this.submit({ type: "turn.steer", input: inputOf(task) });
  }

  /** A task for after the running turn. */
  enqueue(task: string | UserInput): Promise<OpOutcome> {
    return this.submit({ type: "turn.submit", input: inputOf(task) });
  }

  /** Stops the running turn; it ends within a second. */
  interrupt(): Promise<OpOutcome> {
    return this.submit({ type: "turn.interrupt" });
  }

  submit(op: Op): Promise<OpOutcome> {
    return this.#parts.session.submit(op);
  }

  /** Resolves when no turn runs. */
  idle(): Promise<void> {
    return this.#parts.session.idle();
  }

  /**
   * Adds a tool; it goes through the same gate, journal and timeline as the built-in ones. Throws AppError `usage` for
   * a name that is taken, and where calls are native for one that no model's server takes.
   */
  registerTool(tool: Tool, options: { replace?: boolean } = {}): void {
    if (this.state.interface === "tools" && !/^[\w-]{1,64}$/.test(tool.name)) {
      throw new AppError("usage", `${JSON.stringify(tool.name)} can not be the name of a tool`, {
        next: "Take 1 to 64 of a–z, A–Z, 0–9, _ and -.",
      });
    }
    this.#parts.registry.register(tool, options);
    this.#registered.push({ tool, options });
  }

  /**
   * Starts over: ends the session, its turn and its own terminals included, and opens a new one with the same options,
   * model, handlers, listeners and tools. What was said stays in the store, under the old session's id. Rejects like
   * `open`; there is no session then, and every op is refused.
   */
  reset(): Promise<void> {
    const next = this.#resetting.then(() => this.#startOver());
    this.#resetting = next.catch(() => undefined);
    return next;
  }

  /**
   * The folders that are open now: from here on what lies in them is inside the workspace, and nothing else. Where that
   * is a change, the session and the model are told. Rejects with AppError `storage`.
   */
  setFolders(folders: readonly string[]): Promise<void> {
    return this.#parts.setFolders(folders);
  }

  /** A before-image by its hash; null when it was not kept. */
  readBlob(hash: string): Promise<Uint8Array | null> {
    return this.#parts.readBlob(hash);
  }

  /** Ends the session: the turn, the terminals, the journal. */
  async close(): Promise<void> {
    await this.#end("closed");
  }

  /** Lets go of the session without ending it: a running turn is left to be resumed by the next process. */
  async release(): Promise<void> {
    await this.#end("released");
  }

  async #startOver(): Promise<void> {
    const { cwd, model } = this.state;
    const { resume: _resumed, sessionId: _named, ...options } = this.#options;
    await this.#end("closed");
    const { agent } = this.#parts;
    this.#parts = await assembleSession({ ...options, cwd, model, ...(agent ? { agent } : {}) }, this.#hooks);
    for (const { tool, options: how } of this.#registered) this.#parts.registry.register(tool, how);
    for (const listener of this.#listeners.keys()) this.#listeners.set(listener, this.#parts.session.on(listener));
  }

  async #end(how: "closed" | "released"): Promise<void> {
    try {
      await this.#parts.session.close(how);
    } finally {
      await this.#parts.disposeEngine();
      if (this.#parts.ownsTerminals) await (how === "closed" ? this.terminals.close() : this.terminals.release());
    }
  }

  async #watchTurn(
    start: () => Promise<OpOutcome>,
    signal: AbortSignal | undefined,
    input: UserInput | undefined,
  ): Promise<TurnResult> {
    if (signal?.aborted) return notStarted();
    const watch = new TurnWatch(this.#parts.session, input, this.interruptedTurn?.turnId);
    const onAbort = () => watch.stop();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const outcome = await start();
      if (outcome.kind === "refused") throw new AppError("usage", outcome.message);
      if (signal?.aborted) onAbort();
      const finished = await watch.finished;
      return finished === "withdrawn" ? notStarted() : this.#resultOf(finished);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      watch.dispose();
    }
  }

  #resultOf(event: EventOf<"turn.finished">): TurnResult {
    const turn = this.state.turns.find((candidate) => candidate.turnId === event.turnId);
    const last = turn?.entries.findLast((entry) => entry.kind === "item" && entry.item.kind === "assistant_message");
    return {
      turnId: event.turnId ?? "",
      reason: event.reason,
      text: lastWordsOf(last, event.reason),
      ...(event.error ? { error: event.error } : {}),
      steps: event.steps,
    };
  }
}

function lastWordsOf(entry: Entry | undefined, reason: TurnResult["reason"]): string {
  if (entry?.kind !== "item" || entry.item.kind !== "assistant_message") return "";
  const { text, blocks } = entry.item;
  if (!blocks) return text;
  // A reply that acts through blocks ends the task with its completion, which says what was not reached otherwise.
  return reason === "completed" ? finalWordsOf(text, blocks) : proseOf(text, blocks).trim();
}

/** What a task ends with that was taken back before its turn began. */
function notStarted(): TurnResult {
  return { turnId: "", reason: "interrupted", text: "", steps: 0 };
}

function inputOf(task: string | UserInput): UserInput {
  if (typeof task !== "string" && typeof task?.text !== "string") {
    throw new AppError("usage", "a task is text", { next: "Pass a string, or an object with text." });
  }
  // A new object each time: the turn that starts from it is recognised by identity.
  return typeof task === "string" ? { text: task } : { ...task };
}
