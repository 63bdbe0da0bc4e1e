/** A tool that has to ask the person gets this port; the answer comes through the session's record. */
import type { QuestionAnswer } from "../protocol/permissions.ts";

export interface Questions {
  /** Must not reject. `cancelled` when the turn ends first or nobody can answer. */
  ask(question: { text: string; choices?: readonly string[] }, signal: AbortSignal): Promise<QuestionAnswer>;
}
