/** The chat view: an HTML page with nothing in it but the panel's bundle, and a bridge to it while it exists. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { viewId } from "../contributions.ts";

export interface ChatViewEvents {
  onMessage(message: unknown): void;
  /** A new page, or none any more: messages go nowhere until it says `ready`. */
  onPageChanged(): void;
}

export class ChatView implements vscode.Disposable {
  readonly #extensionUri: vscode.Uri;
  readonly #events: ChatViewEvents;
  #view: vscode.WebviewView | undefined;
  #subscriptions: vscode.Disposable[] = [];

  constructor(extensionUri: vscode.Uri, events: ChatViewEvents) {
    this.#extensionUri = extensionUri;
    this.#events = events;
  }

  get visible(): boolean {
    return this.#view?.visible ?? false;
  }

  attach(view: vscode.WebviewView): void {
    this.#detach();
    this.#view = view;
    this.#events.onPageChanged();
    const folder = vscode.Uri.joinPath(this.#extensionUri, "dist", "webview");
    view.webview.options = { enableScripts: true, localResourceRoots: [folder] };
    this.#subscriptions = [
      view.webview.onDidReceiveMessage((message: unknown) => this.#events.onMessage(message)),
      // A hidden view's page is thrown away; it says `ready` when it comes back.
      view.onDidChangeVisibility(() => {
        if (!view.visible) this.#events.onPageChanged();
      }),
      view.onDidDispose(() => {
        if (this.#view !== view) return;
        this.#detach();
        this.#events.onPageChanged();
      }),
    ];
    view.webview.html = pageOf(view.webview, folder);
  }

  post(message: unknown): void {
    void this.#view?.webview.postMessage(message);
  }

  /** Brings the view up, resolving it if it was never open. */
  async reveal(): Promise<void> {
    await vscode.commands.executeCommand(`${viewId}.focus`);
  }

  badge(count: number): void {
    if (!this.#view) return;
    const tooltip = count === 1 ? "1 request needs you" : `${count} requests need you`;
    this.#view.badge = count === 0 ? undefined : { value: count, tooltip };
  }

  dispose(): void {
    this.#detach();
  }

  #detach(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#subscriptions = [];
    this.#view = undefined;
  }
}

function pageOf(webview: vscode.Webview, folder: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64url");
  const uri = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CodePilot</title>
<link rel="stylesheet" href="${uri("main.css")}">
</head>
<body>
<div id="root"></div>
<script type="module" nonce="${nonce}" src="${uri("start.js")}"></script>
<script type="module" nonce="${nonce}" src="${uri("main.js")}"></script>
</body>
</html>`;
}
