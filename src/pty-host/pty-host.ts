/**
 * Owns the terminals of one user in one workspace, whoever comes and goes: takes connections, keeps the sessions, and
 * ends itself when nobody can need it any more.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { basename } from "node:path";
import { messageOf } from "../base/app-error.ts";
import { readFirstLine } from "../node/pty-host/first-line.ts";
import type { HostPlace } from "../node/pty-host/host-place.ts";
import type { Log } from "../ports/log.ts";
import { type Greeting, maxLineBytes, type Opening, openingSchema, ptyHostVersion } from "../protocol/pty-host.ts";
import type { TerminalEngine } from "../terminals/terminal-engine.ts";
import { HostedSession } from "./hosted-session.ts";
import { serveSession } from "./session-client.ts";
import { serveViewer } from "./stream-viewer.ts";

const openingTimeoutMs = 5_000;

export interface PtyHostOptions {
  readonly place: HostPlace;
  readonly log: Log;
  readonly createEngine: (begin: NonNullable<Beginning>) => TerminalEngine;
  /** How long it waits without a client and without a running command. */
  readonly idleMs: number;
  /** How long it waits when it has never been used, or no longer is. */
  readonly unusedMs: number;
}

type Beginning = Extract<Opening, { type: "session" }>["begin"];

export class PtyHost {
  /** Resolves when everything has ended and no trace is left. */
  readonly ended: Promise<void>;
  readonly #options: PtyHostOptions;
  readonly #sessions = new Map<string, HostedSession>();
  readonly #clients = new Set<Socket>();
  readonly #token = randomBytes(24).toString("hex");
  readonly #server: Server;
  readonly #resolveEnded: () => void;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
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
    await rm(place.controlSocket, { force: true });
    await writeFile(place.tokenFile, this.#token, { mode: 0o600 });
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      // The socket has its mode from the moment it exists; shells must not inherit this mask.
      const mask = process.umask(0o177);
      this.#server.listen(place.controlSocket, resolve);
      process.umask(mask);
    });
    this.#server.on("error", (error) => log.error("the control socket failed", error));
    this.#watchPlace();
    this.#considerEnd();
  }

  /** Ends every terminal and takes the sockets away. */
  async end(): Promise<void> {
    if (this.#ending) return this.ended;
    this.#ending = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
    this.#server.close();
    await Promise.allSettled([...this.#sessions.values()].map((session) => session.close()));
    for (const client of this.#clients) client.destroy();
    const { tokenFile, controlSocket } = this.#options.place;
    await Promise.allSettled([rm(tokenFile, { force: true }), rm(controlSocket, { force: true })]);
    this.#resolveEnded();
  }

  async #welcome(socket: Socket): Promise<void> {
    const { log } = this.#options;
    this.#clients.add(socket);
    clearTimeout(this.#timer);
    socket.on("error", (error) => log.info("a connection failed", { cause: error.message }));
    socket.once("close", () => {
      this.#clients.delete(socket);
      this.#considerEnd();
    });
    try {
      const { document, rest } = await readFirstLine(socket, { maxBytes: maxLineBytes, timeoutMs: openingTimeoutMs });
      const greeting = await this.#answerOpening(socket, document, rest);
      if (greeting !== null) socket.end(`${JSON.stringify(greeting)}\n`);
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
          sessions: [...this.#sessions.values()].map((one) => one.record()),
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
    let session = this.#sessions.get(id);
    if (session === undefined) {
      if (begin === null) return { type: "unknown" };
      session = this.#begin(id, begin);
    }
    const { engine } = session;
    const welcome: Greeting = {
      type: "welcome",
      pid: process.pid,
      terminals: [...engine.list()],
      commandIds: [...engine.commandIds()],
    };
    socket.write(`${JSON.stringify(welcome)}\n`);
    serveSession({ socket, session, endSession: () => this.#endSession(id), log }, rest);
    return null;
  }

  async #view(socket: Socket, opening: Extract<Opening, { type: "view" }>, rest: Buffer): Promise<void> {
    const session = this.#sessions.get(opening.session);
    if (session === undefined) {
      socket.destroy();
      return;
    }
    const attachment = await serveViewer(socket, {
      terminals: session.engine,
      terminal: opening.terminal,
      typedAhead: rest,
      onActive: () => session.touch(),
      tellSnapshot: true,
    });
    if (attachment === null) return;
    const named = session.addViewer(opening.viewer, attachment);
    socket.once("close", () => named.dispose());
  }

  #begin(id: string, begin: NonNullable<Beginning>): HostedSession {
    const { place, log, createEngine } = this.#options;
    const engine = createEngine(begin);
    const session = new HostedSession({ session: id, engine, place, log, onChange: () => this.#considerEnd() });
    this.#sessions.set(id, session);
    return session;
  }

  async #endSession(id: string): Promise<void> {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    await session.close();
    this.#considerEnd();
  }

  /** A folder that was removed is an address nobody can reach any more. */
  #watchPlace(): void {
    const { place, log } = this.#options;
    if (process.platform === "win32") return;
    try {
      this.#watcher = watch(place.folder, (_, name) => {
        if (name === null || name === basename(place.controlSocket)) void this.#checkPlace();
      });
      this.#watcher.on("error", () => void this.#checkPlace());
    } catch (error) {
      log.warn("the folder of the sockets can not be watched", { cause: messageOf(error) });
    }
  }

  async #checkPlace(): Promise<void> {
    if (this.#ending || (await stat(this.#options.place.controlSocket).catch(() => null)) !== null) return;
    this.#options.log.info("the control socket is gone, and so is the pty host");
    await this.end();
  }

  /** Arms the end that fits: soon where nothing is here, later where shells wait, not at all for a client. */
  #considerEnd(): void {
    clearTimeout(this.#timer);
    if (this.#ending || this.#clients.size > 0) return;
    for (const [id, session] of this.#sessions) {
      if (!session.unused) continue;
      this.#sessions.delete(id);
      void session.close();
    }
    const { idleMs, unusedMs } = this.#options;
    this.#timer = setTimeout(() => void this.#endIfIdle(), this.#sessions.size === 0 ? unusedMs : idleMs);
  }

  async #endIfIdle(): Promise<void> {
    const busy = await Promise.all([...this.#sessions.values()].map((session) => session.engine.busy()));
    if (this.#clients.size > 0) return;
    if (busy.includes(true)) this.#considerEnd();
    else await this.end();
  }
}

function refused(reason: Extract<Greeting, { type: "refused" }>["reason"], message: string): Greeting {
  return { type: "refused", reason, message };
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
