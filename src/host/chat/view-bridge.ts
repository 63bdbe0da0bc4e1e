/**
 * Between the hub and the panel. The panel gets a snapshot when it says `ready` and events after it; everything it
 * sends is checked before anything is done. Whether a panel is there makes no difference to the agent.
 */
import * as z from "zod";
import { assertNever } from "../../base/assert-never.ts";
import type { Disposable } from "../../base/disposable.ts";
import type { Log } from "../../ports/log.ts";
import type { UserInput } from "../../protocol/items.ts";
import { FIRST_PLACE } from "../../protocol/timeline.ts";
import { type HostMessage, type ViewEnvironment, type ViewMessage, viewMessageSchema } from "../../protocol/webview.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionHub } from "../sessions/session-hub.ts";
import { EventBatcher } from "./event-batcher.ts";
import { wordsOf } from "./person-words.ts";
import { pageOf, snapshotOf } from "./snapshot.ts";

/** What the panel can ask for besides talking to a session. */
export interface PanelActions {
  newSession(): void;
  openSession(sessionId: string): Promise<unknown>;
  pickSession(): Promise<unknown>;
  pickModel(): Promise<unknown>;
  pickFolder(): Promise<unknown>;
  setKey(): Promise<unknown>;
  /** Null: nothing was started, because the person dismissed a question. */
  startTask(input: UserInput): Promise<LiveSession | null>;
  openFile(session: LiveSession | null, path: string, line: number | undefined): Promise<unknown>;
  openDiff(session: LiveSession, callId: string): Promise<unknown>;
  openTerminal(session: LiveSession, terminal: string): void;
  openLink(session: LiveSession | null, href: string): Promise<unknown>;
  openSettings(): Promise<unknown>;
  openLog(): void;
}

export interface ViewBridgeOptions {
  readonly hub: SessionHub;
  readonly post: (message: HostMessage) => void;
  readonly environment: () => Promise<ViewEnvironment>;
  readonly actions: PanelActions;
  /** Before the first snapshot: what was shown in this window last time may be opened. */
  readonly beforeFirstSnapshot: () => Promise<void>;
  /** What an error means for the person. */
  readonly explain: (error: unknown) => string;
  readonly log: Log;
}

export class ViewBridge implements Disposable {
  readonly #options: ViewBridgeOptions;
  readonly #subscriptions: readonly Disposable[];
  /** Set while a page listens that has the shown session's snapshot. */
  #batcher: EventBatcher | undefined;
  #connected = false;
  /** Words that came back when no page was there, and why; the next page gets them. Not more than one page has sent. */
  #unheard: HostMessage[] = [];
  #environmentTimer: NodeJS.Timeout | undefined;

  constructor(options: ViewBridgeOptions) {
    this.#options = options;
    const { hub } = options;
    this.#subscriptions = [
      hub.onEvent(({ session, event }) => {
        if (session === hub.shown) this.#batcher?.push(event);
      }),
      hub.onShown(() => {
        if (this.#connected) this.#sendSnapshot();
      }),
    ];
  }

  /** The page went away; the next one says `ready`. */
  disconnect(): void {
    this.#connected = false;
    this.#dropBatcher();
  }

