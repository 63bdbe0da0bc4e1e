/** Questions of the agent as a quick input while the panel, which has a card for them, is not visible. */
import * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import type { Log } from "../../ports/log.ts";
import type { Question } from "../../protocol/permissions.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionHub } from "../sessions/session-hub.ts";

const OWN_WORDS = "Answer in your own words…";

export interface PendingQuestion {
  readonly session: LiveSession;
  readonly question: Question;
}

export interface QuestionPrompterOptions {
  readonly hub: SessionHub;
  readonly panelVisible: () => boolean;
  readonly log: Log;
}

export class QuestionPrompter implements Disposable {
  readonly #hub: SessionHub;
  readonly #subscription: Disposable;
  /** Settled when the last one is; never rejects. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor({ hub, panelVisible, log }: QuestionPrompterOptions) {
    this.#hub = hub;
    this.#subscription = hub.onEvent(({ session, event }) => {
      if (event.type !== "question.asked" || (panelVisible() && hub.shown === session)) return;
      this.show({ session, question: event.question }).catch((error: unknown) => {
        // It stays pending: card, status bar and commands still have it.
        log.error("the question could not be shown", error);
      });
    });
  }

  pending(): readonly PendingQuestion[] {
    return this.#hub.live.flatMap((session) =>
      session.runtime.state.pendingQuestions.map((question) => ({ session, question })),
    );
  }

  /** One after another, whatever becomes of the one before. Dismissing leaves the question pending. */
  show(pending: PendingQuestion): Promise<void> {
    const shown = this.#queue.then(() => this.#showOne(pending));
    this.#queue = shown.catch(() => undefined);
    return shown;
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
