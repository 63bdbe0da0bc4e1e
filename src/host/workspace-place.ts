/** The folders of the window that a session can work in: those on a disk. */
import * as vscode from "vscode";
import type { OpenFolder } from "./sessions/home-folder.ts";

export function openFolders(): readonly OpenFolder[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter((folder) => folder.uri.scheme === "file")
    .map((folder) => ({ name: folder.name, path: folder.uri.fsPath }));
}

/** Path of the folder that the file in the active editor belongs to. */
export function activeFolder(): string | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  const folder = uri && vscode.workspace.getWorkspaceFolder(uri);
  return folder?.uri.scheme === "file" ? folder.uri.fsPath : undefined;
}

/** Asks for one of several folders; undefined when the person dismisses. */
export async function pickFolder(
  folders: readonly OpenFolder[],
  preselected: OpenFolder,
): Promise<OpenFolder | undefined> {
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly folder: OpenFolder }>();
  pick.title = "Folder for New Tasks";
  pick.placeholder = "Where shall CodePilot work? The other folders belong to the workspace all the same.";
  pick.ignoreFocusOut = true;
  pick.matchOnDescription = true;
  pick.items = folders.map((folder) => ({
    label: folder.name,
    description: folder.path,
    iconPath: new vscode.ThemeIcon("folder"),
    folder,
  }));
  pick.activeItems = pick.items.filter(({ folder }) => folder.path === preselected.path);
  try {
    return await new Promise((resolve) => {
      pick.onDidAccept(() => resolve(pick.activeItems[0]?.folder));
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}
