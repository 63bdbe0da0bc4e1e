/** Modal messages as a dependency: VS Code refuses to show them while an extension is under test. */
import * as vscode from "vscode";

export type Ask = (
  message: string,
  options: { readonly detail: string },
  ...buttons: readonly string[]
) => Promise<string | undefined>;

/**
 * An answer faster than this was on its way before the message could be read: somebody who was typing, or a click meant
 * for what the message has covered.
 */
const READING_TIME_MS = 400;

/**
 * Resolves with the button, or undefined when the person dismissed the message. A button that was pressed by accident
 * does not count; the message is shown again.
 */
export const askInModal: Ask = async (message, { detail }, ...buttons) => {
  for (;;) {
    const shownAt = performance.now();
    const button = await vscode.window.showWarningMessage(message, { modal: true, detail }, ...buttons);
    if (button === undefined || performance.now() - shownAt >= READING_TIME_MS) return button;
  }
};
