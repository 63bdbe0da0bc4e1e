/** Where a session works: the folder it is at home in and the other folders of the window. */
import * as vscode from "vscode";

export interface WorkspacePlace {
  readonly cwd: string;
  readonly folders: readonly string[];
}

/** Null without an open folder on a disk. With several folders the first one is home; tools reach all of them. */
export function workspacePlace(): WorkspacePlace | null {
  const [cwd, ...folders] = diskFolders().map((folder) => folder.uri.fsPath);
  return cwd === undefined ? null : { cwd, folders };
}

export function diskFolders(): readonly vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === "file");
}
