/**
 * The one place where events get their number and go out, in fixed order: journal (durable events), reducer,
 * observers. Nobody sees a durable event before it is in the file. Live events pass through at once unless a
 * write is under way, in which case they wait behind it so that order is kept.
 */
import { AppError } from "../base/app-error.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { Log } from "../ports/log.ts";
import type { SessionJournal } from "../ports/session-store.ts";
import { type AgentEvent, type DurableEvent, EVENT_VERSION, isDurable, type NewEvent } from "../protocol/events.ts";
import { reduce } from "../protocol/reduce.ts";
import type { SessionState } from "../protocol/state.ts";

interface Batch {
  readonly events: readonly AgentEvent[];
  readonly sync: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface EventHubOptions {
  readonly sessionId: string;
  readonly journal: SessionJournal;
  readonly clock: Clock;
  readonly state: SessionState;
  readonly log: Log;
}

export class EventHub implements Disposable {
  readonly #sessionId: string;
  readonly #journal: SessionJournal;
  readonly #clock: Clock;
  readonly #observers: Emitter<AgentEvent>;
  #state: SessionState;
  #seq: number;
  #turnId: string | undefined;
  #waiting: Batch[] = [];
  /** Shown but not in the journal; written before anything else is. */
  #unsaved: DurableEvent[] = [];
  #writing = false;
  #disposed = false;

  constructor(options: EventHubOptions) {
    this.#sessionId = options.sessionId;
    this.#journal = options.journal;
    this.#clock = options.clock;
    this.#state = options.state;
    this.#seq = options.state.lastSeq;
    this.#turnId = options.state.activeTurnId ?? undefined;
    this.#observers = new Emitter((error) => options.log.error("an event observer failed", error));
  }

  get state(): SessionState {
    return this.#state;
  }

  on(observer: (event: AgentEvent) => void): Disposable {
    return this.#observers.on(observer);
  }

  /** The turn that following events belong to. */
  enterTurn(turnId: string | undefined): void {
    this.#turnId = turnId;
  }

  /**
   * Emits events that belong together in one write. Resolves when observers have seen them; with `sync` they are on
   * the disk by then. Rejects with AppError `storage` when the journal could not take them: nobody has seen them then.
   */
  emit(events: readonly NewEvent[], options: { sync?: boolean } = {}): Promise<void> {
    if (this.#disposed) return Promise.reject(new AppError("closed", "the session is closed"));
    const stamped = events.map((event) => this.#stamp(event));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ events: stamped, sync: options.sync ?? false, resolve, reject });
      if (!this.#writing) void this.#drain();
    });
  }

  /** Emits a live event; cheap enough for every token. */
  emitLive(event: NewEvent): void {
    if (this.#disposed) return;
    const stamped = this.#stamp(event);
    if (this.#writing || this.#waiting.length > 0) {
      this.#waiting.push({ events: [stamped], sync: false, resolve: ignore, reject: ignore });
    } else {
      this.#publish(stamped);
    }
  }

  /**
   * Shows events that the journal could not take, so that a person learns why a turn ended although the disk is
   * full. They are written together with the next ones; until then the journal says "unfinished", and that is what
   * a next process will offer to resume.
   */
  publishUnsaved(events: readonly NewEvent[]): void {
    if (this.#disposed) return;
    for (const event of events.map((fresh) => this.#stamp(fresh))) {
      if (isDurable(event)) this.#unsaved.push(event);
      this.#publish(event);
    }
  }

  /** From here on nothing is written and nobody hears anything. */
  dispose(): void {
    this.#disposed = true;
    this.#observers.dispose();
  }

  #stamp(event: NewEvent): AgentEvent {
    this.#seq += 1;
    return {
      v: EVENT_VERSION,
      seq: this.#seq,
      at: this.#clock.now(),
      sessionId: this.#sessionId,
      ...(this.#turnId === undefined ? {} : { turnId: this.#turnId }),
      ...event,
    } as AgentEvent;
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batches = this.#waiting;
      this.#waiting = [];
      const durable: DurableEvent[] = [];
      const unsaved = this.#unsaved;
      for (const batch of batches) for (const event of batch.events) if (isDurable(event)) durable.push(event);
      let failure: unknown;
      if (durable.length > 0) {
        try {
          await this.#journal.append([...unsaved, ...durable], { sync: batches.some((batch) => batch.sync) });
          this.#unsaved = this.#unsaved.slice(unsaved.length);
        } catch (error) {
          failure = error;
        }
      }
      for (const batch of batches) {
        if (failure !== undefined && batch.events.some(isDurable)) {
          batch.reject(failure);
          continue;
        }
        try {
          for (const event of batch.events) this.#publish(event);
          batch.resolve();
        } catch (bug) {
          // A fault of the reducer fails its own batch; the ones behind it must not wait for ever.
          batch.reject(bug);
        }
      }
    }
    this.#writing = false;
  }

  #publish(event: AgentEvent): void {
    this.#state = reduce(this.#state, event);
    this.#observers.emit(event);
  }
}

function ignore(): void {}
