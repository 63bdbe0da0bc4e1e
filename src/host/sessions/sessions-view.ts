/** The view "Sessions" as it is registered at activation: it knows nothing until somebody looks at it. */
import * as vscode from "vscode";
import { sessionsViewId } from "../contributions.ts";
import type { SessionTree, TreeNode } from "./session-tree.ts";

export class SessionsView implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #load: () => Promise<SessionTree>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #view: vscode.TreeView<TreeNode>;
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #subscriptions: { dispose(): void }[];
  #loading: Promise<SessionTree> | undefined;
  #tree: SessionTree | undefined;
  /** To be marked with the next look. */
  #wanted: string | undefined;

  /** `load`: makes the tree; called once, on first need. */
  constructor(load: () => Promise<SessionTree>) {
    this.#load = load;
    this.#view = vscode.window.createTreeView(sessionsViewId, { treeDataProvider: this, showCollapseAll: false });
    this.#subscriptions = [
      this.#view,
      this.#changed,
      this.#view.onDidChangeVisibility(({ visible }) => this.#tree?.setVisible(visible)),
      // While the person was elsewhere times have gone by.
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused && this.#view.visible) this.#changed.fire();
      }),
    ];
  }

  /** The session whose row is selected. */
  get selected(): string | undefined {
    const [node] = this.#view.selection;
    return node?.kind === "session" ? node.row.sessionId : undefined;
  }

  /** Marks the row of a session as soon as the view shows it, without taking the focus. */
  select(sessionId: string): void {
    this.#wanted = sessionId;
    this.#markWanted();
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    const children = await (await this.#loaded()).children(node);
    // VS Code has to have the rows before one of them can be marked.
    if (!node && this.#wanted !== undefined) setTimeout(() => this.#markWanted(), 0);
    return children;
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return this.#tree?.parent(node);
  }

  async getTreeItem(node: TreeNode): Promise<vscode.TreeItem> {
    return (await this.#loaded()).item(node);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #markWanted(): void {
    const sessionId = this.#wanted;
    if (sessionId === undefined || !this.#view.visible) return;
    const node = this.#tree?.nodeOf(sessionId);
    if (!node) return;
    this.#wanted = undefined;
    if (this.selected === sessionId) return;
    // A list that changes at this very moment has no such row; the mark is not worth an error.
    this.#view.reveal(node, { select: true, focus: false }).then(undefined, () => undefined);
  }

  #loaded(): Promise<SessionTree> {
    this.#loading ??= this.#load().then((tree) => {
      this.#tree = tree;
      this.#subscriptions.push(tree.onDidChange(() => this.#changed.fire()));
      tree.setVisible(this.#view.visible);
      return tree;
    });
    return this.#loading;
  }
}
