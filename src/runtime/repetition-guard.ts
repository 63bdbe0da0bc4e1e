/**
 * Notices a model that runs in circles: the same call with the same result. Three in a row get a remark to the
 * model, five a question to the person.
 */
import { createHash } from "node:crypto";

/** One call or program and what came of it. */
export interface FinishedAction {
  readonly name: string;
  readonly input: string;
  readonly status: string;
  readonly output: string;
  /** For the person. */
  readonly summary: string;
}

export type Repetition = "none" | "remark" | "ask";

const REMARK_AT = 3;
const ASK_AT = 5;

export class RepetitionGuard {
  #last = "";
  #count = 0;

  /** Takes what one response has done; says what the newest run of repetitions calls for. */
  observe(actions: readonly FinishedAction[]): Repetition {
    let result: Repetition = "none";
    for (const { name, input, status, output } of actions) {
      const key = createHash("sha256")
        .update(JSON.stringify([name, input, status, comparable(output)]))
        .digest("hex");
      this.#count = key === this.#last ? this.#count + 1 : 1;
      this.#last = key;
      if (this.#count === REMARK_AT && result === "none") result = "remark";
      if (this.#count >= ASK_AT) result = "ask";
    }
    return result;
  }

  /** The person said to go on: counting starts again. */
  reset(): void {
    this.#count = 0;
    this.#last = "";
  }
}

/** Command numbers, process ids and durations differ between runs that are the same in every way that matters. */
function comparable(output: string): string {
  return output
    .replace(/:cmd\d+\]/g, ":cmd]")
    .replace(/\bpid: \d+/g, "pid:")
    .replace(/\b\d+(\.\d+)? ?ms\b/g, "ms");
}
