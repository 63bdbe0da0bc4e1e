/** What the rows of the sessions view offer. The argument is a session's id, a row of the tree, or nothing: the selected row. */
import * as vscode from "vscode";
import { AppError } from "../../base/app-error.ts";
import type { CodePilotWindow } from "../window.ts";
import type { TreeNode } from "./session-tree.ts";

export async function openSession(window: CodePilotWindow, argument: unknown): Promise<void> {
  const sessionId = sessionOf(window, argument);
  if (sessionId === undefined) return;
  await window.hub.open(sessionId);
  await window.revealChat();
}

export async function resumeSession(window: CodePilotWindow, argument: unknown): Promise<void> {
  const sessionId = sessionOf(window, argument);
  if (sessionId === undefined) return;
  // Opening goes on by itself where that is safe.
  const { runtime } = await window.hub.open(sessionId);
  if (runtime.interruptedTurn) await runtime.submit({ type: "turn.resume" });
  await window.revealChat();
}

export async function discardInterrupted(window: CodePilotWindow, argument: unknown): Promise<void> {
  const sessionId = sessionOf(window, argument);
  if (sessionId === undefined) return;
  const { runtime } = await window.hub.openQuietly(sessionId);
  if (runtime.interruptedTurn) await runtime.discard();
}

export async function stopSession(window: CodePilotWindow, argument: unknown): Promise<void> {
  const sessionId = sessionOf(window, argument);
  await window.hub.get(sessionId ?? "")?.runtime.interrupt();
}

export async function copySessionId(window: CodePilotWindow, argument: unknown): Promise<void> {
  const sessionId = sessionOf(window, argument);
  if (sessionId === undefined) return;
  await vscode.env.clipboard.writeText(sessionId);
  vscode.window.setStatusBarMessage("CodePilot: session id copied", 3_000);
}

/** Asks in a modal message first. What can not be deleted says why, before anything is asked where that is known. */
export async function deleteSession(window: CodePilotWindow, argument: unknown): Promise<void> {
  const sessionId = sessionOf(window, argument);
  if (sessionId === undefined) return;
  try {
    const { title } = await window.hub.checkDeletable(sessionId);
    const detail =
      "Its conversation and the versions that were kept of the files it changed are removed from this machine. The files in the workspace stay as they are. This can not be undone.";
    if ((await window.ask(`Delete the session “${title}”?`, { detail }, "Delete")) !== "Delete") return;
    await window.hub.delete(sessionId);
  } catch (error) {
    if (!AppError.is(error, "in-use")) throw error;
    void vscode.window.showWarningMessage(`CodePilot: ${error.message}. ${error.next ?? ""}`.trim());
  }
}

function sessionOf(window: CodePilotWindow, argument: unknown): string | undefined {
  if (typeof argument === "string") return argument;
  const node = argument as TreeNode | undefined;
  return node?.kind === "session" ? node.row.sessionId : window.selectedSession;
}
