/** The status bar item and the context keys: what the sessions of this window are doing, at a glance. */
import * as vscode from "vscode";
import type { Disposable } from "../base/disposable.ts";
import { contextKeys } from "./contributions.ts";
import { permissionLine } from "./prompts/permission-text.ts";
import { isRunning } from "./sessions/live-session.ts";
import type { SessionHub } from "./sessions/session-hub.ts";

export interface Glance {
  readonly running: number;
  readonly permissions: readonly string[];
  readonly questions: number;
  readonly interrupted: boolean;
}

export class StatusBar implements Disposable {
  readonly #hub: SessionHub;
  readonly #item: vscode.StatusBarItem;
  readonly #onChange: (glance: Glance) => void;
  readonly #subscriptions: readonly Disposable[];
  /** What was set last: VS Code is told of changes only. */
  #shown = "";

  constructor(hub: SessionHub, item: vscode.StatusBarItem, onChange: (glance: Glance) => void) {
    this.#hub = hub;
    this.#item = item;
    this.#onChange = onChange;
    this.#subscriptions = [hub.onEvent(() => this.#update()), hub.onShown(() => this.#update())];
    this.#update();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #update(): void {
    const glance = glanceAt(this.#hub);
    const shown = JSON.stringify(glance);
    if (shown === this.#shown) return;
    this.#shown = shown;
    render(this.#item, glance);
    setContexts(glance);
    this.#onChange(glance);
  }
}

function glanceAt(hub: SessionHub): Glance {
  const states = hub.live.map(({ runtime }) => runtime.state);
  return {
    running: hub.live.filter(isRunning).length,
    permissions: states.flatMap((state) => state.pendingPermissions.map(permissionLine)),
    questions: states.reduce((count, state) => count + state.pendingQuestions.length, 0),
    interrupted: hub.shown?.runtime.state.phase === "interrupted",
  };
}

function render(item: vscode.StatusBarItem, { running, permissions, questions, interrupted }: Glance): void {
  const needed = permissions.length + questions;
  if (needed > 0) {
    item.text = `$(bell-dot) CodePilot needs you${needed > 1 ? ` (${needed})` : ""}`;
    item.tooltip = [...permissions, ...(questions > 0 ? ["A question waits for your answer"] : [])].join("\n");
    item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
    return;
  }
  item.backgroundColor = undefined;
  if (running > 0) {
    item.text = `$(loading~spin) CodePilot${running > 1 ? ` (${running})` : ""}`;
    item.tooltip = "CodePilot is working. Click to look.";
  } else if (interrupted) {
    item.text = "$(debug-pause) CodePilot";
    item.tooltip = "A turn was interrupted and waits to be resumed or discarded.";
  } else {
    item.text = IDLE_TEXT;
    item.tooltip = IDLE_TOOLTIP;
  }
}

export const IDLE_TEXT = "$(sparkle) CodePilot";
export const IDLE_TOOLTIP = "CodePilot is idle. Click to open the chat.";

function setContexts({ running, permissions, interrupted }: Glance): void {
  const set = (key: string, value: boolean) => void vscode.commands.executeCommand("setContext", key, value);
  set(contextKeys.running, running > 0);
  set(contextKeys.awaitingPermission, permissions.length > 0);
  set(contextKeys.interrupted, interrupted);
}
