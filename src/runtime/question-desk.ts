/** Questions to the person as records in the journal: asked, answered, asked again after a restart. */
import type { IdSource } from "../base/ids.ts";
import type { Log } from "../ports/log.ts";
import type { Questions } from "../ports/questions.ts";
import type { Question, QuestionAnswer } from "../protocol/permissions.ts";
import type { ToolEntry } from "../protocol/state.ts";
import type { EventHub } from "./event-hub.ts";

/** An embedder's answer; null, a throw or a non-string is "not answered". */
export type QuestionHandler = (question: Question, signal: AbortSignal) => Promise<string | null>;

export type Answerer =
  | { readonly kind: "person" }
  | { readonly kind: "handler"; readonly handle: QuestionHandler }
  | { readonly kind: "nobody" };

export interface QuestionDeskOptions {
  readonly hub: EventHub;
  readonly ids: IdSource;
  readonly log: Log;
  readonly answerer: () => Answerer;
}

export class QuestionDesk {
  readonly #options: QuestionDeskOptions;
  readonly #pending = new Map<string, (answer: QuestionAnswer) => void>();
  #unanswered = false;

  constructor(options: QuestionDeskOptions) {
    this.#options = options;
  }

  /** True once a question found nobody to answer it; the turn then ends instead of guessing. */
  takeUnanswered(): boolean {
    const unanswered = this.#unanswered;
    this.#unanswered = false;
    return unanswered;
  }

  answer(questionId: string, answer: QuestionAnswer): boolean {
    const settle = this.#pending.get(questionId);
    settle?.(answer);
    return settle !== undefined;
  }

  /** Forgets what an earlier turn left. */
  reset(): void {
    this.#unanswered = false;
  }

  /** The port for one call. What was asked and answered before a restart is not asked again. */
  forCall(call: Pick<ToolEntry, "callId" | "question">): Questions {
    const recorded = call.question;
    return {
      ask: async ({ text, choices }, signal) => {
        if (recorded?.answer?.kind === "answered" && recorded.question.question === text) return recorded.answer;
        return this.#ask(call.callId, text, choices, signal);
      },
    };
  }

  async #ask(
    callId: string,
    text: string,
    choices: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<QuestionAnswer> {
    const { hub, ids } = this.#options;
    const question: Question = {
      questionId: ids.next("question"),
      callId,
      question: text,
      ...(choices === undefined ? {} : { choices: [...choices] }),
    };
    const { promise, resolve } = Promise.withResolvers<QuestionAnswer>();
    const cancel = () => resolve({ kind: "cancelled" });
    signal.addEventListener("abort", cancel, { once: true });
    this.#pending.set(question.questionId, resolve);
    try {
      await hub.emit([{ type: "question.asked", question }]);
      if (signal.aborted) cancel();
      else this.#consult(question, signal, resolve);
      const answer = await promise;
      this.#pending.delete(question.questionId);
      await hub.emit([{ type: "question.answered", questionId: question.questionId, answer }]);
      return answer;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#pending.delete(question.questionId);
    }
  }

  #consult(question: Question, signal: AbortSignal, settle: (answer: QuestionAnswer) => void): void {
    const answerer = this.#options.answerer();
    const nobody = () => {
      this.#unanswered = true;
      settle({ kind: "cancelled" });
    };
    if (answerer.kind === "nobody") nobody();
    if (answerer.kind !== "handler") return;
    void (async () => answerer.handle(question, signal))().then(
      (text) => (typeof text === "string" ? settle({ kind: "answered", text }) : nobody()),
      (error: unknown) => {
        this.#options.log.error("the question handler failed; the question stays unanswered", error);
        nobody();
      },
    );
  }
}
