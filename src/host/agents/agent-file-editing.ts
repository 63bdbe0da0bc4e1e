/**
 * Completion and problems for agent files, for an editor without an extension for YAML. What knows the format is loaded
 * with the first such file.
 */
import * as vscode from "vscode";

const NAME = /(^|[/\\])([^/\\]+\.)?agent\.ya?ml$/i;
const FOLDER = /[/\\]\.codepilot[/\\][^/\\]+\.ya?ml$/i;
const SELECTOR: vscode.DocumentSelector = [
  { pattern: "**/{agent,*.agent}.{yaml,yml}" },
  { pattern: "**/.codepilot/*.{yaml,yml}" },
];
const LARGEST_CHARS = 256 * 1024;
/** It reads the contributed JSON schema and does all this itself. */
const YAML_EXTENSION = "redhat.vscode-yaml";

const load = () => import("./agent-file-language.ts");

export function isAgentFileName(path: string): boolean {
  return NAME.test(path) || FOLDER.test(path);
}

export function registerAgentFileEditing(): vscode.Disposable {
  const problems = vscode.languages.createDiagnosticCollection("codepilot");
  const check = (document: vscode.TextDocument) => {
    if (!isOurs(document)) return;
    const { version } = document;
    void load().then(({ problemsOf }) => {
      if (document.version === version && !document.isClosed) problems.set(document.uri, problemsOf(document));
    });
  };
  for (const document of vscode.workspace.textDocuments) check(document);
  return vscode.Disposable.from(
    problems,
    vscode.workspace.onDidOpenTextDocument(check),
    vscode.workspace.onDidChangeTextDocument(({ document }) => check(document)),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => problems.delete(uri)),
    vscode.languages.registerCompletionItemProvider(SELECTOR, {
      provideCompletionItems: async (document, position) =>
        isOurs(document) ? (await load()).completionsOf(document, position) : undefined,
    }),
  );
}

function isOurs(document: vscode.TextDocument): boolean {
  if (!isAgentFileName(document.uri.path) || vscode.extensions.getExtension(YAML_EXTENSION)) return false;
  return document.offsetAt(document.lineAt(document.lineCount - 1).range.end) <= LARGEST_CHARS;
}
