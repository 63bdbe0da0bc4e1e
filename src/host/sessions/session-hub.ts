/**
 * The sessions of a window. Several may be alive; the panel shows one of them or none. The agent depends on this
 * and not on the panel: closing, hiding or reloading the view changes nothing here.
 */
import { AppError, messageOf } from "../../base/app-error.ts";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Runtime } from "../../embed/runtime.ts";
import type { RuntimeOptions } from "../../embed/runtime-options.ts";
import { endTerminals } from "../../node/pty-host/end-terminals.ts";
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
/** Newest sessions among which they are looked for. */
const UNFINISHED_AMONG = 50;

export interface SessionHubOptions {
  /** What a runtime gets that works in `cwd`; null: one of the folders, for a session that knows its own. */
  readonly runtimeOptions: (cwd: string | null) => Promise<RuntimeOptions>;
  readonly openRuntime: (options: RuntimeOptions) => Promise<Runtime>;
  readonly store: () => SessionStore;
  /** The open folders: their sessions are listed, and what lies in them is inside the workspace. */
  readonly folders: () => readonly string[];
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
  readonly #gone: Emitter<string>;
  #shown: LiveSession | null = null;
  /** For the first task; a further one that is given before it is shown belongs to it too. */
  #starting: { readonly cwd: string; readonly session: Promise<LiveSession> } | undefined;
  #released = false;

  constructor(options: SessionHubOptions) {
    this.#options = options;
    const onError = (error: unknown) => options.log.error("a listener failed", error);
    this.#events = new Emitter(onError);
    this.#shownChanges = new Emitter(onError);
    this.#opened = new Emitter(onError);
    this.#gone = new Emitter(onError);
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

  /** A session is not alive in this window any more: closed, let go of, deleted. Gets its id. */
  onGone(listener: (sessionId: string) => void): Disposable {
    return this.#gone.on(listener);
  }

  /** Hands the task to the shown session, or to a new one that works in `cwd`. Rejects with AppError. */
  async submit(input: UserInput, cwd: string): Promise<LiveSession> {
    const session = this.#shown ?? (await this.#startOnce(cwd));
    const outcome = await session.runtime.submit({ type: "turn.submit", input });
    if (outcome.kind === "refused") throw new AppError("usage", outcome.message);
    return session;
  }

  /** A new session in the panel; `overrides` outrank what the settings say. Rejects with AppError. */
  async start(cwd: string, overrides: Partial<RuntimeOptions> = {}): Promise<LiveSession> {
    const options = { ...(await this.#options.runtimeOptions(cwd)), ...overrides };
    const session = this.#adopt(await this.#options.openRuntime(options), "panel");
    this.#show(session);
    return session;
  }

  /** The panel shows no session; the next task makes one. */
  showNone(): void {
    this.#starting = undefined;
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
  async startForTask(cwd: string, overrides: Partial<RuntimeOptions>): Promise<LiveSession> {
    const options = { ...(await this.#options.runtimeOptions(cwd)), ...overrides };
    return this.#adopt(await this.#options.openRuntime(options), "task");
  }

  async close(session: LiveSession): Promise<void> {
    this.#forget(session);
    await session.runtime.close();
  }

  /** Opens a session for an act on it, without showing it and without continuing its turn. */
  async openQuietly(sessionId: string): Promise<LiveSession> {
    return this.get(sessionId) ?? (await this.#openStored(sessionId));
  }

  /**
   * The title of a session that can be deleted now. Rejects with AppError: `in-use` while it runs or another window has
   * it, `not-found`.
   */
  async checkDeletable(sessionId: string): Promise<{ readonly title: string }> {
    const session = this.get(sessionId);
    if (session) {
      const { title } = session.runtime.state;
      if (!isRunning(session) && session.origin === "panel") return { title: title || "Untitled" };
      throw new AppError("in-use", `“${title || sessionId}” is running, so it is not deleted`, {
        next: "Stop it first, then delete it.",
      });
    }
    const record = await this.#options.store().find(sessionId);
    if (!record) throw new AppError("not-found", `there is no session ${sessionId} any more`);
    const title = record.title || "Untitled";
    if (!record.inUse) return { title };
    throw new AppError("in-use", `“${title}” is open in another window or process, so it is not deleted`, {
      next: "Close it there first, then delete it.",
    });
  }

  /** Deletes a session with everything that was kept for it. Rejects as `checkDeletable` does, and with `storage`. */
  async delete(sessionId: string): Promise<void> {
    await this.#opening.get(sessionId)?.catch(() => undefined);
    await this.checkDeletable(sessionId);
    const session = this.get(sessionId);
    if (session) {
      this.#forget(session);
      await session.runtime.close();
    } else {
      const record = await this.#options.store().find(sessionId);
      // Terminals may have outlived the window in which they were made.
      if (record) await endTerminals({ session: sessionId, cwd: record.cwd, log: this.#options.log });
    }
    await this.#options.store().delete(sessionId);
    this.#gone.emit(sessionId);
  }

  /** Other folders are open now: the living sessions judge what is inside the workspace by them. */
  async foldersChanged(): Promise<void> {
    const folders = this.#options.folders();
    const told = await Promise.allSettled(this.live.map(({ runtime }) => runtime.setFolders(folders)));
    for (const result of told) {
      if (result.status === "rejected") this.#options.log.error("a session was not told of its folders", result.reason);
    }
  }

  /** Newest first, the living ones with their present phase. */
  async list(limit: number): Promise<SessionSummary[]> {
    return (await this.records(limit)).map((record) => this.#summaryOf(record));
  }

  /** The newest sessions of the open folders, as their journals show them. */
  async records(limit: number): Promise<SessionRecord[]> {
    const store = this.#options.store();
    const lists = await Promise.all(this.#options.folders().map((cwd) => store.list({ cwd, limit })));
    return lists
      .flat()
      .sort((a, b) => b.updatedAtMs - a.updatedAtMs)
      .slice(0, limit);
  }

  /** After a start: finds turns that a dead or reloaded window left behind, shows the newest, continues what is safe. */
  async resumeUnfinished(): Promise<void> {
    const records = await this.records(UNFINISHED_AMONG);
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
    this.#gone.dispose();
  }

  #startOnce(cwd: string): Promise<LiveSession> {
    if (this.#starting?.cwd === cwd) return this.#starting.session;
    const starting = { cwd, session: this.start(cwd) };
    this.#starting = starting;
    const forget = () => {
      if (this.#starting === starting) this.#starting = undefined;
    };
    starting.session.then(forget, forget);
    return starting.session;
  }

  #openStored(sessionId: string): Promise<LiveSession> {
    const opening = this.#opening.get(sessionId);
    if (opening) return opening;
    const opened = (async () => {
      const { model: _next, ...options } = await this.#options.runtimeOptions(null);
      // The session goes on with the model it had, and in its own folder.
      const runtime = await this.#options.openRuntime({ ...options, resume: sessionId });
      try {
        await runtime.setFolders(this.#options.folders());
      } catch (error) {
        await runtime.release();
        throw error;
      }
      return this.#adopt(runtime, "panel");
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
    this.#gone.emit(sessionId);
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
      phase: session ? summaryPhase(session) : phaseOfRecord(record),
    };
  }
}

/** What another window has not finished, it is at. */
function phaseOfRecord({ unfinished, inUse }: SessionRecord): SessionSummary["phase"] {
  if (!unfinished) return "idle";
  return inUse ? "running" : "interrupted";
}
