/** Questions of the agent as a quick input while the panel, which has a card for them, is not visible. */
import * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import type { Question } from "../../protocol/permissions.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionHub } from "../sessions/session-hub.ts";

const OWN_WORDS = "Answer in your own words…";

export interface PendingQuestion {
  readonly session: LiveSession;
  readonly question: Question;
}

export class QuestionPrompter implements Disposable {
  readonly #hub: SessionHub;
  readonly #panelVisible: () => boolean;
  readonly #subscription: Disposable;
  #queue: Promise<void> = Promise.resolve();

  constructor(hub: SessionHub, panelVisible: () => boolean) {
    this.#hub = hub;
    this.#panelVisible = panelVisible;
    this.#subscription = hub.onEvent(({ session, event }) => {
      if (event.type !== "question.asked" || (this.#panelVisible() && this.#hub.shown === session)) return;
      void this.show({ session, question: event.question });
    });
  }

  pending(): readonly PendingQuestion[] {
    return this.#hub.live.flatMap((session) =>
      session.runtime.state.pendingQuestions.map((question) => ({ session, question })),
    );
  }

  /** One after another. Dismissing leaves the question pending. */
  show(pending: PendingQuestion): Promise<void> {
    this.#queue = this.#queue.then(() => this.#showOne(pending));
    return this.#queue;
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #showOne({ session, question }: PendingQuestion): Promise<void> {
    const { runtime } = session;
    const { questionId } = question;
    const settled = new vscode.CancellationTokenSource();
    const subscription = runtime.on("question.answered", (event) => {
      if (event.questionId === questionId) settled.cancel();
    });
    try {
      if (!runtime.state.pendingQuestions.some((open) => open.questionId === questionId)) return;
      const text = await answerOf(question, settled.token);
      if (text !== undefined) await runtime.submit({ type: "question.answer", questionId, text });
    } finally {
      subscription.dispose();
      settled.dispose();
    }
  }
}

async function answerOf(question: Question, token: vscode.CancellationToken): Promise<string | undefined> {
  const title = "CodePilot asks";
  if (question.choices && question.choices.length > 0) {
    const picked = await vscode.window.showQuickPick(
      [...question.choices, OWN_WORDS],
      { title, placeHolder: question.question, ignoreFocusOut: true },
      token,
    );
    if (picked !== OWN_WORDS) return picked;
  }
  return vscode.window.showInputBox({ title, prompt: question.question, ignoreFocusOut: true }, token);
}
