/** What the commands do. Each is one entry; the compiler lists what the table in contributions.ts has and this lacks. */
import * as vscode from "vscode";
import type { CommandId } from "./contributions.ts";
import { taskType } from "./contributions.ts";
import type { PendingRequest } from "./prompts/permission-prompter.ts";
import { permissionLine } from "./prompts/permission-text.ts";
import type { LiveSession } from "./sessions/live-session.ts";
import { isRunning } from "./sessions/live-session.ts";
import {
  copySessionId,
  deleteSession,
  discardInterrupted,
  openSession,
  resumeSession,
  stopSession,
} from "./sessions/session-commands.ts";
import type { AgentTaskProvider } from "./tasks/task-provider.ts";
import type { CodePilotWindow } from "./window.ts";

export interface CommandContext {
  readonly window: CodePilotWindow;
  readonly tasks: AgentTaskProvider;
  readonly showLog: () => void;
}

type Handler = (context: CommandContext, argument: unknown) => unknown;

const handlers: Record<CommandId, Handler> = {
  "codepilot.newTask": ({ window }) => window.newTask(),
  "codepilot.runTask": runTask,
  "codepilot.runAgentFile": ({ window }, argument) => window.agents.run(argument),
  "codepilot.stop": stop,
  "codepilot.resume": resume,
  "codepilot.discard": ({ window }) => window.hub.shown?.runtime.discard(),
  "codepilot.showSessions": showSessions,
  "codepilot.selectFolder": ({ window }) => window.home.choose(),
  "codepilot.selectModel": ({ window }) => window.pickModel(),
  "codepilot.setApiKey": ({ window }) => window.setKey(),
  "codepilot.allowPending": ({ window }) => answerPending(window, "allowed"),
  "codepilot.denyPending": ({ window }) => answerPending(window, "denied"),
  "codepilot.showPending": ({ window }) => showPending(window),
  "codepilot.newTerminal": ({ window }) => window.newTerminal(),
  "codepilot.openTerminal": openTerminal,
  "codepilot.endTerminal": endTerminal,
  "codepilot.openSettings": () => vscode.commands.executeCommand("workbench.action.openSettings", "codepilot."),
  "codepilot.showLog": ({ showLog }) => showLog(),
  "codepilot.session.open": ({ window }, argument) => openSession(window, argument),
  "codepilot.session.resume": ({ window }, argument) => resumeSession(window, argument),
  "codepilot.session.discard": ({ window }, argument) => discardInterrupted(window, argument),
  "codepilot.session.stop": ({ window }, argument) => stopSession(window, argument),
  "codepilot.session.copyId": ({ window }, argument) => copySessionId(window, argument),
  "codepilot.session.delete": ({ window }, argument) => deleteSession(window, argument),
  "codepilot.session.showOlder": ({ window }) => window.sessionTree.showOlder(),
  "codepilot.statusAction": statusAction,
};

export async function runCommand(id: CommandId, context: CommandContext, argument: unknown): Promise<unknown> {
  try {
    return await handlers[id](context, argument);
  } catch (error) {
    await context.window.offerWayOut(error);
    return undefined;
  }
}

/** From tasks.json, or one on the spot; both run in a task terminal. */
async function runTask({ tasks }: CommandContext, argument: unknown): Promise<void> {
  const known = await vscode.tasks.fetchTasks({ type: taskType });
  const given = typeof argument === "string" ? argument : undefined;
  if (given === undefined && known.length > 0) {
    const rows = known.map((task) => ({ label: task.name, description: String(task.definition.prompt ?? ""), task }));
    const fresh = { label: "$(edit) Write a task…", description: "", task: undefined };
    const row = await vscode.window.showQuickPick([...rows, fresh], { title: "Run Task" });
    if (!row) return;
    if (row.task) {
      await vscode.tasks.executeTask(row.task);
      return;
    }
  }
  const title = "Run Task";
  const prompt = given ?? (await vscode.window.showInputBox({ title, prompt: "What shall the agent do?" }));
  if (prompt?.trim()) await vscode.tasks.executeTask(tasks.taskFor(prompt));
}

