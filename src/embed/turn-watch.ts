/**
 * Follows one task of `Runtime.run` from the moment it is handed over to the end of its turn, also when it has to
 * wait in the queue, is taken back, or the session goes away.
 */
import { AppError } from "../base/app-error.ts";
import type { Disposable } from "../base/disposable.ts";
import type { AgentEvent, EventOf } from "../protocol/events.ts";
import type { UserInput } from "../protocol/items.ts";
import type { Session } from "../runtime/session.ts";

export class TurnWatch implements Disposable {
  /** Rejects with AppError `closed` when the session goes away first. */
  readonly finished: Promise<EventOf<"turn.finished"> | "withdrawn">;
  readonly #session: Session;
  readonly #input: UserInput | undefined;
  readonly #subscription: Disposable;
  readonly #settle: (outcome: EventOf<"turn.finished"> | "withdrawn") => void;
  #turnId: string | undefined;
  #messageId: string | undefined;
  #stopped = false;

  /** `input` is recognised by identity; without one the turn `turnId` is followed. */
  constructor(session: Session, input: UserInput | undefined, turnId: string | undefined) {
    this.#session = session;
    this.#input = input;
    this.#turnId = input === undefined ? turnId : undefined;
    const { promise, resolve, reject } = Promise.withResolvers<EventOf<"turn.finished"> | "withdrawn">();
    this.finished = promise;
    this.#settle = resolve;
    this.#subscription = session.on((event) => this.#see(event));
    promise.catch(() => undefined);
    void session.ended.then(() =>
      reject(new AppError("closed", "the session was closed before the task had ended", { next: "Open it again." })),
    );
  }

  /** The caller wants it stopped: a running turn is interrupted, a waiting task taken back. */
  stop(): void {
    this.#stopped = true;
    if (this.#turnId !== undefined) {
      if (this.#session.state.activeTurnId === this.#turnId) void this.#session.submit({ type: "turn.interrupt" });
    } else if (this.#messageId !== undefined) {
      const messageId = this.#messageId;
      this.#session.submit({ type: "message.withdraw", messageId }).catch(() => undefined);
    }
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #see(event: AgentEvent): void {
    switch (event.type) {
      case "message.queued":
        if (event.input !== this.#input) return;
        this.#messageId = event.messageId;
        if (this.#stopped) this.stop();
        return;
      case "turn.started":
        if (this.#input === undefined || event.input !== this.#input) return;
        this.#turnId = event.turnId;
        if (this.#stopped) this.stop();
        return;
      case "message.withdrawn":
        if (event.messageId === this.#messageId) this.#settle("withdrawn");
        return;
      case "turn.finished":
        if (this.#turnId !== undefined && event.turnId === this.#turnId) this.#settle(event);
        // A program that waits for its task does not want it held back by the failure of another one.
        else if (this.#turnId === undefined && this.#messageId !== undefined) this.#releaseQueue();
    }
  }

  #releaseQueue(): void {
    void this.#session
      .idle()
      .then(() => {
        if (this.#session.state.queueHeld) return this.#session.submit({ type: "queue.release" });
        return undefined;
      })
      .catch(() => undefined);
  }
}
