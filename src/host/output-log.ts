/** The output channel "CodePilot". Made with the first line, so that an unused extension shows none. */
import * as vscode from "vscode";
import type { Log } from "../ports/log.ts";

export class OutputLog implements Log, vscode.Disposable {
  #channel: vscode.LogOutputChannel | undefined;

  info(message: string, details?: Record<string, unknown>): void {
    this.#open().info(message, ...rest(details));
  }

  warn(message: string, details?: Record<string, unknown>): void {
    this.#open().warn(message, ...rest(details));
  }

  error(message: string, error?: unknown): void {
    this.#open().error(
      message,
      ...(error === undefined ? [] : [error instanceof Error ? (error.stack ?? error.message) : String(error)]),
    );
  }

  show(): void {
    this.#open().show(true);
  }

  dispose(): void {
    this.#channel?.dispose();
  }

  #open(): vscode.LogOutputChannel {
    this.#channel ??= vscode.window.createOutputChannel("CodePilot", { log: true });
    return this.#channel;
  }
}

function rest(details: Record<string, unknown> | undefined): unknown[] {
  return details === undefined ? [] : [JSON.stringify(details)];
}
