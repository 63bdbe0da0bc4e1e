/**
 * The sessions of a window. Several may be alive; the panel shows one of them or none. The agent depends on this
 * and not on the panel: closing, hiding or reloading the view changes nothing here.
 */
import { AppError, messageOf } from "../../base/app-error.ts";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Runtime } from "../../embed/runtime.ts";
import type { RuntimeOptions } from "../../embed/runtime-options.ts";
import type { Log } from "../../ports/log.ts";
import type { SessionRecord, SessionStore } from "../../ports/session-store.ts";
import type { AgentEvent } from "../../protocol/events.ts";
import type { UserInput } from "../../protocol/items.ts";
import type { SessionSummary } from "../../protocol/webview.ts";
import { isRunning, type LiveSession, summaryPhase } from "./live-session.ts";

/** Idle sessions in the background that are kept alive with their terminals. */
const IDLE_KEPT = 8;
/** A turn that was left behind longer ago than this is offered, not continued by itself. */
const CONTINUE_WITHIN_MS = 24 * 60 * 60 * 1000;
const UNFINISHED_AT_ONCE = 5;

export interface SessionHubOptions {
  /** What a new or opened runtime gets; rejects with AppError `usage` without an open folder. */
  readonly runtimeOptions: () => Promise<RuntimeOptions>;
  readonly openRuntime: (options: RuntimeOptions) => Promise<Runtime>;
  readonly store: () => SessionStore;
  /** The folder whose sessions are listed; null without one. */
  readonly cwd: () => string | null;
  readonly log: Log;
  readonly now: () => number;
}

export interface HubEvent {
  readonly session: LiveSession;
  readonly event: AgentEvent;
}

export class SessionHub implements Disposable {
  readonly #options: SessionHubOptions;
  /** In the order of their last use, newest last. */
  readonly #live = new Map<string, { session: LiveSession; subscription: Disposable }>();
  /** Sessions that are being opened, so that two clicks open one. */
  readonly #opening = new Map<string, Promise<LiveSession>>();
  readonly #events: Emitter<HubEvent>;
  readonly #shownChanges: Emitter<LiveSession | null>;
  readonly #opened: Emitter<LiveSession>;
  #shown: LiveSession | null = null;
  #released = false;

  constructor(options: SessionHubOptions) {
    this.#options = options;
    const onError = (error: unknown) => options.log.error("a listener failed", error);
    this.#events = new Emitter(onError);
    this.#shownChanges = new Emitter(onError);
    this.#opened = new Emitter(onError);
  }

  /** The session in the panel. */
  get shown(): LiveSession | null {
    return this.#shown;
  }

