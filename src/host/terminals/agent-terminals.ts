/** The agent's terminals as terminals of VS Code: shown when the agent first uses one, without taking the focus. */
import * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import type { Log } from "../../ports/log.ts";
import { isRunning, type LiveSession } from "../sessions/live-session.ts";
import type { SessionHub } from "../sessions/session-hub.ts";
import { SharedPseudoterminal } from "./shared-pseudoterminal.ts";

interface Pane {
  readonly terminal: vscode.Terminal;
  readonly pseudoterminal: SharedPseudoterminal;
}

interface SessionPanes {
  readonly panes: Map<string, Pane>;
  /** Closed by the person: opened again only when they ask for it. */
  readonly closed: Set<string>;
  readonly subscription: Disposable;
}

export class AgentTerminals implements Disposable {
  readonly #hub: SessionHub;
  readonly #log: Log;
  readonly #sessions = new Map<LiveSession, SessionPanes>();
  readonly #subscription: Disposable;

  constructor(hub: SessionHub, log: Log) {
    this.#hub = hub;
    this.#log = log;
    this.#subscription = hub.onOpened((session) => this.#watch(session));
  }

  /** Shows a terminal, spawning `main` on first need. */
  open(session: LiveSession, name: string, options: { readonly preserveFocus: boolean }): void {
    const known = this.#sessions.get(session);
    known?.closed.delete(name);
    const pane = known?.panes.get(name) ?? this.#create(session, name);
    pane.terminal.show(options.preserveFocus);
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const { subscription, panes } of this.#sessions.values()) {
      subscription.dispose();
      for (const { terminal } of panes.values()) terminal.dispose();
    }
    this.#sessions.clear();
  }

  #watch(session: LiveSession): void {
    const subscription = session.runtime.terminals.on((event) => {
      if (event.type === "exited") this.#end(session, event.name);
      else if (event.type === "remarked") return;
      else if (event.terminal.status !== "not-started" && event.terminal.status !== "exited") {
        this.#reveal(session, event.terminal.name);
      }
    });
    this.#sessions.set(session, { panes: new Map(), closed: new Set(), subscription });
  }

  /** A task's own terminal shows what happens, and the panes of background sessions would only be in the way. */
  #reveal(session: LiveSession, name: string): void {
    const known = this.#sessions.get(session);
    if (session.origin === "task" || session !== this.#hub.shown || !known) return;
    if (known.closed.has(name) || known.panes.has(name)) return;
    this.#putAwayOthers(session);
    this.#create(session, name).terminal.show(true);
  }

  /** Panes of sessions at rest would pile up under the same names. Their shells stay; a pane comes back on demand. */
  #putAwayOthers(session: LiveSession): void {
    for (const [other, { panes }] of this.#sessions) {
      if (other === session || isRunning(other)) continue;
      const old = [...panes.values()];
      panes.clear();
      for (const { pseudoterminal } of old) pseudoterminal.end();
    }
  }

  #create(session: LiveSession, name: string): Pane {
    const known = this.#sessions.get(session);
    const pseudoterminal = new SharedPseudoterminal({
      terminals: session.runtime.terminals,
      name,
      log: this.#log,
      onClosed: () => {
        // Not when we have put it away ourselves.
        if (known?.panes.delete(name)) known.closed.add(name);
      },
    });
    const terminal = vscode.window.createTerminal({
      name,
      pty: pseudoterminal,
      iconPath: new vscode.ThemeIcon("sparkle"),
      location: vscode.TerminalLocation.Panel,
      isTransient: true,
    });
    const pane = { terminal, pseudoterminal };
    known?.panes.set(name, pane);
    return pane;
  }

  #end(session: LiveSession, name: string): void {
    const known = this.#sessions.get(session);
    known?.panes.get(name)?.pseudoterminal.end();
    known?.panes.delete(name);
    known?.closed.delete(name);
  }
}
