/** Set API Key: asks for a provider and its key, and says where the key is kept. */
import * as vscode from "vscode";
import { providers } from "../../providers/registry.ts";
import { type Keys, secretStorageInWords } from "../keys.ts";

interface KeyRow extends vscode.QuickPickItem {
  readonly name: string;
  readonly inEnvironment: boolean;
}

/** Resolves with true when a key was stored or removed. */
export async function setKey(keys: Keys): Promise<boolean> {
  const row = await vscode.window.showQuickPick(rows(keys), { title: "Set API Key", placeHolder: "Whose key?" });
  if (!row) return false;
  if (row.inEnvironment) {
    void vscode.window.showInformationMessage(
      `${row.name} is set in the environment, which comes first. Change it there and reload the window.`,
    );
    return false;
  }
  const key = await vscode.window.showInputBox({
    title: `Set API Key: ${row.label}`,
    prompt: `Kept ${secretStorageInWords()}. Empty removes the key.`,
    password: true,
    ignoreFocusOut: true,
  });
  if (key === undefined) return false;
  if (key.trim() === "") {
    await keys.remove(row.name);
    void vscode.window.showInformationMessage(`CodePilot: the key for ${row.label} was removed.`);
  } else {
    await keys.store(row.name, key.trim());
    void vscode.window.showInformationMessage(`CodePilot: the key for ${row.label} is kept ${secretStorageInWords()}.`);
  }
  return true;
}

async function rows(keys: Keys): Promise<KeyRow[]> {
  const names = new Map<string, string>();
  for (const { endpoint, title } of Object.values(providers)) {
    if (endpoint && !names.has(endpoint.apiKeyEnv)) names.set(endpoint.apiKeyEnv, title);
  }
  return Promise.all(
    [...names].map(async ([name, title]) => {
      const place = await keys.placeOf(name);
      const where = {
        environment: `set in the environment (${name})`,
        "secret-storage": `kept ${secretStorageInWords()}`,
        none: "not set",
      }[place];
      return { label: title, description: where, name, inEnvironment: place === "environment" };
    }),
  );
}
