/** Tasks of type `codepilot`: entries of tasks.json, and ones made on the spot by Run Task…. */
import * as vscode from "vscode";
import { taskType } from "../contributions.ts";

/** `folder`: path of the folder whose tasks.json has the task; undefined for one that belongs to no folder. */
export type MakeTaskTerminal = (
  definition: vscode.TaskDefinition,
  folder: string | undefined,
) => Promise<vscode.Pseudoterminal>;

export class AgentTaskProvider implements vscode.TaskProvider {
  readonly #makeTerminal: MakeTaskTerminal;

  constructor(makeTerminal: MakeTaskTerminal) {
    this.#makeTerminal = makeTerminal;
  }

  /** There are none but those the person wrote. */
  provideTasks(): vscode.Task[] {
    return [];
  }

  resolveTask(task: vscode.Task): vscode.Task {
    return this.#task(task.definition, task.scope ?? vscode.TaskScope.Workspace, task.name);
  }

  /** A task that is in no file. */
  taskFor(prompt: string): vscode.Task {
    const firstLine = prompt.split("\n", 1)[0] ?? "";
    const name = firstLine.length > 60 ? `${firstLine.slice(0, 59)}…` : firstLine;
    return this.#task({ type: taskType, prompt }, vscode.TaskScope.Workspace, name);
  }

  #task(definition: vscode.TaskDefinition, scope: vscode.WorkspaceFolder | vscode.TaskScope, name: string) {
    const folder = typeof scope === "object" ? scope.uri.fsPath : undefined;
    const run = new vscode.CustomExecution((resolved) => this.#makeTerminal(resolved, folder));
    const task = new vscode.Task(definition, scope as vscode.WorkspaceFolder, name, "CodePilot", run, []);
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, panel: vscode.TaskPanelKind.Dedicated };
    return task;
  }
}
