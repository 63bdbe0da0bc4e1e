/**
 * Owns the terminals of one user in one workspace, whoever comes and goes: takes connections, keeps the sessions, and
 * ends itself when nobody can need it any more.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { basename } from "node:path";
import { messageOf } from "../base/app-error.ts";
import { readFirstLine } from "../node/pty-host/first-line.ts";
import type { HostPlace } from "../node/pty-host/host-place.ts";
import type { Log } from "../ports/log.ts";
import {
  type Beginning,
  type Greeting,
  maxOpeningBytes,
  type Opening,
  openingSchema,
  ptyHostVersion,
} from "../protocol/pty-host.ts";
import type { TerminalEngine } from "../terminals/terminal-engine.ts";
import { waitFor } from "../terminals/wait-for.ts";
import { HostedSession } from "./hosted-session.ts";
import { listenPrivately, type PrivateSocket } from "./private-socket.ts";
import { serveSession } from "./session-client.ts";
import { serveViewer } from "./stream-viewer.ts";

const openingTimeoutMs = 5_000;
/** For the other side to read the last line, and for viewers to get what is left, before a connection is cut. */
const farewellMs = 200;

export interface PtyHostOptions {
  readonly place: HostPlace;
  readonly log: Log;
  /** `begin` gives what the newest client has said. */
  readonly createEngine: (begin: () => Beginning) => TerminalEngine;
  /** Lets another process take the place; called before the shells are ended. */
  readonly leavePlace: () => Promise<void>;
  /** How long it waits without a client and without a running command. */
  readonly idleMs: number;
  /** How long it waits for the client that has started it. */
  readonly firstClientMs: number;
  /** How long it waits when there is nothing left to wait for. */
  readonly unusedMs: number;
}

interface Served {
  readonly session: HostedSession;
  /** What the newest client has said. */
  readonly newest: { beginning: Beginning };
}

export class PtyHost {
  /** Resolves when every shell has ended and nobody is connected. */
  readonly ended: Promise<void>;
  readonly #options: PtyHostOptions;
  readonly #sessions = new Map<string, Served>();
  /** Connections that keep the host alive: of sessions, and those that have not said yet what they are. */
  readonly #clients = new Set<Socket>();
  readonly #connections = new Set<Socket>();
  readonly #token = randomBytes(24).toString("hex");
  readonly #server: Server;
  readonly #resolveEnded: () => void;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #socket: PrivateSocket | null = null;
  #used = false;
  #ending = false;

  constructor(options: PtyHostOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#server = createServer((socket) => void this.#welcome(socket));
  }

