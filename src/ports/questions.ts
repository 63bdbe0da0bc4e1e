/** A tool that has to ask the person gets this port; the answer comes through the session's record. */
import type { QuestionAnswer } from "../protocol/permissions.ts";

export interface Questions {
  /** `cancelled` when the turn ends first or nobody can answer. Rejects when question or answer can not be kept. */
  ask(question: { text: string; choices?: readonly string[] }, signal: AbortSignal): Promise<QuestionAnswer>;
}
