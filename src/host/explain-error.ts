/** What went wrong, told to the person with what to do next. */
import * as vscode from "vscode";
import { AppError, messageOf } from "../base/app-error.ts";
import type { OutputLog } from "./output-log.ts";
import { openFolders } from "./workspace-place.ts";

/** Cause and next step, as sentences. */
export function explainError(error: unknown): string {
  const message = messageOf(error);
  const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?…]$/.test(message) ? "" : "."}`;
  return AppError.is(error) && error.next ? `${sentence} ${error.next}` : sentence;
}

/** Of a command that failed: with a button for what to do next. */
export async function offerWayOut(error: unknown, log: OutputLog): Promise<void> {
  if (AppError.is(error, "usage") && openFolders().length === 0) {
    const button = await vscode.window.showWarningMessage(explainError(error), "Open Folder");
    if (button) await vscode.commands.executeCommand("workbench.action.files.openFolder");
    return;
  }
  log.error("a command failed", error);
  const button = await vscode.window.showErrorMessage(explainError(error), "Show Log");
  if (button) log.show();
}
