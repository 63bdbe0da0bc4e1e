/** Modal messages as a dependency: VS Code refuses to show them while an extension is under test. */
import * as vscode from "vscode";

export type Ask = (
  message: string,
  options: { readonly detail: string },
  ...buttons: readonly string[]
) => Promise<string | undefined>;

/** Resolves with the button, or undefined when the person dismissed the message. */
export const askInModal: Ask = async (message, { detail }, ...buttons) =>
  vscode.window.showWarningMessage(message, { modal: true, detail }, ...buttons);
