/** Run Agent File…: an agent file that was chosen or found, a task for it, and a session of its own in the panel. */
import { basename, dirname } from "node:path";
import * as vscode from "vscode";
import { AppError } from "../../base/app-error.ts";
import { type LoadedAgentFile, loadAgentFile } from "../../embed/agent-file/load-agent-file.ts";
import type { AgentConsent } from "./agent-consent.ts";

const FOUND = "**/{{agent,*.agent}.{yaml,yml},.codepilot/*.{yaml,yml}}";
const NOT_IN = "**/{node_modules,.git,dist,build,target,.venv}/**";
const MAX_FOUND = 100;
const TITLE = "Run Agent File";

export interface RunAgentFileParts {
  readonly consent: AgentConsent;
  /** Opens a session of the agent in the panel and gives it the task. */
  readonly start: (loaded: LoadedAgentFile, task: string) => Promise<void>;
}

/** `argument`: what a menu hands over, or `{ file, task }` of a program. Rejects with AppError for a bad file. */
export async function runAgentFile(parts: RunAgentFileParts, argument: unknown): Promise<void> {
  const given = argumentsOf(argument);
  const path = given.file ?? (await chooseFile());
  if (path === undefined) return;
  // What is run is what is seen.
  await vscode.workspace.textDocuments.find(({ uri, isDirty }) => isDirty && uri.fsPath === path)?.save();
  const loaded = await load(path);
  if (!loaded || !(await isAgreed(parts.consent, loaded))) return;
  const { name = basename(path) } = loaded.profile;
  const task =
    given.task ??
    (await vscode.window.showInputBox({
      title: `${TITLE}: ${name}`,
      prompt: "What shall the agent do?",
      ignoreFocusOut: true,
    }));
  if (!task?.trim()) return;
  if (loaded.warnings.length > 0) {
    const words = loaded.warnings.map((warning) => warning.replace(`${dirname(path)}/`, "")).join(" ");
    void vscode.window.showWarningMessage(`CodePilot: ${words}`);
  }
  await parts.start(loaded, task);
}

function argumentsOf(argument: unknown): { file?: string | undefined; task?: string | undefined } {
  if (argument instanceof vscode.Uri) return { file: argument.fsPath };
  const { file, task } = (argument ?? {}) as { file?: unknown; task?: unknown };
  return {
    file: typeof file === "string" ? file : undefined,
    task: typeof task === "string" ? task : undefined,
  };
}

/** Undefined when the person has been told of problems in it. */
async function load(path: string): Promise<LoadedAgentFile | undefined> {
  try {
    return await loadAgentFile(path);
  } catch (error) {
    if (!AppError.is(error, "bad-agent-file")) throw error;
    const [first = "", ...more] = error.message.split("\n");
    const words = first.replace(`${dirname(path)}/`, "");
    const rest = more.length > 0 ? ` (and ${more.length} more)` : "";
    void vscode.window.showErrorMessage(`CodePilot: ${words}${rest}`, "Show").then(async (button) => {
      if (button === "Show") await show(path, first);
    });
    return undefined;
  }
}

async function show(path: string, problem: string): Promise<void> {
  const [, line = "1", column = "1"] = /:(\d+):(\d+): /.exec(problem) ?? [];
  const place = new vscode.Position(Number(line) - 1, Number(column) - 1);
  await vscode.window.showTextDocument(vscode.Uri.file(path), { selection: new vscode.Range(place, place) });
}

async function isAgreed(consent: AgentConsent, loaded: LoadedAgentFile): Promise<boolean> {
  const answer = await consent.check(loaded);
  if (answer === "untrusted") {
    const message = "CodePilot: agent files are run in trusted workspaces only.";
    const button = await vscode.window.showWarningMessage(message, "Manage Workspace Trust");
    if (button) await vscode.commands.executeCommand("workbench.trust.manage");
  }
  return answer === "agreed";
}

/** Looked at by themselves: the editor's search finds nothing yet in a window that has just been loaded. */
async function inUsualPlaces(): Promise<readonly vscode.Uri[]> {
  const folders = (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) => [
    { folder: uri, fits: /^(.+\.)?agent\.ya?ml$/ },
    { folder: vscode.Uri.joinPath(uri, ".codepilot"), fits: /\.ya?ml$/ },
  ]);
  const lists = await Promise.all(
    folders.map(async ({ folder, fits }) => {
      const entries = await vscode.workspace.fs.readDirectory(folder).then(undefined, () => []);
      const names = entries.filter(([name, type]) => fits.test(name) && (type & vscode.FileType.File) !== 0);
      return names.map(([name]) => vscode.Uri.joinPath(folder, name));
    }),
  );
  return lists.flat();
}

async function chooseFile(): Promise<string | undefined> {
  const [usual, searched] = await Promise.all([inUsualPlaces(), vscode.workspace.findFiles(FOUND, NOT_IN, MAX_FOUND)]);
  const found = new Map([...usual, ...searched].map((uri) => [uri.toString(), uri]));
  const rows = [...found.values()]
    .map((uri) => ({
      label: basename(uri.fsPath),
      description: vscode.workspace.asRelativePath(dirname(uri.fsPath)),
      uri,
    }))
    .sort((a, b) => a.uri.path.split("/").length - b.uri.path.split("/").length || (a.uri.path < b.uri.path ? -1 : 1));
  const browse = { label: "$(folder-opened) Browse…", description: "", uri: undefined };
  const row =
    rows.length === 0
      ? browse
      : await vscode.window.showQuickPick([...rows, browse], { title: TITLE, placeHolder: "Which agent?" });
  if (!row) return undefined;
  if (row.uri) return row.uri.fsPath;
  const opened = await vscode.window.showOpenDialog({ title: TITLE, filters: { YAML: ["yaml", "yml"] } });
  return opened?.[0]?.fsPath;
}
