/**
 * Composition root of the extension. At activation it registers a view, commands and a task type and loads nothing
 * else; the window (sessions, panel, runtime) comes with the first use, or when a turn was left behind.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { registerAgentFileEditing } from "./host/agents/agent-file-editing.ts";
import { type Ask, askInModal } from "./host/ask.ts";
import { type CommandId, commands, taskType, terminalProfileId, viewId } from "./host/contributions.ts";
import { Keys } from "./host/keys.ts";
import { OutputLog } from "./host/output-log.ts";
import { SessionsView } from "./host/sessions/sessions-view.ts";
import { readSettings } from "./host/settings.ts";
import { AgentTaskProvider } from "./host/tasks/task-provider.ts";
import { OpenPanes } from "./host/terminals/open-panes.ts";
import type { CodePilotWindow } from "./host/window.ts";

/** Newest sessions of each folder among which a turn that was left behind is looked for. */
const LOOKED_AT = 50;

let releaseWindow: () => Promise<void> = async () => {};

/** Only while the extension is under test, where VS Code refuses modal messages. */
export interface TestAccess {
  setAsk(ask: Ask): void;
  window(): Promise<CodePilotWindow>;
  readonly activationMs: number;
}

export function activate(context: vscode.ExtensionContext): TestAccess | undefined {
  const startedAt = performance.now();
  const log = new OutputLog();
  const keys = new Keys(context.secrets, process.env);
  const statusItem = vscode.window.createStatusBarItem("codepilot.status", vscode.StatusBarAlignment.Left, 10);
  statusItem.name = "CodePilot";
  statusItem.text = "$(sparkle) CodePilot";
  statusItem.tooltip = "CodePilot is idle. Click to open the chat.";
  statusItem.command = "codepilot.statusAction" satisfies CommandId;
  statusItem.show();

  let ask: Ask = askInModal;
  let loading: Promise<CodePilotWindow> | undefined;
  const window = (): Promise<CodePilotWindow> => {
    loading ??= import("./host/window.ts").then((module) => {
      const askNow: Ask = (...question) => ask(...question);
      const parts = { context, log, keys, statusItem, sessionsView, ask: askNow };
      return new module.CodePilotWindow(parts);
    });
    return loading;
  };
  const sessionsView = new SessionsView(async () => (await window()).sessionTree);
  releaseWindow = async () => (await loading)?.release();

  const tasks = new AgentTaskProvider(async (definition, folder) => (await window()).taskTerminal(definition, folder));
  const run = async (id: CommandId, argument: unknown) => {
    const [loaded, { runCommand }] = await Promise.all([window(), import("./host/run-command.ts")]);
    return runCommand(id, { window: loaded, tasks, showLog: () => log.show() }, argument);
  };
  context.subscriptions.push(
    log,
    statusItem,
    sessionsView,
    registerAgentFileEditing(),
    vscode.tasks.registerTaskProvider(taskType, tasks),
    vscode.window.registerWebviewViewProvider(viewId, {
      resolveWebviewView: async (view) => (await window()).attachView(view),
    }),
    vscode.window.registerTerminalProfileProvider(terminalProfileId, {
      provideTerminalProfile: async () => (await window()).terminalProfile(),
    }),
    ...(Object.keys(commands) as CommandId[]).map((id) =>
      vscode.commands.registerCommand(id, (argument: unknown) => run(id, argument)),
    ),
  );
  resumeLater(window, new OpenPanes(context.workspaceState).any, log);
  const activationMs = performance.now() - startedAt;
  if (context.extensionMode !== vscode.ExtensionMode.Test) return undefined;
  return {
    setAsk: (replacement) => {
      ask = replacement;
    },
    window,
    activationMs,
  };
}

export async function deactivate(): Promise<void> {
  await releaseWindow();
}

/** Looks for turns and terminals that were left behind; a machine without any session loads nothing for it. */
function resumeLater(window: () => Promise<CodePilotWindow>, panesWereOpen: boolean, log: OutputLog): void {
  const { home } = readSettings();
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  const look = async () => {
    if (folders.length === 0 || (await readdir(join(home, "sessions")).catch(() => [])).length === 0) return;
    const { FileSessionStore } = await import("./node/stores/file-session-store.ts");
    const store = new FileSessionStore(home);
    const lists = await Promise.all(folders.map(({ uri }) => store.list({ cwd: uri.fsPath, limit: LOOKED_AT })));
    if (panesWereOpen || lists.flat().some((record) => record.unfinished)) await (await window()).resumeUnfinished();
  };
  look().catch((error: unknown) => log.error("unfinished turns were not looked for", error));
}
