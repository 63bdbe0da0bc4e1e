/** Extended thinking counts against `max_tokens`, so the budget is made to leave room for the answer. */

/** Left for the answer where nobody wrote a limit. */
export const ANSWER_TOKENS = 4096;
/** Left for the answer of a limit that the person wrote. */
export const WRITTEN_ANSWER_TOKENS = 2048;
/** The API takes no less. */
export const SMALLEST_BUDGET_TOKENS = 1024;

/** The budget nearest to `wanted` that leaves `room` of `limit`; undefined where there is none. All in tokens. */
export function budgetBelow(limit: number, wanted: number, room: number): number | undefined {
  const budget = Math.min(Math.max(SMALLEST_BUDGET_TOKENS, wanted), limit - room);
  return budget < SMALLEST_BUDGET_TOKENS ? undefined : budget;
}