/** The shown session first; else whatever runs. */
async function stop({ window }: CommandContext): Promise<void> {
  const { hub } = window;
  const running = hub.live.filter(isRunning);
  const session = hub.shown && running.includes(hub.shown) ? hub.shown : running.at(-1);
  await session?.runtime.interrupt();
}

async function resume({ window }: CommandContext): Promise<void> {
  const session = window.hub.shown;
  if (session?.runtime.interruptedTurn) await session.runtime.submit({ type: "turn.resume" });
  else void vscode.window.showInformationMessage("CodePilot: no interrupted turn waits in the shown session.");
}

async function showSessions({ window }: CommandContext): Promise<void> {
  const phases = { running: "$(loading~spin)", "needs-you": "$(bell-dot)", interrupted: "$(debug-pause)", idle: "" };
  const rows = async () => {
    const sessions = await window.hub.list(100);
    return sessions.map(({ sessionId, title, updatedAt, phase }) => ({
      label: `${phases[phase]} ${title}`.trim(),
      description: `${new Date(updatedAt).toLocaleString()}${phase === "idle" ? "" : `, ${phase.replace("-", " ")}`}`,
      sessionId,
    }));
  };
  const picked = await vscode.window.showQuickPick(rows(), {
    title: "Sessions of This Window",
    placeHolder: "Open a session",
    matchOnDescription: true,
  });
  if (!picked) return;
  await window.hub.open(picked.sessionId);
  await window.revealChat();
}

async function answerPending(window: CodePilotWindow, decision: "allowed" | "denied"): Promise<void> {
  const title = decision === "allowed" ? "Allow Once" : "Deny";
  const pending = await choosePending(window, title);
  if (pending) await window.prompter.answer(pending, decision, "once");
}

/** Looks at one request in full, with all its answers. */
async function showPending(window: CodePilotWindow): Promise<void> {
  const pending = await choosePending(window, "Pending Requests");
  if (pending) await window.prompter.show(pending);
}

async function choosePending(window: CodePilotWindow, title: string): Promise<PendingRequest | undefined> {
  const pending = window.prompter.pending();
  if (pending.length === 0) {
    void vscode.window.showInformationMessage("CodePilot: no request waits for you.");
    return undefined;
  }
  if (pending.length === 1) return pending[0];
  const rows = pending.map((item) => ({
    label: permissionLine(item.request),
    description: item.session.runtime.state.title,
    item,
  }));
  return (await vscode.window.showQuickPick(rows, { title }))?.item;
}

async function openTerminal(context: CommandContext): Promise<void> {
  const chosen = await chooseTerminal(context, "Open Agent Terminal");
  if (chosen) context.window.terminals.open(chosen.session, chosen.name, { preserveFocus: false });
}

async function endTerminal(context: CommandContext): Promise<void> {
  const chosen = await chooseTerminal(context, "End Agent Terminal");
  if (chosen) await chosen.session.runtime.terminals.terminate(chosen.name);
}

interface ChosenTerminal {
  readonly session: LiveSession;
  readonly name: string;
}

async function chooseTerminal({ window }: CommandContext, title: string): Promise<ChosenTerminal | undefined> {
  const rows = window.hub.live.flatMap((session) =>
    session.runtime.terminals.list().map((terminal) => ({
      label: terminal.name,
      description: `${terminal.status}${terminal.command ? `: ${terminal.command}` : ""}`,
      detail: session.runtime.state.title,
      session,
      name: terminal.name,
    })),
  );
  if (rows.length === 0) {
    void vscode.window.showInformationMessage("CodePilot: no session is open yet, so there is no agent terminal.");
    return undefined;
  }
  return rows.length === 1 ? rows[0] : vscode.window.showQuickPick(rows, { title });
}

/** The status bar item: what needs the person comes first. */
async function statusAction({ window }: CommandContext): Promise<void> {
  if (window.prompter.pending().length > 0) return showPending(window);
  const question = window.questions.pending()[0];
  if (question) return window.questions.show(question);
  await window.revealChat({});
}
