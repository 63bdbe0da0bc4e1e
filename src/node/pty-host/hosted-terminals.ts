/** The terminals of one session, in the pty host of its workspace: the client's side of every operation. */
import { randomBytes } from "node:crypto";
import { AppError, messageOf } from "../../base/app-error.ts";
import type { Disposable } from "../../base/disposable.ts";
import { toDisposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Log } from "../../ports/log.ts";
import type {
  CommandResult,
  FollowCommand,
  InterruptCommand,
  OpenTerminal,
  OpenTerminalResult,
  ReadResult,
  ReadSpool,
  ReadTerminal,
  RunCommand,
  RunResult,
  SpoolResult,
  TerminalAttachment,
  TerminalEvent,
  TerminalOutput,
  Terminals,
  WriteTerminal,
} from "../../ports/terminals.ts";
import { isLiving, type TerminalInfo } from "../../protocol/terminals.ts";
import { HostConnection, HostLost } from "./host-connection.ts";
import type { HostPlace } from "./host-place.ts";
import type { JoinedSession } from "./join-session.ts";
import { joinWorkspace } from "./join-workspace.ts";
import { endShellsOfKilledHost } from "./left-shells.ts";
import { afterLoopTime } from "./loop-time.ts";
import { missedEvents } from "./missed-events.ts";
import { attachViewer } from "./view-terminal.ts";

/** What a reply may take beyond the time that was asked for. */
const replyMs = 15_000;
const reconnectMs = 2_000;
/** As many as the host keeps, and those under way. */
const maxCommandIds = 400;

export interface HostedTerminalsOptions {
  readonly session: string;
  /** Folder whose pty host it is. */
  readonly workspace: string;
  /** Folder in which terminals start. */
  readonly cwd: string;
  readonly shell?: string;
  /** Of the shells. */
  readonly environment: Readonly<Record<string, string>>;
  /** Says where the host may be and is what it starts with; default: this process's own. */
  readonly hostEnvironment?: NodeJS.ProcessEnv;
  readonly log: Log;
}

const LOST = "The process that owned the terminals was ended, and with it every shell and what ran in it.";
const LET_GO = "The connection to the process that owns the terminals was cut.";

export class HostedTerminals implements Terminals {
  readonly #options: HostedTerminalsOptions;
  readonly #infos = new Map<string, TerminalInfo>();
  readonly #commandIds = new Set<string>();
  /** Process id of the host that the terminals in `#infos` live in. */
  #hostPid: number | null = null;
  readonly #events: Emitter<TerminalEvent>;
  readonly #output: Emitter<TerminalOutput>;
  /** Where the terminals in `#infos` were last met. */
  #place: HostPlace | null = null;
  #connection: HostConnection | null = null;
  /** Of every connection that there has been, whether it was lost with its host. */
  readonly #losses = new WeakMap<HostConnection, Promise<boolean>>();
  #connecting: Promise<HostConnection | null> | null = null;
  /** `reconnect` has not waited for what was found in the end, and whoever asked took the terminals for gone. */
  #late = false;
  #ended = false;

  constructor(options: HostedTerminalsOptions) {
    this.#options = options;
    this.#events = new Emitter((error) => options.log.error("a terminal listener failed", error));
    this.#output = new Emitter((error) => options.log.error("a listener of terminal output failed", error));
    this.#forgetTerminals();
  }

  list(): readonly TerminalInfo[] {
    return [...this.#infos.values()];
  }

  get connected(): boolean {
    return this.#connection?.open === true;
  }

  /** Connects, starting the host where there is none. Rejects with AppError `unavailable` where that can not be. */
  async start(): Promise<void> {
    await this.#connect(true);
  }

  async open(request: OpenTerminal): Promise<OpenTerminalResult> {
    return this.#ask<OpenTerminalResult>("create", request, { limitMs: replyMs }, failed);
  }

  async run({ signal, onOutput, ...request }: RunCommand): Promise<RunResult> {
    const limitMs = request.timeoutMs + replyMs;
    const options = { limitMs, signal, onOutput };
    const unknown = (message: string) =>
      failed(`${message} What the command had done until then is not known: look at its effects first.`);
    const result = await this.#ask<RunResult | null>(
      "run",
      { ...request, heard: onOutput !== undefined },
      options,
      (message, { letGo }) => (letGo ? null : unknown(message)),
      request.commandId,
    );
    if (result !== null) return result;
    const { commandId, timeoutMs, waitFor } = request;
    const following = { commandId, timeoutMs, signal, ...(waitFor && { waitFor }), ...(onOutput && { onOutput }) };
    return (await this.follow(following)) ?? unknown(LET_GO);
  }

  read({ signal, ...request }: ReadTerminal): Promise<ReadResult> {
    return this.#ask<ReadResult>("read", request, { limitMs: request.timeoutMs + replyMs, signal }, failed);
  }

  write({ signal, ...request }: WriteTerminal): Promise<ReadResult> {
    return this.#ask<ReadResult>("write", request, { limitMs: request.timeoutMs + replyMs, signal }, failed);
  }

