/** The agent's terminals as terminals of VS Code: shown when the agent first uses one, without taking the focus. */
import * as vscode from "vscode";
import { AppError } from "../../base/app-error.ts";
import type { Disposable } from "../../base/disposable.ts";
import type { Log } from "../../ports/log.ts";
import { isLiving } from "../../protocol/terminals.ts";
import { isRunning, type LiveSession } from "../sessions/live-session.ts";
import type { SessionHub } from "../sessions/session-hub.ts";
import { keepInView } from "./keep-in-view.ts";
import type { OpenPanes } from "./open-panes.ts";
import { SharedPseudoterminal } from "./shared-pseudoterminal.ts";

interface Pane {
  /** Unset until VS Code has made it, for one that it makes by itself from a profile. */
  terminal?: vscode.Terminal;
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
  readonly #open: OpenPanes;
  readonly #sessions = new Map<LiveSession, SessionPanes>();
  readonly #subscriptions: readonly Disposable[];
  #inView: Disposable | undefined;

  constructor(options: { readonly hub: SessionHub; readonly log: Log; readonly openPanes: OpenPanes }) {
    this.#hub = options.hub;
    this.#log = options.log;
    this.#open = options.openPanes;
    this.#subscriptions = [
      options.hub.onOpened((session) => this.#watch(session)),
      vscode.window.onDidOpenTerminal((terminal) => this.#made(terminal)),
    ];
  }

  /** Shows a terminal, spawning `main` on first need. */
  open(session: LiveSession, name: string, options: { readonly preserveFocus: boolean }): void {
    const known = this.#sessions.get(session);
    known?.closed.delete(name);
    const pane = known?.panes.get(name) ?? this.#create(session, name);
    pane.terminal?.show(options.preserveFocus);
  }

  /**
   * A new terminal of the person's in the session, which the agent can use too; shown with the focus. Rejects with
   * AppError `unavailable` when no shell can be started.
   */
  async openNew(session: LiveSession): Promise<void> {
    const name = await this.#startNew(session);
    this.open(session, name, { preserveFocus: false });
  }

  /** The same for a pane that VS Code makes. */
  async profile(session: LiveSession): Promise<vscode.TerminalProfile> {
    const name = await this.#startNew(session);
    const existing = this.#sessions.get(session)?.panes.get(name);
    const pane = existing ?? this.#pane(session, name);
    return new vscode.TerminalProfile(this.#options(name, pane.pseudoterminal));
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#inView?.dispose();
    for (const { subscription, panes } of this.#sessions.values()) {
      subscription.dispose();
      const shown = [...panes.values()];
      // Gone with the window, not closed by the person.
      panes.clear();
      for (const { terminal } of shown) terminal?.dispose();
    }
    this.#sessions.clear();
  }

  #watch(session: LiveSession): void {
    const subscription = session.runtime.terminals.on((event) => {
      if (event.type === "exited") this.#end(session, event.name);
      else if (event.type === "remarked" || event.type === "command-ended") return;
      else if (isLiving(event.terminal)) this.#reveal(session, event.terminal.name);
    });
    this.#sessions.set(session, { panes: new Map(), closed: new Set(), subscription });
    this.#restore(session);
  }

  /** Shows the panes again that were open when the window was left, where their shells have lived on. */
  #restore(session: LiveSession): void {
    const { sessionId, terminals } = session.runtime;
    const living = terminals.list().filter(isLiving);
    for (const name of this.#open.of(sessionId)) {
      if (!living.some((terminal) => terminal.name === name)) {
        this.#open.remove(sessionId, name);
        continue;
      }
      this.#show(this.#create(session, name));
    }
  }

  async #startNew(session: LiveSession): Promise<string> {
    const { terminals } = session.runtime;
    const names = new Set(terminals.list().map(({ name }) => name));
    let number = 1;
    while (names.has(`shell-${number}`)) number += 1;
    const name = `shell-${number}`;
    // Its pane is made by whoever asked for it.
    this.#sessions.get(session)?.closed.add(name);
    const opened = await terminals.open({ name, createdBy: "person" });
    if (opened.kind === "failed") throw new AppError("unavailable", opened.message);
    return name;
  }

  /** A task's own terminal shows what happens, and the panes of background sessions would only be in the way. */
  #reveal(session: LiveSession, name: string): void {
    const known = this.#sessions.get(session);
    if (session.origin === "task" || session !== this.#hub.shown || !known) return;
    if (known.closed.has(name) || known.panes.has(name)) return;
    this.#putAwayOthers(session);
    this.#show(this.#create(session, name));
  }

  #show({ terminal }: Pane): void {
    terminal?.show(true);
    this.#inView?.dispose();
    if (terminal) this.#inView = keepInView(terminal);
  }

  /** Panes of sessions at rest would pile up under the same names. Their shells stay; a pane comes back on demand. */
  #putAwayOthers(session: LiveSession): void {
    for (const [other, { panes }] of this.#sessions) {
      if (other === session || isRunning(other)) continue;
      const old = [...panes];
      panes.clear();
      for (const [name, { pseudoterminal }] of old) {
        this.#open.remove(other.runtime.sessionId, name);
        pseudoterminal.end();
      }
    }
  }

  #create(session: LiveSession, name: string): Pane {
    const pane = this.#pane(session, name);
    pane.terminal = vscode.window.createTerminal(this.#options(name, pane.pseudoterminal));
    return pane;
  }

  /** What VS Code has made from a profile. */
  #made(terminal: vscode.Terminal): void {
    const { pty } = terminal.creationOptions as Partial<vscode.ExtensionTerminalOptions>;
    for (const { panes } of this.#sessions.values()) {
      for (const pane of panes.values()) if (pane.pseudoterminal === pty) pane.terminal ??= terminal;
    }
  }

  #pane(session: LiveSession, name: string): Pane {
    const known = this.#sessions.get(session);
    const { sessionId } = session.runtime;
    const pseudoterminal = new SharedPseudoterminal({
      terminals: session.runtime.terminals,
      name,
      log: this.#log,
      onClosed: () => {
        // Not when we have put it away ourselves.
        if (!known?.panes.delete(name)) return;
        known.closed.add(name);
        this.#open.remove(sessionId, name);
      },
    });
    const pane: Pane = { pseudoterminal };
    known?.closed.delete(name);
    known?.panes.set(name, pane);
    this.#open.add(sessionId, name);
    return pane;
  }

  #options(name: string, pty: SharedPseudoterminal): vscode.ExtensionTerminalOptions {
    return {
      name,
      pty,
      iconPath: new vscode.ThemeIcon("sparkle"),
      location: vscode.TerminalLocation.Panel,
      isTransient: true,
    };
  }

  #end(session: LiveSession, name: string): void {
    const known = this.#sessions.get(session);
    known?.panes.get(name)?.pseudoterminal.end();
    known?.panes.delete(name);
    known?.closed.delete(name);
    this.#open.remove(session.runtime.sessionId, name);
  }
}
