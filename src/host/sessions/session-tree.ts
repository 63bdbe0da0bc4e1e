/** The list of sessions as items of a tree: groups, sessions, and a last row for older ones. */
import * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import type { CommandId } from "../contributions.ts";
import type { OpenFolder } from "./home-folder.ts";
import type { SessionList } from "./session-list.ts";
import { lookOf, type SessionGroup, type SessionRow } from "./session-row.ts";

export type TreeNode =
  | { readonly kind: "group"; readonly group: SessionGroup }
  | { readonly kind: "session"; readonly row: SessionRow; readonly group: SessionGroup }
  | { readonly kind: "older" };

export class SessionTree implements Disposable {
  readonly #list: SessionList;
  readonly #folders: () => readonly OpenFolder[];
  /** What the tree holds at present, by session. */
  #nodes = new Map<string, TreeNode & { readonly kind: "session" }>();

  constructor(list: SessionList, folders: () => readonly OpenFolder[]) {
    this.#list = list;
    this.#folders = folders;
  }

  onDidChange(listener: () => void): Disposable {
    return this.#list.onDidChange(listener);
  }

  setVisible(visible: boolean): void {
    this.#list.setVisible(visible);
  }

  refresh(): void {
    this.#list.refresh();
  }

  showOlder(): void {
    this.#list.showOlder();
  }

  async children(node: TreeNode | undefined): Promise<TreeNode[]> {
    if (node?.kind === "group") return this.#rowsOf(node.group);
    if (node) return [];
    const groups = await this.#list.groups();
    this.#nodes = new Map();
    for (const group of groups) this.#rowsOf(group);
    const older: TreeNode[] = this.#list.hasOlder ? [{ kind: "older" }] : [];
    return [...groups.map((group): TreeNode => ({ kind: "group", group })), ...older];
  }

  parent(node: TreeNode): TreeNode | undefined {
    return node.kind === "session" ? { kind: "group", group: node.group } : undefined;
  }

  nodeOf(sessionId: string): TreeNode | undefined {
    return this.#nodes.get(sessionId);
  }

  item(node: TreeNode): vscode.TreeItem {
    switch (node.kind) {
      case "group":
        return groupItem(node.group);
      case "session":
        return sessionItem(node.row, this.#folderNameOf(node.row));
      case "older":
        return olderItem();
    }
  }

  dispose(): void {
    this.#list.dispose();
  }

  #rowsOf(group: SessionGroup): TreeNode[] {
    return group.rows.map((row) => {
      const node = { kind: "session", row, group } as const;
      this.#nodes.set(row.sessionId, node);
      return node;
    });
  }

  /** Null where it goes without saying. */
  #folderNameOf(row: SessionRow): string | null {
    const folders = this.#folders();
    const own = folders.find(({ path }) => path === row.cwd);
    return own && folders.length === 1 ? null : (own?.name ?? row.cwd);
  }
}

function groupItem({ id, label, rows }: SessionGroup): vscode.TreeItem {
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `group:${id}`;
  item.contextValue = "group";
  item.accessibilityInformation = { label: `${label}, ${rows.length} ${rows.length === 1 ? "session" : "sessions"}` };
  return item;
}

function sessionItem(row: SessionRow, folder: string | null): vscode.TreeItem {
  const look = lookOf(row, Date.now(), folder);
  const item = new vscode.TreeItem(row.title, vscode.TreeItemCollapsibleState.None);
  item.id = row.sessionId;
  item.description = look.description;
  item.iconPath = new vscode.ThemeIcon(
    look.icon,
    look.color === undefined ? undefined : new vscode.ThemeColor(look.color),
  );
  item.tooltip = tooltipOf(row, look.details);
  item.contextValue = contextOf(row);
  item.accessibilityInformation = { label: look.spoken };
  item.command = {
    command: "codepilot.session.open" satisfies CommandId,
    title: "Open",
    arguments: [row.sessionId],
  };
  return item;
}

function olderItem(): vscode.TreeItem {
  const item = new vscode.TreeItem("Show Older Sessions", vscode.TreeItemCollapsibleState.None);
  item.id = "older";
  item.contextValue = "older";
  item.iconPath = new vscode.ThemeIcon("ellipsis");
  item.command = { command: "codepilot.session.showOlder" satisfies CommandId, title: "Show Older Sessions" };
  return item;
}

function tooltipOf(row: SessionRow, details: readonly string[]): vscode.MarkdownString {
  return new vscode.MarkdownString([`**${plain(row.title)}**`, ...details.map(plain)].join("\n\n"));
}

/** Words of a person or a model are no Markdown. `appendText` would join them by blanks at which no line breaks. */
function plain(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]()#+\-.!~<>|&$]/g, "\\$&");
}

/** What `when` clauses of the menus ask for. */
function contextOf({ state, owner }: SessionRow): string {
  const here = owner !== "elsewhere";
  const words = ["session"];
  if (here && state === "interrupted") words.push("interrupted");
  if (owner === "here" && (state === "running" || state === "waits")) words.push("running");
  if (here && state !== "running" && state !== "waits") words.push("deletable");
  return words.join(" ");
}
