/** Questions as quick inputs, one after another. */
import assert from "node:assert/strict";
import { type PendingQuestion, QuestionPrompter } from "../../src/host/prompts/question-prompter.ts";
import type { SessionHub } from "../../src/host/sessions/session-hub.ts";
import { silentLog } from "../../src/ports/log.ts";

describe("the question prompter", () => {
  it("goes on with the next question after one that could not be shown", async () => {
    const nothing = { dispose() {} };
    const hub = { onEvent: () => nothing } as unknown as SessionHub;
    const prompter = new QuestionPrompter({ hub, panelVisible: () => true, log: silentLog });
    const pending = (runtime: unknown) => ({ session: { runtime }, question: { questionId: "q" } });
    const show = (runtime: unknown) => prompter.show(pending(runtime) as unknown as PendingQuestion);
    const broken = () => {
      throw new Error("its session is gone");
    };
    await assert.rejects(show({ on: broken }), /its session is gone/);
    await show({ on: () => nothing, state: { pendingQuestions: [] } });
    prompter.dispose();
  });
});