  readSpool({ signal, ...request }: ReadSpool): Promise<SpoolResult> {
    return this.#ask<SpoolResult>("read_spool", request, { limitMs: replyMs, signal }, failed);
  }

  async interrupt(request: InterruptCommand): Promise<"interrupted" | "idle" | "no-terminal"> {
    if (this.#connection === null) return "idle";
    return this.#ask<"interrupted" | "idle" | "no-terminal">("signal", request, { limitMs: replyMs }, () => "idle");
  }

  async terminate(name: string): Promise<"terminated" | "no-terminal"> {
    if (!this.#infos.has(name)) return "no-terminal";
    if (this.#connection === null) return "terminated";
    // Its end is what was wanted, also where everything else has ended with it.
    const result = await this.#ask<"terminated" | "no-terminal">(
      "terminate",
      { name },
      { limitMs: replyMs },
      () => "terminated",
    );
    if (result === "terminated" && name !== "main") this.#infos.delete(name);
    return result;
  }

  async attach(
    name: string,
    onData: (data: string) => void | Promise<void>,
    size?: { readonly cols: number; readonly rows: number },
  ): Promise<TerminalAttachment | null> {
    const connection = await this.#connect(true);
    if (connection === null || this.#place === null || !this.#infos.has(name)) return null;
    const viewer = randomBytes(8).toString("hex");
    const who = { type: "view" as const, session: this.#options.session, terminal: name, viewer };
    const opening = size === undefined ? who : { ...who, size };
    return attachViewer(this.#place, opening, onData, (cols, rows) =>
      this.#connection?.tell("resize", { viewer, cols, rows }),
    );
  }

  async follow({ signal, onOutput, ...request }: FollowCommand): Promise<CommandResult | null> {
    if (!this.#commandIds.has(request.commandId) || this.#connection === null) return null;
    const options = { limitMs: request.timeoutMs + replyMs, signal, onOutput };
    return this.#ask<CommandResult | null>(
      "follow",
      { ...request, heard: onOutput !== undefined },
      options,
      () => null,
    );
  }

  knows(commandId: string): boolean {
    return this.#connection !== null && this.#commandIds.has(commandId);
  }

  async reconnect(): Promise<void> {
    const limit = Promise.withResolvers<void>();
    const timer = afterLoopTime(reconnectMs, () => {
      this.#late = this.#connecting !== null;
      limit.resolve();
    });
    try {
      await Promise.race([this.#connect(false), limit.promise]);
    } catch (error) {
      this.#options.log.warn("the terminals of before could not be looked for", { cause: messageOf(error) });
    } finally {
      timer.dispose();
    }
  }

  retell(): void {
    this.#connection?.tell("retell", {});
  }

  acknowledge(commandId: string): void {
    this.#connection?.tell("acknowledge", { commandId });
  }

  on(listener: (event: TerminalEvent) => void): Disposable {
    return this.#events.on(listener);
  }

  watchOutput(listener: (output: TerminalOutput) => void): Disposable {
    const first = !this.#output.heard;
    const subscription = this.#output.on(listener);
    if (first) this.#connection?.tell("watch_output", { on: true });
    return toDisposable(() => {
      subscription.dispose();
      if (!this.#output.heard) this.#connection?.tell("watch_output", { on: false });
    });
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    try {
      await this.#closeSession().catch((error: unknown) => {
        // The host is gone, another client was quicker, or it has let go of us; then we come again.
        if (error instanceof HostLost) return this.#closeSession();
        throw error;
      });
    } catch (error) {
      this.#options.log.warn("terminals were not ended", { cause: messageOf(error) });
    }
    this.#letGo();
  }

  async #closeSession(): Promise<void> {
    // Terminals of before may be there although nothing was asked of them yet.
    await this.reconnect();
    await this.#connection?.request("close_session", {}, { limitMs: replyMs });
  }

  async release(): Promise<void> {
    await this.#connecting?.catch(() => null);
    this.#letGo();
  }

  dispose(): void {
    this.#letGo();
  }

  #letGo(): void {
    this.#ended = true;
    this.#connection?.close();
    this.#events.dispose();
    this.#output.dispose();
  }

  /** `onFault` words what can not be done for whoever asked. */
  async #ask<Result>(
    op: string,
    request: unknown,
    options: Parameters<HostConnection["request"]>[2],
    onFault: (message: string, how: { readonly letGo: boolean }) => Result,
    /** The command that the request begins. */
    commandId?: string,
  ): Promise<Result> {
    let connection: HostConnection | null = null;
    try {
      connection = await this.#connect(true);
      if (connection === null) return onFault("The terminals of this session were closed.", { letGo: false });
      if (commandId !== undefined) this.#knowCommand(commandId);
      return (await connection.request(op, request, options)) as Result;
    } catch (error) {
      if (AppError.is(error, "unavailable")) throw error;
      if (connection === null || !(error instanceof HostLost)) return onFault(messageOf(error), { letGo: false });
      const gone = await this.#losses.get(connection);
      return gone === false ? onFault(LET_GO, { letGo: true }) : onFault(LOST, { letGo: false });
    }
  }

  #knowCommand(commandId: string): void {
    this.#commandIds.add(commandId);
    const [oldest] = this.#commandIds;
    if (this.#commandIds.size > maxCommandIds && oldest !== undefined) this.#commandIds.delete(oldest);
  }

  async #connect(begin: boolean): Promise<HostConnection | null> {
    if (this.#ended) return null;
    if (this.#connection?.open) return this.#connection;
    // A look for what is there must not stand in for a start.
    while (this.#connecting !== null) {
      const connection = await this.#connecting;
      if (connection !== null || !begin) return connection;
    }
    const connecting = this.#establish(begin).finally(() => {
      if (this.#connecting === connecting) this.#connecting = null;
    });
    this.#connecting = connecting;
    return connecting;
  }

  async #establish(begin: boolean): Promise<HostConnection | null> {
    const { session, workspace, cwd, shell, environment, hostEnvironment = process.env } = this.#options;
    const how = { onlyJoin: !begin, cwd, environment, ...(shell === undefined ? {} : { shell }) };
    const joined = await joinWorkspace(workspace, session, how, hostEnvironment);
    if (joined === null) return null;
    this.#place = joined.place;
    const connection = new HostConnection(joined.socket, joined.rest, this.#hear);
    if (this.#ended) connection.close();
    else this.#welcomed(connection, joined.welcome);
    return this.#ended ? null : connection;
  }

  #welcomed(connection: HostConnection, { pid, terminals, commandIds }: JoinedSession["welcome"]): void {
    // Another host has taken the place of the one that was known: the terminals of before are not among these.
    if (this.#hostPid !== null && this.#hostPid !== pid) this.#reportLoss();
    const before = this.#hostPid !== null ? new Map(this.#infos) : this.#late ? new Map() : null;
    this.#late = false;
    this.#hostPid = pid;
    this.#infos.clear();
    for (const terminal of terminals) this.#infos.set(terminal.name, terminal);
    for (const id of commandIds) this.#knowCommand(id);
    this.#connection = connection;
    this.retell();
    if (this.#output.heard) connection.tell("watch_output", { on: true });
    this.#losses.set(
      connection,
      connection.closed.then(() => this.#afterLoss(connection, pid)),
    );
    if (before !== null) for (const event of missedEvents(before, this.#infos)) this.#events.emit(event);
  }

  readonly #hear = {
    onEvent: (event: unknown) => this.#follow(event as TerminalEvent),
    onUnclaimed: (output: unknown) => this.#output.emit(output as TerminalOutput),
  };

  #follow(event: TerminalEvent): void {
    if (event.type === "opened" || event.type === "changed") this.#infos.set(event.terminal.name, event.terminal);
    else if (event.type === "exited") this.#exited(event.name, event.exitCode);
    this.#events.emit(event);
  }

  #exited(name: string, exitCode: number | null): void {
    const info = this.#infos.get(name);
    if (info !== undefined) this.#infos.set(name, { ...info, status: "exited", pid: null, exitCode });
  }

  /** Whether the host is gone; otherwise it has let go of us, and still has everything. */
  async #afterLoss(connection: HostConnection, pid: number): Promise<boolean> {
    if (this.#connection === connection) this.#connection = null;
    if (this.#ended) return true;
    const again = await this.#connect(false).catch(() => null);
    if (again !== null || this.#ended) return this.#hostPid !== pid;
    this.#reportLoss();
    // What does not mind that its terminal is gone would go on, seen by nobody.
    const { log } = this.#options;
    const ended = this.#place === null ? undefined : endShellsOfKilledHost(this.#place, log);
    ended?.catch((error: unknown) => log.warn("lost shells were not ended", { cause: messageOf(error) }));
    return true;
  }

  #reportLoss(): void {
    const living = this.list().filter(isLiving);
    this.#hostPid = null;
    this.#forgetTerminals();
    const [first] = living;
    // Another client has ended the session, and each terminal was told of.
    if (first === undefined) return;
    this.#options.log.warn("the pty host was lost", { terminals: living.length });
    for (const { name } of living) this.#events.emit({ type: "exited", name, exitCode: null });
    const remark = `${LOST} The next command starts a new one.`;
    this.#events.emit({ type: "remarked", name: first.name, remark });
  }

  #forgetTerminals(): void {
    const { cwd, shell = "bash" } = this.#options;
    this.#infos.clear();
    this.#commandIds.clear();
    this.#infos.set("main", {
      name: "main",
      shell,
      pid: null,
      cwd,
      createdBy: "agent",
      status: "not-started",
      command: null,
      exitCode: null,
    });
  }
}

function failed(message: string): { readonly kind: "failed"; readonly message: string } {
  return { kind: "failed", message };
}