  get live(): readonly LiveSession[] {
    return [...this.#live.values()].map(({ session }) => session);
  }

  get(sessionId: string): LiveSession | undefined {
    return this.#live.get(sessionId)?.session;
  }

  onEvent(listener: (event: HubEvent) => void): Disposable {
    return this.#events.on(listener);
  }

  onShown(listener: (session: LiveSession | null) => void): Disposable {
    return this.#shownChanges.on(listener);
  }

  /** A session has become alive; nothing of it has been emitted yet. */
  onOpened(listener: (session: LiveSession) => void): Disposable {
    return this.#opened.on(listener);
  }

  /** Hands the task to the shown session, or to a new one. Rejects with AppError. */
  async submit(input: UserInput): Promise<LiveSession> {
    const session = this.#shown ?? (await this.#startShown());
    const outcome = await session.runtime.submit({ type: "turn.submit", input });
    if (outcome.kind === "refused") throw new AppError("usage", outcome.message);
    return session;
  }

  /** The panel shows no session; the next task makes one. */
  showNone(): void {
    this.#show(null);
  }

  /** Shows a session, opening it when it is not alive, and continues its interrupted turn where that is safe. */
  async open(sessionId: string): Promise<LiveSession> {
    const session = this.get(sessionId) ?? (await this.#openStored(sessionId));
    this.#show(session);
    await this.#continueInterrupted(session);
    return session;
  }

  /** A session of its own for a task terminal, which owns it: `close` when it has ended. */
  async startForTask(overrides: Partial<RuntimeOptions>): Promise<LiveSession> {
    const options = { ...(await this.#options.runtimeOptions()), ...overrides };
    return this.#adopt(await this.#options.openRuntime(options), "task");
  }

  async close(session: LiveSession): Promise<void> {
    this.#forget(session);
    await session.runtime.close();
  }

  /** Newest first, the living ones with their present phase. */
  async list(limit: number): Promise<SessionSummary[]> {
    const cwd = this.#options.cwd();
    if (cwd === null) return [];
    const records = await this.#options.store().list({ cwd, limit });
    return records.map((record) => this.#summaryOf(record));
  }

  /** After a start: finds turns that a dead or reloaded window left behind, shows the newest, continues what is safe. */
  async resumeUnfinished(): Promise<void> {
    const cwd = this.#options.cwd();
    if (cwd === null) return;
    const records = await this.#options.store().list({ cwd, limit: 50 });
    const unfinished = records.filter((record) => record.unfinished && !this.#live.has(record.sessionId));
    for (const record of unfinished.slice(0, UNFINISHED_AT_ONCE).reverse()) {
      try {
        const session = await this.#openStored(record.sessionId);
        // Whoever was quicker than this has chosen what to look at.
        if (this.#shown === null || !isRunning(this.#shown)) this.#show(session);
        if (this.#options.now() - record.updatedAtMs < CONTINUE_WITHIN_MS) await this.#continueInterrupted(session);
      } catch (error) {
        // Another window has it, as it should be when two are open.
        if (!AppError.is(error, "in-use")) this.#options.log.error(`session ${record.sessionId} was not opened`, error);
      }
    }
  }

  /** The window goes away: running turns are left to be resumed. */
  async release(): Promise<void> {
    this.#released = true;
    const sessions = this.live;
    this.dispose();
    await Promise.allSettled(sessions.map(({ runtime }) => runtime.release()));
  }

  dispose(): void {
    for (const { subscription } of this.#live.values()) subscription.dispose();
    this.#live.clear();
    this.#shown = null;
    this.#events.dispose();
    this.#shownChanges.dispose();
    this.#opened.dispose();
  }

  async #startShown(): Promise<LiveSession> {
    const session = this.#adopt(await this.#options.openRuntime(await this.#options.runtimeOptions()), "panel");
    this.#show(session);
    return session;
  }

  #openStored(sessionId: string): Promise<LiveSession> {
    const opening = this.#opening.get(sessionId);
    if (opening) return opening;
    const opened = (async () => {
      const { model: _next, ...options } = await this.#options.runtimeOptions();
      // The session goes on with the model it had.
      return this.#adopt(await this.#options.openRuntime({ ...options, resume: sessionId }), "panel");
    })().finally(() => this.#opening.delete(sessionId));
    this.#opening.set(sessionId, opened);
    return opened;
  }

  #adopt(runtime: Runtime, origin: LiveSession["origin"]): LiveSession {
    const session: LiveSession = { runtime, origin };
    if (this.#released) {
      void runtime.release();
      throw new AppError("closed", "the window is closing");
    }
    const subscription = runtime.on((event) => this.#events.emit({ session, event }));
    this.#live.set(runtime.sessionId, { session, subscription });
    this.#opened.emit(session);
    return session;
  }

  #forget(session: LiveSession): void {
    const { sessionId } = session.runtime;
    this.#live.get(sessionId)?.subscription.dispose();
    this.#live.delete(sessionId);
    if (this.#shown === session) this.#show(null);
  }

  #show(session: LiveSession | null): void {
    if (session) {
      const { sessionId } = session.runtime;
      const entry = this.#live.get(sessionId);
      if (entry) {
        this.#live.delete(sessionId);
        this.#live.set(sessionId, entry);
      }
    }
    if (this.#shown === session) return;
    this.#shown = session;
    this.#shownChanges.emit(session);
    this.#releaseIdle();
  }

  /** Lets go of what nobody looked at for longest; its journal is whole and it can be opened again. */
  #releaseIdle(): void {
    const idle = this.live.filter((session) => session !== this.#shown && !isRunning(session));
    for (const session of idle.slice(0, Math.max(0, idle.length - IDLE_KEPT))) {
      this.#forget(session);
      session.runtime.release().catch((error: unknown) => {
        this.#options.log.error(`session ${session.runtime.sessionId} was not released: ${messageOf(error)}`, error);
      });
    }
  }

  async #continueInterrupted({ runtime }: LiveSession): Promise<void> {
    if (!runtime.interruptedTurn?.canContinue) return;
    const outcome = await runtime.submit({ type: "turn.resume" });
    if (outcome.kind === "refused") this.#options.log.warn(`the turn was not resumed: ${outcome.message}`);
  }

  #summaryOf(record: SessionRecord): SessionSummary {
    const session = this.get(record.sessionId);
    return {
      sessionId: record.sessionId,
      title: record.title || "Untitled",
      updatedAt: record.updatedAtMs,
      phase: session ? summaryPhase(session) : record.unfinished ? "interrupted" : "idle",
    };
  }
}
