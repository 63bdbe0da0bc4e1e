/** What follows when a model runs in circles: a remark to it, then a question to the person. */
import type { IdSource } from "../base/ids.ts";
import type { TurnError } from "../protocol/items.ts";
import type { EventHub } from "./event-hub.ts";
import type { QuestionDesk } from "./question-desk.ts";
import { remark } from "./remark.ts";
import { type FinishedAction, RepetitionGuard } from "./repetition-guard.ts";
import { ACTED, type ActionEnd, ended } from "./turn-actions.ts";

export interface RepetitionWatchOptions {
  readonly hub: EventHub;
  readonly ids: IdSource;
  readonly questions: QuestionDesk;
}

const GOING_IN_CIRCLES =
  "[CodePilot: the last three calls were the same and had the same result. Change your approach or finish with what you know.]";

export class RepetitionWatch {
  readonly #options: RepetitionWatchOptions;
  readonly #guard = new RepetitionGuard();

  constructor(options: RepetitionWatchOptions) {
    this.#options = options;
  }

  /** Takes what one response has done; `callId` is what a question to the person would be about. */
  async observe(actions: readonly FinishedAction[], callId: string, signal: AbortSignal): Promise<ActionEnd> {
    const { hub, ids, questions } = this.#options;
    const repetition = this.#guard.observe(actions);
    if (repetition === "none") return ACTED;
    if (repetition === "remark") {
      await hub.emit([remark(ids, GOING_IN_CIRCLES)]);
      return ACTED;
    }
    const question = {
      text: `The agent has made the same call with the same result five times (${actions.at(-1)?.summary}). Let it go on?`,
      choices: ["Go on", "Stop"],
    };
    const answer = await questions.forCall({ callId }).ask(question, signal);
    // Nobody there is an answer here: the turn ends at its limit, not as an unanswered question of the model.
    questions.takeUnanswered();
    this.#guard.reset();
    if (answer.kind === "answered" && answer.text.trim().toLowerCase() === "go on") return ACTED;
    return signal.aborted ? ACTED : ended({ reason: "limit", error: repetitionError });
  }
}

const repetitionError: TurnError = {
  class: "internal",
  message: "The agent repeated the same call with the same result five times.",
  next: "Tell it what to do differently.",
};
