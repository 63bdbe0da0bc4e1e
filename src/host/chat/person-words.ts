/** The words in an op, as the person wrote them: what goes back to the composer when the op is not taken. */
import type { UserInput } from "../../protocol/items.ts";
import type { Op } from "../../protocol/ops.ts";
import type { SessionState } from "../../protocol/state.ts";

/** Null where nothing was written, as with a button. */
export function wordsOf(op: Op, state: SessionState | undefined): UserInput | null {
  switch (op.type) {
    case "turn.submit":
    case "turn.steer":
      return op.input;
    case "permission.answer":
      return op.note ? { text: op.note } : null;
    case "question.answer":
      return op.text === "" || isChoice(op, state) ? null : { text: op.text };
    default:
      return null;
  }
}

function isChoice({ questionId, text }: Extract<Op, { type: "question.answer" }>, state: SessionState | undefined) {
  for (const turn of state?.turns.toReversed() ?? []) {
    for (const entry of turn.entries.toReversed()) {
      if (entry.kind !== "tool" || entry.question?.question.questionId !== questionId) continue;
      return entry.question.question.choices?.includes(text) ?? false;
    }
  }
  return false;
}
