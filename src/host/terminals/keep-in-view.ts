/**
 * After a reload VS Code opens a shell of its own in a terminal panel that it finds empty, and shows that instead of
 * the pane which was there before and comes back a moment later or earlier. Once, and only for a shell that nobody has
 * touched, the pane is shown again.
 */
import * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";

/** As long as a slow machine may take to start that shell. */
const WATCH_MS = 15_000;

export function keepInView(terminal: vscode.Terminal): Disposable {
  const before = new Set(vscode.window.terminals);
  const subscription = vscode.window.onDidChangeActiveTerminal((active) => {
    if (active === undefined || active === terminal) return;
    const unasked = !before.has(active) && !active.state.isInteractedWith && active.creationOptions.name === undefined;
    stop();
    if (unasked) terminal.show(true);
  });
  const timer = setTimeout(() => stop(), WATCH_MS);
  const stop = () => {
    clearTimeout(timer);
    subscription.dispose();
  };
  return { dispose: stop };
}