  async receive(raw: unknown): Promise<void> {
    const parsed = viewMessageSchema.safeParse(raw);
    if (!parsed.success) {
      this.#options.log.warn(`the panel sent something that is not a message: ${z.prettifyError(parsed.error)}`);
      return;
    }
    try {
      await this.#handle(parsed.data);
    } catch (error) {
      this.#options.log.error(`${parsed.data.type} failed`, error);
      this.fail(this.#options.explain(error));
    }
  }

  fail(message: string): void {
    const failed: HostMessage = { type: "failed", message };
    if (this.#unheard.length === 0) this.#options.post(failed);
    // The panel shows the newest one only.
    else this.#unheard = [...this.#unheard.filter(({ type }) => type !== "failed"), failed];
  }

  focusComposer(text?: string): void {
    this.#options.post({ type: "composer.focus", ...(text === undefined ? {} : { text }) });
  }

  /** Something of the environment has changed; several changes at once are one message. */
  refreshEnvironment(): void {
    if (!this.#connected) return;
    this.#environmentTimer ??= setTimeout(() => {
      this.#environmentTimer = undefined;
      this.#sendEnvironment().catch((error: unknown) => this.#options.log.error("the panel was not updated", error));
    }, 100);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    clearTimeout(this.#environmentTimer);
    this.disconnect();
  }

  async #handle(message: ViewMessage): Promise<void> {
    const { hub, actions, log } = this.#options;
    const { shown } = hub;
    switch (message.type) {
      case "ready":
        return this.#greet();
      case "op":
        return this.#submit(message.sessionId, message.op);
      case "session.start": {
        const { text, images } = message;
        return this.#startTask({ text, ...(images === undefined || images.length === 0 ? {} : { images }) });
      }
      case "session.new":
        return actions.newSession();
      case "session.open":
        await actions.openSession(message.sessionId);
        return;
      case "session.pick":
        await actions.pickSession();
        return;
      case "model.pick":
        await actions.pickModel();
        return;
      case "folder.pick":
        await actions.pickFolder();
        return;
      case "key.set":
        await actions.setKey();
        return;
      case "entries.load":
        return this.#sendEntries(message);
      case "file.open":
        await actions.openFile(shown, message.path, message.line);
        return;
      case "diff.open":
        if (shown) await actions.openDiff(shown, message.callId);
        return;
      case "terminal.open":
        if (shown) actions.openTerminal(shown, message.terminal);
        return;
      case "link.open":
        await actions.openLink(shown, message.href);
        return;
      case "settings.open":
        await actions.openSettings();
        return;
      case "log.open":
        return actions.openLog();
      case "view.failed":
        log.error(`the panel failed: ${message.message}`);
        return;
      default:
        return assertNever(message);
    }
  }

  async #submit(sessionId: string, op: Extract<ViewMessage, { type: "op" }>["op"]): Promise<void> {
    const session = this.#options.hub.get(sessionId);
    const words = wordsOf(op, session?.runtime.state);
    if (!session) {
      this.#giveBack(words);
      this.fail("That session is not open any more. Open it from the list of sessions.");
      return;
    }
    try {
      const outcome = await session.runtime.submit(op);
      if (outcome.kind === "accepted") return;
      this.#giveBack(words);
      this.fail(outcome.message);
    } catch (error) {
      if (!isQueued(session, words)) this.#giveBack(words);
      throw error;
    }
  }

  /** What could not be taken is not lost: its words go back to where they were written. */
  #giveBack(input: UserInput | null): void {
    if (!input) return;
    const returned: HostMessage = { type: "input.returned", input };
    if (this.#connected) this.#options.post(returned);
    else this.#unheard.push(returned);
  }

  async #greet(): Promise<void> {
    await this.#options.beforeFirstSnapshot();
    this.#connected = true;
    // What belongs to the session is there; models and keys take their time.
    this.#sendSnapshot();
    for (const message of this.#unheard.splice(0)) this.#options.post(message);
    await this.#sendEnvironment();
  }

  async #startTask(input: UserInput): Promise<void> {
    const { hub, actions } = this.#options;
    let started: LiveSession | null = null;
    try {
      started = await actions.startTask(input);
    } finally {
      if (!started && !isQueued(hub.shown, input)) this.#giveBack(input);
    }
  }

  async #sendEnvironment(): Promise<void> {
    const environment = await this.#options.environment();
    if (this.#connected) this.#options.post({ type: "environment", environment });
  }

  #sendSnapshot(): void {
    const { hub, post } = this.#options;
    this.#dropBatcher();
    const { shown } = hub;
    if (!shown) {
      post({ type: "snapshot", state: null, from: FIRST_PLACE });
      return;
    }
    const { runtime } = shown;
    const { sessionId, state } = runtime;
    this.#batcher = new EventBatcher({
      sentSeq: state.lastSeq,
      send: (batch) => post({ type: "events", sessionId, ...batch, phase: runtime.state.phase }),
      hasCard: (terminal) => runtime.state.background[terminal] !== undefined,
    });
    post({ type: "snapshot", ...snapshotOf(state) });
  }

  #sendEntries({ sessionId, direction, place }: Extract<ViewMessage, { type: "entries.load" }>): void {
    const { shown } = this.#options.hub;
    // The panel is about to get a snapshot of another session.
    if (!this.#batcher || shown?.runtime.sessionId !== sessionId) return;
    this.#batcher.flush();
    const page = pageOf(shown.runtime.state, direction, place);
    this.#options.post({ type: "entries", sessionId, afterSeq: this.#batcher.sentSeq, ...page });
  }

  #dropBatcher(): void {
    this.#batcher?.dispose();
    this.#batcher = undefined;
  }
}

/** A message can be in the queue, and so not lost, although what should have followed has failed. */
function isQueued(session: LiveSession | null, input: UserInput | null): boolean {
  return session?.runtime.state.queued.some((message) => message.input === input) ?? false;
}
