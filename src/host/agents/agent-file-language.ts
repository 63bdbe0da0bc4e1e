/** An agent file in the words of VS Code's language features. */
import * as vscode from "vscode";
import { looksLikeAgentFile, readAgentFile } from "../../embed/agent-file/read-agent-file.ts";
import { completionsAt } from "./agent-file-completions.ts";

const FOLDER = /\/\.codepilot\/[^/]+$/;

/** None for a file of that name which is another program's. */
export function problemsOf(document: vscode.TextDocument): vscode.Diagnostic[] {
  const text = document.getText();
  if (!FOLDER.test(document.uri.path) && !looksLikeAgentFile(text)) return [];
  const read = readAgentFile(text);
  const remarks = read.kind === "valid" ? read.warnings : read.errors;
  return remarks.map(({ severity, message, span }) => {
    const start = document.positionAt(span.offset);
    // A mapping goes on for many lines; its first one is enough to find it.
    const end = document.positionAt(span.endOffset);
    const range = new vscode.Range(start, end.line === start.line ? end : document.lineAt(start.line).range.end);
    const level = severity === "error" ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
    const problem = new vscode.Diagnostic(range, message, level);
    problem.source = "CodePilot";
    return problem;
  });
}

export function completionsOf(document: vscode.TextDocument, position: vscode.Position): vscode.CompletionItem[] {
  const lines = document.getText().split(/\r?\n/);
  const before = lines.slice(0, position.line + 1);
  before[position.line] = (before[position.line] ?? "").slice(0, position.character);
  return completionsAt(before, lines.slice(position.line + 1)).map(({ kind, label, insert, documentation }) => {
    const item = new vscode.CompletionItem(
      label,
      kind === "key" ? vscode.CompletionItemKind.Property : vscode.CompletionItemKind.EnumMember,
    );
    item.insertText = insert;
    if (documentation !== "") item.documentation = new vscode.MarkdownString(documentation);
    return item;
  });
}
