/**
 * API keys: the environment first, then VS Code's secret storage. Never in settings, never in the panel. Keys are
 * known by the name of their environment variable.
 */
import * as vscode from "vscode";
import type { Secrets } from "../ports/secrets.ts";

export type KeyPlace = "environment" | "secret-storage" | "none";

export class Keys implements Secrets {
  readonly #storage: vscode.SecretStorage;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(storage: vscode.SecretStorage, environment: NodeJS.ProcessEnv) {
    this.#storage = storage;
    this.#environment = environment;
  }

  async get(name: string): Promise<string | undefined> {
    return this.#environment[name] || (await this.#storage.get(name)) || undefined;
  }

  async placeOf(name: string): Promise<KeyPlace> {
    if (this.#environment[name]) return "environment";
    return (await this.#storage.get(name)) ? "secret-storage" : "none";
  }

  async store(name: string, key: string): Promise<void> {
    await this.#storage.store(name, key);
  }

  async remove(name: string): Promise<void> {
    await this.#storage.delete(name);
  }

  onDidChange(listener: () => void): vscode.Disposable {
    return this.#storage.onDidChange(listener);
  }
}

/** Where VS Code keeps secrets, in words: not the same on a desktop and in a browser. */
export function secretStorageInWords(): string {
  return vscode.env.uiKind === vscode.UIKind.Web
    ? "encrypted in this browser, for this address only; another browser or address needs the key again"
    : "in this computer's key ring, by VS Code";
}
