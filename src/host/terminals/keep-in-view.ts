/**
 * When a window is loaded VS Code opens a shell of its own in a terminal panel that it finds empty, and shows it over
 * the agent's pane that has come back or has just been opened. Once, and only over a shell that nobody has touched, the
 * pane is shown again.
 */
import * as vscode from "vscode";
import { type Disposable, toDisposable } from "../../base/disposable.ts";

/** The age of the extension host, and so of the window, after which a new shell is somebody's wish. */
const LOADING_MS = 30_000;

export function keepInView(terminal: vscode.Terminal): Disposable {
  const leftMs = LOADING_MS - process.uptime() * 1_000;
  if (leftMs <= 0) return toDisposable(() => {});
  const before = new Set(vscode.window.terminals);
  const subscription = vscode.window.onDidChangeActiveTerminal((active) => {
    if (active === undefined || active === terminal) return;
    const unasked = !before.has(active) && !active.state.isInteractedWith && active.creationOptions.name === undefined;
    stop();
    if (unasked) terminal.show(true);
  });
  const timer = setTimeout(() => stop(), leftMs);
  const stop = () => {
    clearTimeout(timer);
    subscription.dispose();
  };
  return toDisposable(stop);
}
