/** The terminals of one agent session in this process: the engine, its viewers, and a data socket for each terminal. */
import { chmod, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import type { Disposable } from "../base/disposable.ts";
import { toDisposable } from "../base/disposable.ts";
import { dataSocketPath, type HostPlace } from "../node/pty-host/host-place.ts";
import type { Log } from "../ports/log.ts";
import type { TerminalAttachment, TerminalEvent } from "../ports/terminals.ts";
import type { HostedSession as SessionRecord } from "../protocol/pty-host.ts";
import type { TerminalInfo } from "../protocol/terminals.ts";
import type { TerminalEngine } from "../terminals/terminal-engine.ts";
import { serveViewer } from "./stream-viewer.ts";

export interface HostedSessionOptions {
  readonly session: string;
  readonly engine: TerminalEngine;
  readonly place: HostPlace;
  readonly log: Log;
  /** Something ran, ended, was typed or resized. */
  readonly onChange: () => void;
}

export class HostedSession {
  readonly engine: TerminalEngine;
  readonly #options: HostedSessionOptions;
  readonly #sockets = new Map<string, { readonly server: Server; readonly path: string }>();
  readonly #viewers = new Map<string, TerminalAttachment>();
  readonly #subscription: Disposable;
  #activeAt = Date.now();

  constructor(options: HostedSessionOptions) {
    this.#options = options;
    this.engine = options.engine;
    this.#subscription = options.engine.on((event) => this.#follow(event));
  }

  /** Nothing lives here and nothing could be asked about. */
  get unused(): boolean {
    return this.engine.commandIds().length === 0 && !this.engine.list().some(isAlive);
  }

  record(): SessionRecord {
    const terminals = this.engine.list().map((terminal) => ({
      ...terminal,
      socketPath: this.#sockets.get(terminal.name)?.path ?? null,
    }));
    return { session: this.#options.session, activeAt: this.#activeAt, terminals };
  }

  touch(): void {
    this.#activeAt = Date.now();
    this.#options.onChange();
  }

  /** Remembers a viewer by the name under which `resize` comes. */
  addViewer(viewer: string, attachment: TerminalAttachment): Disposable {
    this.#viewers.set(viewer, attachment);
    return toDisposable(() => this.#viewers.delete(viewer));
  }

  resize(viewer: string, cols: number, rows: number): void {
    this.#viewers.get(viewer)?.resize(cols, rows);
  }

  /** Ends every terminal but those that are to be kept. */
  async close(): Promise<void> {
    await this.engine.close();
    this.#subscription.dispose();
    await Promise.all([...this.#sockets.keys()].map((name) => this.#closeSocket(name)));
  }

  #follow(event: TerminalEvent): void {
    this.touch();
    if (event.type === "opened") this.#openSocket(event.terminal.name);
    else if (event.type === "exited") void this.#closeSocket(event.name);
  }

  /** Listens for viewers that speak the open format: nothing to say first, raw bytes after one line. */
  #openSocket(terminal: string): void {
    const { session, place, log } = this.#options;
    if (this.#sockets.has(terminal)) return;
    const path = dataSocketPath(place, session, terminal);
    const server = createServer((socket) => {
      socket.on("error", (error) => log.info("a viewer's socket failed", { cause: error.message }));
      const onActive = () => this.touch();
      serveViewer(socket, {
        terminals: this.engine,
        terminal,
        typedAhead: Buffer.alloc(0),
        onActive,
        tellSnapshot: false,
      }).catch((error: unknown) => {
        log.error("a viewer could not be attached", error);
        socket.destroy();
      });
    });
    server.on("error", (error) => log.error(`the data socket of ${terminal} failed`, error));
    this.#sockets.set(terminal, { server, path });
    // Left over by a host that was killed; this process alone owns the folder.
    rm(path, { force: true })
      .then(() => new Promise<void>((resolve) => server.listen(path, resolve)))
      .then(() => (process.platform === "win32" ? undefined : chmod(path, 0o600)))
      .catch((error: unknown) => log.error(`the data socket of ${terminal} could not be opened`, error));
  }

  async #closeSocket(terminal: string): Promise<void> {
    const found = this.#sockets.get(terminal);
    if (found === undefined) return;
    this.#sockets.delete(terminal);
    // Takes no new viewers; those that are there end when they have got everything. Removes the file, too.
    await new Promise<void>((resolve) => {
      found.server.close(() => resolve());
      setTimeout(resolve, 200).unref();
    });
  }
}

function isAlive({ status }: TerminalInfo): boolean {
  return status !== "not-started" && status !== "exited";
}
