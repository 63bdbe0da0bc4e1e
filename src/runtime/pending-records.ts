/**
 * Requests that somebody else has to answer, as records in the journal: asked, then answered exactly once. The first
 * answer wins and is written before it counts; an abort and a fault of whoever is consulted are answers too.
 */
import type { NewEvent } from "../protocol/events.ts";
import type { EventHub } from "./event-hub.ts";

export interface Asking<Answer> {
  readonly id: string;
  readonly asked: NewEvent;
  /** The record of the answer; `sync`: it is on the disk before anything is done because of it. */
  readonly answered: (answer: Answer) => { readonly event: NewEvent; readonly sync: boolean };
  /** Called once the request is written, unless it has been answered by then. Null: the person will answer. */
  readonly consult: () => Promise<Answer | null>;
  /** The answer when `consult` throws or rejects. */
  readonly onFault: (error: unknown) => Answer;
  readonly onAbort: Answer;
}

export class PendingRecords<Answer> {
  readonly #hub: EventHub;
  readonly #pending = new Map<string, (answer: Answer) => void>();

  constructor(hub: EventHub) {
    this.#hub = hub;
  }

  /** Hands in an answer. True for the one that wins; false, with no effect, when the request is not pending (any more). */
  answer(id: string, answer: Answer): boolean {
    const settle = this.#pending.get(id);
    settle?.(answer);
    return settle !== undefined;
  }

  /**
   * Asks and waits for the answer, which is in the journal when this resolves. Rejects with AppError `storage` or
   * `closed` when request or answer could not be written: nothing may be done then.
   */
  async ask(asking: Asking<Answer>, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const settle = (answer: Answer) => {
      // From the first answer on a second one must find nothing pending.
      if (this.#pending.delete(asking.id)) resolve(answer);
    };
    const abort = () => settle(asking.onAbort);
    signal.addEventListener("abort", abort, { once: true });
    // Registered before it is shown: an answer may come from the very observer that shows it.
    this.#pending.set(asking.id, settle);
    try {
      await this.#hub.emit([asking.asked]);
      if (signal.aborted) abort();
      if (this.#pending.has(asking.id)) this.#consult(asking, settle);
      const answer = await promise;
      const { event, sync } = asking.answered(answer);
      await this.#hub.emit([event], { sync });
      return answer;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#pending.delete(asking.id);
    }
  }

  #consult(asking: Asking<Answer>, settle: (answer: Answer) => void): void {
    // Wrapped, so that one that throws before its first await is a fault as well.
    void (async () => asking.consult())().then(
      (answer) => {
        if (answer !== null) settle(answer);
      },
      (error: unknown) => settle(asking.onFault(error)),
    );
  }
}
