/** Access to the activated extension and a scripted model behind it, for suites in the extension host. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { TestAccess } from "../../../src/extension.ts";
import { type FakeModelServer, type FakeScript, startFakeModel } from "../../support/fake-model/server.ts";

export async function extensionUnderTest(): Promise<TestAccess> {
  const extension = vscode.extensions.getExtension<TestAccess | undefined>("codepilot.codepilot");
  const access = await extension?.activate();
  assert.ok(access, "the extension gives test access in test mode only");
  return access;
}

/** Makes the extension use a model that answers by a script. */
export async function withScriptedModel(script: FakeScript): Promise<FakeModelServer> {
  const server = await startFakeModel(script);
  const configuration = vscode.workspace.getConfiguration();
  const target = vscode.ConfigurationTarget.Global;
  await configuration.update("codepilot.model", "openai/fake", target);
  await configuration.update("codepilot.baseUrl", { openai: server.baseUrl("openai") }, target);
  return server;
}

export function workspaceFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder);
  return folder.uri.fsPath;
}

/** Polls: for what VS Code does a moment later and tells nobody. */
export async function eventually<T>(probe: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  for (let n = 0; n < 1_200; n += 1) {
    const value = await probe();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`not within 30 s: ${what}`);
}
