/** What a click in the panel opens: files, diffs against the before-image, links. The focus stays in the panel. */
import { basename, isAbsolute, resolve } from "node:path";
import * as vscode from "vscode";
import { AppError } from "../base/app-error.ts";
import type { FileChange } from "../protocol/items.ts";
import { parseLink } from "./links.ts";
import type { LiveSession } from "./sessions/live-session.ts";

export const BEFORE_SCHEME = "codepilot-before";

/** Documents of the scheme `codepilot-before:` hold a file as it was before a call of the agent. */
export class BeforeImages implements vscode.TextDocumentContentProvider {
  readonly #find: (sessionId: string) => LiveSession | undefined;

  constructor(find: (sessionId: string) => LiveSession | undefined) {
    this.#find = find;
  }

  uriOf(session: LiveSession, change: FileChange): vscode.Uri {
    const query = new URLSearchParams({ session: session.runtime.sessionId, hash: change.beforeHash ?? "" });
    return vscode.Uri.from({ scheme: BEFORE_SCHEME, path: change.path, query: query.toString() });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const query = new URLSearchParams(uri.query);
    const hash = query.get("hash") ?? "";
    if (hash === "") return "";
    const bytes = await this.#find(query.get("session") ?? "")?.runtime.readBlob(hash);
    return bytes ? vscode.workspace.decode(bytes, { uri: vscode.Uri.file(uri.path) }) : "[This version was not kept.]";
  }
}

export async function openDiff(images: BeforeImages, session: LiveSession, callId: string): Promise<void> {
  const entry = session.runtime.state.turns
    .flatMap((turn) => turn.entries)
    .find((candidate) => candidate.kind === "tool" && candidate.callId === callId);
  const display = entry?.kind === "tool" ? entry.outcome?.display : undefined;
  if (display?.kind !== "edit") throw new AppError("not-found", "That call changed no file.");
  const { change } = display;
  const now = vscode.Uri.file(change.path);
  const title = `${basename(change.path)} (before CodePilot ↔ now)`;
  await vscode.commands.executeCommand("vscode.diff", images.uriOf(session, change), now, title, {
    preserveFocus: true,
    preview: true,
  } satisfies vscode.TextDocumentShowOptions);
}

/**
 * Opens a file; a folder is shown in the explorer. `line` counts from 1. A relative path is looked for in `roots`, the
 * first that has it. Rejects with AppError `not-found`.
 */
export async function openFile(path: string, line: number | undefined, roots: readonly string[]): Promise<void> {
  const candidates = isAbsolute(path) ? [path] : roots.map((root) => resolve(root, path));
  for (const candidate of candidates) {
    const uri = vscode.Uri.file(candidate);
    const info = await vscode.workspace.fs.stat(uri).then(
      (found) => found,
      () => undefined,
    );
    if (!info) continue;
    if (info.type & vscode.FileType.Directory) await vscode.commands.executeCommand("revealInExplorer", uri);
    else await openDocument(uri, line);
    return;
  }
  throw new AppError("not-found", `There is no file “${path.slice(0, 200)}” here.`, {
    next: "It may have been moved or deleted since it was named.",
  });
}

async function openDocument(uri: vscode.Uri, line: number | undefined): Promise<void> {
  const selection = line === undefined ? undefined : new vscode.Range(line - 1, 0, line - 1, 0);
  await vscode.commands.executeCommand("vscode.open", uri, {
    preserveFocus: true,
    preview: true,
    ...(selection ? { selection } : {}),
  } satisfies vscode.TextDocumentShowOptions);
}

/** What a model has written must not start programs or run commands. VS Code asks before it opens strange hosts. */
export async function openLink(href: string, roots: readonly string[]): Promise<void> {
  const target = parseLink(href);
  switch (target.kind) {
    case "file":
      return openFile(target.path, target.line, roots);
    case "web":
      await vscode.env.openExternal(vscode.Uri.parse(target.url, true));
      return;
    case "refused":
      throw new AppError(
        "usage",
        `“${href.slice(0, 200)}” leads neither to the web nor to a file, so it is not opened.`,
      );
  }
}