  /** Begins to take connections. Rejects when the place can not be used. The caller owns the folder. */
  async listen(): Promise<void> {
    const { place, log } = this.#options;
    await writeFile(place.tokenFile, this.#token, { mode: 0o600 });
    this.#socket = await listenPrivately(this.#server, place.controlSocket);
    this.#server.on("error", (error) => log.error("the control socket failed", error));
    this.#watchPlace();
    this.#considerEnd();
  }

  /** Ends every terminal, and takes the place and the connections away. */
  async end(): Promise<void> {
    if (this.#ending) return this.ended;
    this.#ending = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
    const { leavePlace, log } = this.#options;
    await leavePlace().catch((error: unknown) => log.error("the folder of the sockets could not be left", error));
    await this.#socket?.close();
    const sessions = [...this.#sessions.values()].map(({ session }) => this.#close(session));
    await Promise.all(sessions);
    await this.#sayFarewell();
    this.#resolveEnded();
  }

  async #sayFarewell(): Promise<void> {
    const connections = [...this.#connections].filter((socket) => !socket.closed);
    const closed = connections.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of connections) socket.end();
    await waitFor(Promise.all(closed), { timeoutMs: farewellMs });
    for (const socket of connections) socket.destroy();
  }

  async #welcome(socket: Socket): Promise<void> {
    const { log } = this.#options;
    this.#used = true;
    this.#clients.add(socket);
    this.#connections.add(socket);
    clearTimeout(this.#timer);
    socket.on("error", (error) => log.info("a connection failed", { cause: error.message }));
    socket.once("close", () => {
      this.#clients.delete(socket);
      this.#connections.delete(socket);
      this.#considerEnd();
    });
    try {
      const limits = { maxBytes: maxOpeningBytes, timeoutMs: openingTimeoutMs };
      const { document, rest } = await readFirstLine(socket, limits);
      const greeting = await this.#answerOpening(socket, document, rest);
      if (greeting !== null) dismiss(socket, greeting);
    } catch (error) {
      log.info("a connection was refused", { cause: messageOf(error) });
      socket.destroy();
    }
  }

  /** What to say before the connection is closed; null when it goes on. */
  async #answerOpening(socket: Socket, document: unknown, rest: Buffer): Promise<Greeting | null> {
    const version = (document as { version?: unknown } | null)?.version;
    if (version !== ptyHostVersion) {
      return refused("version", `This pty host speaks version ${ptyHostVersion}, the client ${String(version)}.`);
    }
    const parsed = openingSchema.safeParse(document);
    if (!parsed.success) return refused("malformed", "The first line does not say what the connection is for.");
    const opening = parsed.data;
    if (!isSame(opening.token, this.#token)) return refused("token", "The token is not the one of this pty host.");
    if (this.#ending) return refused("ending", "This pty host is ending.");
    switch (opening.type) {
      case "lookup":
        return {
          type: "sessions",
          pid: process.pid,
          sessions: [...this.#sessions.values()].map(({ session }) => session.record()),
        };
      case "view":
        await this.#view(socket, opening, rest);
        return null;
      case "session":
        return this.#session(socket, opening, rest);
    }
  }

  #session(
    socket: Socket,
    { session: id, begin }: Extract<Opening, { type: "session" }>,
    rest: Buffer,
  ): Greeting | null {
    const { log } = this.#options;
    let served = this.#sessions.get(id);
    if (served !== undefined && begin !== null) served.newest.beginning = begin;
    if (served === undefined) {
      if (begin === null || begin.onlyJoin) return { type: "unknown" };
      served = this.#begin(id, begin);
    }
    const { session } = served;
    const { engine } = session;
    const welcome: Greeting = {
      type: "welcome",
      pid: process.pid,
      terminals: [...engine.list()],
      commandIds: [...engine.commandIds()],
    };
    socket.write(`${JSON.stringify(welcome)}\n`);
    serveSession({ socket, session, endSession: () => this.#endSession(id, session), log }, rest);
    return null;
  }

  async #view(socket: Socket, opening: Extract<Opening, { type: "view" }>, rest: Buffer): Promise<void> {
    const session = this.#sessions.get(opening.session)?.session;
    if (session === undefined) {
      socket.destroy();
      return;
    }
    session.addWatcher(socket, opening.terminal);
    this.#clients.delete(socket);
    const attachment = await serveViewer(socket, {
      terminals: session.engine,
      terminal: opening.terminal,
      typedAhead: rest,
      size: opening.size,
      onActive: () => session.touch(),
      tellSnapshot: true,
    });
    if (attachment === null) return;
    const named = session.addViewer(opening.viewer, attachment);
    socket.once("close", () => named.dispose());
  }

  #begin(id: string, beginning: Beginning): Served {
    const { place, log, createEngine } = this.#options;
    const newest = { beginning };
    const engine = createEngine(() => newest.beginning);
    const session = new HostedSession({ session: id, engine, place, log, onChange: () => this.#considerEnd() });
    const served: Served = { session, newest };
    this.#sessions.set(id, served);
    return served;
  }

  /** Ends it but for terminals that are to be kept; with them it stays. */
  async #endSession(id: string, session: HostedSession): Promise<void> {
    if ((await session.closeButKept()) && this.#sessions.get(id)?.session === session) this.#sessions.delete(id);
    this.#considerEnd();
  }

  #close(session: HostedSession): Promise<void> {
    return session.close().catch((error: unknown) => this.#options.log.error("a session could not be ended", error));
  }

  /** A folder that was removed is an address nobody can reach any more. */
  #watchPlace(): void {
    const { place, log } = this.#options;
    if (process.platform === "win32") return;
    const watched = [place.controlSocket, place.folder].map((path) => basename(path));
    try {
      this.#watcher = watch(place.folder, (_, name) => {
        if (name === null || watched.includes(name)) void this.#checkPlace();
      });
      this.#watcher.on("error", () => void this.#checkPlace());
    } catch (error) {
      log.warn("the folder of the sockets can not be watched", { cause: messageOf(error) });
    }
  }

  async #checkPlace(): Promise<void> {
    if (this.#ending || (await this.#socket?.isThere())) return;
    this.#options.log.info("the control socket is gone, and so is the pty host");
    await this.end();
  }

  /** Arms the end that fits: soon where nothing is here, later where shells wait, not at all for a client. */
  #considerEnd(): void {
    clearTimeout(this.#timer);
    if (this.#ending || this.#inUse) return;
    for (const [id, { session }] of this.#sessions) {
      if (!session.unused) continue;
      this.#sessions.delete(id);
      void this.#close(session);
    }
    const { idleMs, unusedMs, firstClientMs } = this.#options;
    const waitMs = this.#sessions.size > 0 ? idleMs : this.#used ? unusedMs : firstClientMs;
    const timer = setTimeout(() => {
      this.#endIfIdle(timer).catch((error: unknown) => {
        this.#options.log.error("whether anything runs is not known", error);
        this.#considerEnd();
      });
    }, waitMs);
    this.#timer = timer;
  }

  get #inUse(): boolean {
    return this.#clients.size > 0 || [...this.#sessions.values()].some(({ session }) => session.watched);
  }

  async #endIfIdle(timer: NodeJS.Timeout): Promise<void> {
    const busy = await Promise.all([...this.#sessions.values()].map(({ session }) => session.engine.busy()));
    // Whoever came meanwhile has set another one, or none.
    if (this.#inUse || this.#timer !== timer) return;
    if (busy.includes(true)) this.#considerEnd();
    else await this.end();
  }
}

/** The last line of a connection. One that does not read it is cut off. */
function dismiss(socket: Socket, greeting: Greeting): void {
  socket.end(`${JSON.stringify(greeting)}\n`);
  // What still comes is of no interest, but only who reads learns that the other side is gone.
  socket.resume();
  setTimeout(() => socket.destroy(), openingTimeoutMs).unref();
}

function refused(reason: Extract<Greeting, { type: "refused" }>["reason"], message: string): Greeting {
  return { type: "refused", reason, message };
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
