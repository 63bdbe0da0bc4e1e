/** Which panes of agent terminals the person has in view: kept with the workspace, so that a reload brings them back. */
import type * as vscode from "vscode";

const KEY = "codepilot.openTerminalPanes";
/** Sessions that ended long ago do not pile up. */
const MAX_KEPT = 50;

interface OpenPane {
  readonly sessionId: string;
  readonly name: string;
}

export class OpenPanes {
  readonly #memory: vscode.Memento;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  get any(): boolean {
    return this.#read().length > 0;
  }

  /** Names of the terminals of a session whose panes were open. */
  of(sessionId: string): readonly string[] {
    return this.#read()
      .filter((pane) => pane.sessionId === sessionId)
      .map(({ name }) => name);
  }

  add(sessionId: string, name: string): void {
    const others = this.#others(sessionId, name);
    void this.#memory.update(KEY, [...others, { sessionId, name }].slice(-MAX_KEPT));
  }

  remove(sessionId: string, name: string): void {
    const panes = this.#read();
    const others = this.#others(sessionId, name);
    if (others.length < panes.length) void this.#memory.update(KEY, others);
  }

  #others(sessionId: string, name: string): readonly OpenPane[] {
    return this.#read().filter((pane) => pane.sessionId !== sessionId || pane.name !== name);
  }

  #read(): readonly OpenPane[] {
    const kept = this.#memory.get<unknown>(KEY);
    return Array.isArray(kept) ? kept.filter(isPane) : [];
  }
}

function isPane(value: unknown): value is OpenPane {
  const pane = value as Partial<OpenPane> | null;
  return typeof pane?.sessionId === "string" && typeof pane.name === "string";
}
