/** Questions to the person as records in the journal: asked, answered, asked again after a restart. */
import type { IdSource } from "../base/ids.ts";
import type { Log } from "../ports/log.ts";
import type { Questions } from "../ports/questions.ts";
import type { Question, QuestionAnswer } from "../protocol/permissions.ts";
import type { ToolEntry } from "../protocol/state.ts";
import type { EventHub } from "./event-hub.ts";
import { PendingRecords } from "./pending-records.ts";

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
  readonly #records: PendingRecords<QuestionAnswer>;
  #unanswered = false;

  constructor(options: QuestionDeskOptions) {
    this.#options = options;
    this.#records = new PendingRecords(options.hub);
  }

  /** True once a question found nobody to answer it; the turn then ends instead of guessing. */
  takeUnanswered(): boolean {
    const unanswered = this.#unanswered;
    this.#unanswered = false;
    return unanswered;
  }

  /** The person's answer. False when it is not the first, or nothing of that id is pending: nothing changes then. */
  answer(questionId: string, answer: QuestionAnswer): boolean {
    return this.#records.answer(questionId, answer);
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
    const question: Question = {
      questionId: this.#options.ids.next("question"),
      callId,
      question: text,
      ...(choices === undefined ? {} : { choices: [...choices] }),
    };
    const { questionId } = question;
    const answer = await this.#records.ask(
      {
        id: questionId,
        asked: { type: "question.asked", question },
        answered: (given) => ({ event: { type: "question.answered", questionId, answer: given }, sync: false }),
        consult: () => this.#consult(question, signal),
        onFault: (error) => {
          this.#options.log.error("the question handler failed; the question stays unanswered", error);
          return FOUND_NOBODY;
        },
        onAbort: { kind: "cancelled" },
      },
      signal,
    );
    if (answer === FOUND_NOBODY) this.#unanswered = true;
    return answer;
  }

  async #consult(question: Question, signal: AbortSignal): Promise<QuestionAnswer | null> {
    const answerer = this.#options.answerer();
    switch (answerer.kind) {
      case "person":
        return null;
      case "nobody":
        return FOUND_NOBODY;
      case "handler": {
        const text: unknown = await answerer.handle(question, signal);
        return typeof text === "string" ? { kind: "answered", text } : FOUND_NOBODY;
      }
    }
  }
}

/** On record a question is cancelled either way; the turn has to know one that nobody could answer by identity. */
const FOUND_NOBODY: QuestionAnswer = { kind: "cancelled" };
