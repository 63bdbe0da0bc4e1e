/**
 * The one place for a running turn: claims it, runs the turn to its end, sees to it that every call has an end too,
 * and starts what waits in the queue.
 */
import type { Mutex } from "../base/mutex.ts";
import type { NewEvent } from "../protocol/events.ts";
import type { UserInput } from "../protocol/items.ts";
import { openScriptOf, type QueuedMessage } from "../protocol/state.ts";
import { abandonedCalls } from "./abandoned-calls.ts";
import type { ContextSources } from "./context-builder.ts";
import type { TurnEnd } from "./turn-actions.ts";
import { endAfterFault, type ModelSelection, runTurn, type TurnDeps } from "./turn-loop.ts";

export interface TurnRunnerOptions extends Omit<TurnDeps, "selectModel" | "contextSources"> {
  readonly selectModel: (model: string) => Promise<ModelSelection>;
  readonly contextSources: () => Promise<ContextSources>;
  /** The session's ops: a queued message is started between two of them. */
  readonly ops: Mutex;
}

interface ActiveTurn {
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

export class TurnRunner {
  readonly #options: TurnRunnerOptions;
  #active: ActiveTurn | undefined;
  #ending: "closed" | "released" | undefined;

  constructor(options: TurnRunnerOptions) {
    this.#options = options;
  }

  /** True from before a turn's first event is written until after its last one. */
  get busy(): boolean {
    return this.#active !== undefined;
  }

  /** Resolves when the turn that runs now has ended. */
  async settled(): Promise<void> {
    await this.#active?.done;
  }

  /** Asks the running turn to stop; false when none runs. */
  stop(): boolean {
    this.#active?.controller.abort();
    return this.#active !== undefined;
  }

  /**
   * Nothing starts by itself from now on, and what runs is stopped. `released`: the turn gets no end in the journal,
   * which so says "unfinished", and the next process goes on from there.
   */
  end(how: "closed" | "released"): void {
    this.#ending = how;
    this.stop();
  }

  /** Starts a turn; `message` is the queued one it comes from. Rejects with AppError `storage`: nothing runs then. */
  async start(input: UserInput, message?: QueuedMessage): Promise<void> {
    const { ids, hub } = this.#options;
    await this.#begin(ids.next("turn"), () => [
      {
        type: "turn.started",
        input,
        itemId: ids.next("item"),
        model: hub.state.model,
        ...(message ? { messageId: message.messageId } : {}),
      },
    ]);
  }

  /** Starts the oldest message of the queue, if there is one. */
  async startNextQueued(): Promise<void> {
    const next = this.#options.hub.state.queued[0];
    if (next) await this.start(next.input, next);
  }

  /** Goes on with a turn that a dead process left behind; `events` bring it to where the loop can. */
  async resume(turnId: string, events: readonly NewEvent[]): Promise<void> {
    await this.#begin(turnId, () => events);
  }

  /** Ends a turn that a dead process left behind. */
  async discard(turnId: string, events: readonly NewEvent[]): Promise<void> {
    const { hub } = this.#options;
    hub.enterTurn(turnId);
    await hub.emit(events);
    await this.#finish({ reason: "interrupted" });
  }

  /**
   * Claims the place before the turn's first event is written, so that a stop finds it from the very beginning and
   * two can not start at once.
   */
  async #begin(turnId: string, firstEvents: () => readonly NewEvent[]): Promise<void> {
    const { hub, log } = this.#options;
    const controller = new AbortController();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#active = { controller, done };
    hub.enterTurn(turnId);
    try {
      await hub.emit(firstEvents());
    } catch (error) {
      hub.enterTurn(hub.state.activeTurnId ?? undefined);
      this.#active = undefined;
      resolve();
      throw error;
    }
    this.#runToEnd(controller.signal)
      .catch((error: unknown) => log.error("a queued message could not be started", error))
      .finally(resolve);
  }

  /** Runs the turn; its end is an event, and the next queued message follows it. */
  async #runToEnd(signal: AbortSignal): Promise<void> {
    let end: TurnEnd;
    try {
      end = await runTurn(this.#turnDeps(), signal);
    } catch (error) {
      end = signal.aborted ? { reason: "interrupted" } : endAfterFault(error, this.#options.log);
    }
    if (this.#ending !== "released") await this.#finish(end);
    await this.#options.ops.run(async () => {
      // Only now: whoever waits for the session to be idle must not look between a turn and the next.
      this.#active = undefined;
      // A stop that came when the turn had just ended was meant for what follows.
      const held = this.#options.hub.state.queueHeld || signal.aborted || this.#ending !== undefined;
      if (!held) await this.startNextQueued();
    });
  }

  async #finish(end: TurnEnd): Promise<void> {
    const { hub, log, clock } = this.#options;
    const turn = hub.state.turns.at(-1);
    const finished: NewEvent = {
      type: "turn.finished",
      reason: end.reason,
      ...(end.error ? { error: end.error } : {}),
      steps: turn?.steps ?? 0,
      durationMs: clock.now() - (turn?.startedAt ?? clock.now()),
    };
    const last = [...this.#leftovers(end), finished];
    try {
      await hub.emit(last, { sync: true });
    } catch (error) {
      log.error("the end of the turn could not be written; the turn can be resumed", error);
      hub.publishUnsaved(last);
    }
    hub.enterTurn(undefined);
  }

  /** Every requested call ends in one `tool.finished`, whatever ended the turn, and one that had begun says so. */
  #leftovers(end: TurnEnd): readonly NewEvent[] {
    const turn = this.#options.hub.state.turns.at(-1);
    const requested = turn?.entries.filter((entry) => entry.kind === "tool") ?? [];
    const calls = abandonedCalls(requested, { what: "turn", byPerson: end.reason === "interrupted" });
    const script = openScriptOf(turn);
    return script ? [...calls, abandoned(script.scriptId, end)] : calls;
  }

  #turnDeps(): TurnDeps {
    const { contextSources, selectModel, ops: _, ...shared } = this.#options;
    // Read once a turn: instructions that changed under way would cost the whole prompt cache.
    let sources: Promise<ContextSources> | undefined;
    return {
      ...shared,
      contextSources: () => {
        sources ??= contextSources();
        return sources;
      },
      selectModel: () => selectModel(shared.hub.state.model),
    };
  }
}

/** The end of a program that its turn did not wait for. */
function abandoned(scriptId: string, end: TurnEnd): NewEvent {
  const status = end.reason === "interrupted" ? ("cancelled" as const) : ("interrupted" as const);
  const output = "The block did not run to its end: the turn ended before. Calls it had made stand.";
  const outcome = { status, clean: false, output, printed: "", names: null, durationMs: 0 };
  return { type: "script.finished", scriptId, outcome };
}
