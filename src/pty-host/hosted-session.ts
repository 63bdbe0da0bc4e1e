/** The terminals of one agent session in this process: the engine, its viewers, and a data socket for each terminal. */
import type { Socket } from "node:net";
import type { Disposable } from "../base/disposable.ts";
import { toDisposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import { dataSocketPath, type HostPlace } from "../node/pty-host/host-place.ts";
import type { Log } from "../ports/log.ts";
import type { TerminalAttachment, TerminalEvent } from "../ports/terminals.ts";
import type { HostedSession as SessionRecord } from "../protocol/pty-host.ts";
import { isLiving } from "../protocol/terminals.ts";
import type { TerminalEngine } from "../terminals/terminal-engine.ts";
import { DataSocket } from "./data-socket.ts";
import { serveViewer } from "./stream-viewer.ts";

/** For a viewer to read what the shell has printed before its end. */
const farewellMs = 10_000;

export interface HostedSessionOptions {
  readonly session: string;
  readonly engine: TerminalEngine;
  readonly place: HostPlace;
  readonly log: Log;
  /** Something ran, ended, was typed or resized, or a viewer has gone. */
  readonly onChange: () => void;
}

export class HostedSession {
  readonly engine: TerminalEngine;
  readonly #options: HostedSessionOptions;
  readonly #sockets = new Map<string, DataSocket>();
  readonly #viewers = new Map<string, TerminalAttachment>();
  /** Connections of those who look, with the name of the terminal. */
  readonly #watchers = new Map<Socket, string>();
  readonly #subscription: Disposable;
  readonly #closed: Emitter<void>;
  #activeAt = Date.now();

  constructor(options: HostedSessionOptions) {
    this.#options = options;
    this.engine = options.engine;
    this.#closed = new Emitter((error) => options.log.error("a listener of a session's end failed", error));
    this.#subscription = options.engine.on((event) => this.#follow(event));
  }

  /** Nothing lives here and nothing could be asked about. */
  get unused(): boolean {
    return this.engine.commandIds().length === 0 && !this.#lives;
  }

  /** Somebody looks at a terminal. */
  get watched(): boolean {
    return this.#watchers.size > 0;
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

  /** Somebody looks at the terminal until the socket closes. */
  addWatcher(socket: Socket, terminal: string): void {
    this.#watchers.set(socket, terminal);
    socket.once("close", () => {
      this.#watchers.delete(socket);
      this.#options.onChange();
    });
  }

  /** Remembers a viewer by the name under which `resize` comes. */
  addViewer(viewer: string, attachment: TerminalAttachment): Disposable {
    this.#viewers.set(viewer, attachment);
    return toDisposable(() => {
      if (this.#viewers.get(viewer) === attachment) this.#viewers.delete(viewer);
    });
  }

  resize(viewer: string, cols: number, rows: number): void {
    this.#viewers.get(viewer)?.resize(cols, rows);
  }

  /** Called when the session has ended: what its clients still ask for can not be done here. */
  onClosed(listener: () => void): Disposable {
    return this.#closed.on(listener);
  }

  /** Ends every terminal but those that are to be kept; false when there are some. */
  async closeButKept(): Promise<boolean> {
    await this.engine.close({ keepKept: true });
    if (this.#lives) return false;
    await this.close();
    return true;
  }

  async close(): Promise<void> {
    await this.engine.close();
    this.#subscription.dispose();
    await Promise.all([...this.#sockets.values()].map((socket) => socket.close()));
    this.#closed.emit();
    this.#closed.dispose();
  }

  get #lives(): boolean {
    return this.engine.list().some(isLiving);
  }

  #follow(event: TerminalEvent): void {
    if (event.type === "opened") this.#openSocket(event.terminal.name);
    else if (event.type === "exited") this.#shellEnded(event.name);
    this.touch();
  }

  #openSocket(terminal: string): void {
    const { session, place, log } = this.#options;
    const path = dataSocketPath(place, session, terminal);
    const before = this.#sockets.get(terminal)?.close() ?? Promise.resolve();
    const serve = (socket: Socket) => this.#serve(terminal, socket);
    this.#sockets.set(terminal, new DataSocket({ path, terminal, serve, log }, before));
  }

  #shellEnded(terminal: string): void {
    for (const [watcher, name] of this.#watchers) {
      // One that does not read what is left is not waited for any longer.
      if (name === terminal) setTimeout(() => watcher.destroy(), farewellMs).unref();
    }
    const socket = this.#sockets.get(terminal);
    void socket?.close().then(() => {
      if (this.#sockets.get(terminal) === socket) this.#sockets.delete(terminal);
    });
  }

  #serve(terminal: string, socket: Socket): void {
    const { log } = this.#options;
    socket.on("error", (error) => log.info("a viewer's socket failed", { cause: error.message }));
    this.addWatcher(socket, terminal);
    this.#options.onChange();
    serveViewer(socket, {
      terminals: this.engine,
      terminal,
      typedAhead: Buffer.alloc(0),
      size: undefined,
      onActive: () => this.touch(),
      tellSnapshot: false,
    }).catch((error: unknown) => {
      log.error("a viewer could not be attached", error);
      socket.destroy();
    });
  }
}
