/**
 * The terminals of one agent session: implements the port over a spawner and a process table, so that it runs
 * in-process as well as in the pty host. One shell a terminal; a shell that ended is started anew when needed.
 */
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { IdSource } from "../base/ids.ts";
import type { Log } from "../ports/log.ts";
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
} from "../ports/terminals.ts";
import type { TerminalInfo } from "../protocol/terminals.ts";
import { CommandHistory } from "./command-history.ts";
import { OutputThrottle } from "./output-throttle.ts";
import { PersonCommands } from "./person-commands.ts";
import { type PortProbe, type PtySize, usableSize } from "./pty.ts";
import type { PtySession } from "./pty-session.ts";
import { readEnded, readTerminal, writeTerminal } from "./read-terminal.ts";
import { followCommand, interruptCommand, type Leavable, runCommand, startupCommand } from "./run-command.ts";
import type { ShellLauncher } from "./shell-launcher.ts";
import { defaultSpoolLimits, type SpoolFiles, type SpoolLimits } from "./spool.ts";
import { infoOf, type TerminalSlot } from "./terminal-slot.ts";
import { timeLeft, waitFor } from "./wait-for.ts";

export const mainTerminal = "main";
const defaultSize = { cols: 120, rows: 30 };

/** What the shell's line editor does around every command: nothing to look at. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what it is about.
const lineEditing = /^(?:\r|\x1b\[K|\x1b\[\?2004[hl])+$/;

export interface TerminalEngineOptions {
  readonly launcher: ShellLauncher;
  /** For output that is too long for a result. */
  readonly spools: SpoolFiles;
  readonly spoolLimits?: SpoolLimits;
  readonly probe: PortProbe;
  /** Whether terminals that are to be kept can be: this engine outlives its clients. Default: no. */
  readonly outlives?: boolean;
  readonly ids: IdSource;
  readonly log: Log;
  /** Folder in which terminals start. */
  readonly cwd: string;
  readonly shell?: string;
}

export class TerminalEngine implements Terminals {
  readonly #options: TerminalEngineOptions;
  readonly #slots = new Map<string, TerminalSlot>();
  readonly #commands: CommandHistory;
  readonly #byPerson = new PersonCommands();
  readonly #events: Emitter<TerminalEvent>;
  readonly #output: Emitter<TerminalOutput>;
  #closing: Promise<void> | null = null;

  constructor(options: TerminalEngineOptions) {
    this.#options = options;
    this.#commands = new CommandHistory(options.spools, options.spoolLimits ?? defaultSpoolLimits);
    this.#events = new Emitter((error) => options.log.error("a terminal listener failed", error));
    this.#output = new Emitter((error) => options.log.error("a listener of terminal output failed", error));
    this.#slots.set(mainTerminal, this.#slot({ name: mainTerminal, createdBy: "agent" }));
  }

  list(): readonly TerminalInfo[] {
    return [...this.#slots].map(([name, slot]) => infoOf(name, slot));
  }

  async open(request: OpenTerminal): Promise<OpenTerminalResult> {
    const { name } = request;
    if (name === "" || name.length > 80 || /\p{Cc}/u.test(name)) {
      return { kind: "failed", message: "A terminal needs a name of 1 to 80 printable characters." };
    }
    const existing = this.#slots.get(name);
    if (existing !== undefined && (existing.starting !== null || existing.session?.exit === null)) {
      return { kind: "exists", terminal: infoOf(name, existing) };
    }
    existing?.session?.display.dispose();
    const slot = this.#slot(request);
    this.#slots.set(name, slot);
    const session = await this.#session(name, slot);
    if (typeof session === "string") {
      if (this.#slots.get(name) === slot) {
        if (name === mainTerminal) this.#slots.set(name, this.#slot({ name, createdBy: "agent" }));
        else this.#slots.delete(name);
      }
      return { kind: "failed", message: session };
    }
    return { kind: "opened", terminal: infoOf(name, slot) };
  }

  async run(request: RunCommand & Leavable): Promise<RunResult> {
    const slot = this.#slots.get(request.terminal);
    if (slot === undefined) return this.#noTerminal();
    if (slot.session?.exit && request.terminal !== mainTerminal) {
      const { exitCode } = slot.session.exit;
      const how = exitCode === null ? "was killed" : `ended with exit code ${exitCode}`;
      return {
        kind: "failed",
        message: `The shell of ${request.terminal} ${how}. Open the terminal again, or use ${mainTerminal}.`,
      };
    }
    const left = timeLeft(request.timeoutMs);
    const starting = this.#session(request.terminal, slot);
    const { signal } = request;
    if (slot.starting !== null) await waitFor(starting, { timeoutMs: request.timeoutMs, signal });
    if (signal.aborted) return { kind: "failed", message: "Cancelled before the command began." };
    if (slot.starting !== null) {
      return { kind: "busy", command: startupCommand, startedAtMs: Date.now() };
    }
    const session = await starting;
    if (typeof session === "string") return { kind: "failed", message: session };
    return runCommand(session, { ...request, timeoutMs: left() }, this.#options.probe);
  }

  read(request: ReadTerminal): Promise<ReadResult> {
    return this.#look(request, (slot, session) => readTerminal(slot, session, request));
  }

  write(request: WriteTerminal): Promise<ReadResult> {
    return this.#look(request, (slot, session) => writeTerminal(slot, session, request));
  }

  async readSpool(request: ReadSpool): Promise<SpoolResult> {
    return this.#slots.has(request.terminal) ? this.#commands.read(request) : this.#noTerminal();
  }

  async terminate(name: string): Promise<"terminated" | "no-terminal"> {
    const slot = this.#slots.get(name);
    if (slot === undefined) return "no-terminal";
    await slot.starting;
    await this.#end(name, slot);
    if (name === mainTerminal) this.#slots.set(name, this.#slot({ name, createdBy: "agent" }));
    else if (this.#slots.get(name) === slot) this.#slots.delete(name);
    return "terminated";
  }

  async attach(
    name: string,
    onData: (data: string) => void | Promise<void>,
    size?: PtySize,
  ): Promise<TerminalAttachment | null> {
    const slot = this.#slots.get(name);
    if (slot === undefined) return null;
    // `main` is always there; of another one whose shell has ended, the last screen is.
    const ended = slot.session?.exit !== null && name === mainTerminal;
    const session = ended || slot.session === null ? await this.#session(name, slot) : slot.session;
    return typeof session === "string" ? null : session.attach(onData, size);
  }

  async interrupt(request: InterruptCommand): Promise<"interrupted" | "idle" | "no-terminal"> {
    const slot = this.#slots.get(request.terminal);
    if (slot === undefined) return "no-terminal";
    return slot.session === null ? "idle" : interruptCommand(slot.session, request);
  }

  async follow(request: FollowCommand & Leavable): Promise<CommandResult | null> {
    const known = this.#commands.get(request.commandId);
    return known === undefined ? null : followCommand(known.session, known.record, request, this.#options.probe);
  }

  knows(commandId: string): boolean {
    return this.#commands.get(commandId) !== undefined;
  }

  /** Of commands that can be followed, oldest first. */
  commandIds(): readonly string[] {
    return this.#commands.ids();
  }

  /** Whether anything but shells at their prompts is in the foreground of a terminal. */
  async busy(): Promise<boolean> {
    const living = [...this.#slots.values()].flatMap(({ session }) => (session?.exit === null ? [session] : []));
    const groups = await Promise.all(living.map((session) => session.foregroundGroup()));
    return living.some((session, index) => {
      const group = groups[index] ?? session.pid;
      return session.commands.current !== null || group !== session.pid;
    });
  }

  /** What runs here has never been away. */
  async reconnect(): Promise<void> {}

  retell(): void {
    for (const event of [...this.#byPerson.kept]) this.#events.emit(event);
  }

  acknowledge(commandId: string): void {
    this.#byPerson.acknowledge(commandId);
  }

  on(listener: (event: TerminalEvent) => void): Disposable {
    return this.#events.on(listener);
  }

  watchOutput(listener: (output: TerminalOutput) => void): Disposable {
    return this.#output.on(listener);
  }

  /** `keepKept`: terminals that are to be kept, and the engine with them, stay as long as there are any. */
  async close({ keepKept = false }: { readonly keepKept?: boolean } = {}): Promise<void> {
    const slots = [...this.#slots];
    if (keepKept && slots.some(([, { kept, session }]) => kept && session?.exit === null)) {
      await Promise.all(slots.map(([name, { kept }]) => (kept ? undefined : this.terminate(name))));
    } else {
      await this.#close();
    }
  }

  #close(): Promise<void> {
    this.#closing ??= (async () => {
      await Promise.all(
        [...this.#slots].map(async ([name, slot]) => {
          await slot.starting;
          await this.#end(name, slot);
        }),
      );
      await this.#commands.close();
      await this.#options.launcher.close();
      this.#events.dispose();
      this.#output.dispose();
    })();
    return this.#closing;
  }

  release(): Promise<void> {
    return this.close();
  }

  dispose(): void {
    this.close().catch((error) => this.#options.log.error("terminals could not be closed", error));
  }

  #slot(request: OpenTerminal): TerminalSlot {
    const { cwd, shell } = this.#options;
    return {
      request: {
        shell: request.shell ?? shell ?? "bash",
        cwd: request.cwd ?? cwd,
        size: usableSize({ cols: request.cols ?? defaultSize.cols, rows: request.rows ?? defaultSize.rows }),
      },
      createdBy: request.createdBy,
      kept: request.keep === true && this.#options.outlives === true,
      session: null,
      starting: null,
      exitReported: false,
      unclaimed: new OutputThrottle((chunk) => this.#output.emit({ terminal: request.name, chunk })),
    };
  }

  #noTerminal() {
    return { kind: "no-terminal" as const, names: [...this.#slots.keys()] };
  }

  /** The living shell of a terminal, started when there is none; or why there is none. */
  #session(name: string, slot: TerminalSlot): Promise<PtySession | string> {
    if (this.#closing !== null) return Promise.resolve("The terminals of this session were closed.");
    const { session } = slot;
    if (session !== null && session.exit === null) return Promise.resolve(session);
    slot.starting ??= this.#start(name, slot, session).finally(() => {
      slot.starting = null;
    });
    return slot.starting;
  }

  async #start(name: string, slot: TerminalSlot, before: PtySession | null): Promise<PtySession | string> {
    const launched = await this.#options.launcher.launch(
      { ...slot.request, ordinal: before?.commands.ordinal ?? 0 },
      {
        newCommandId: () => this.#options.ids.next("command"),
        onChange: (session) => {
          if (slot.session === session) this.#changed(name, slot, session);
        },
        onUnclaimed: (session, text) => {
          if (this.#output.heard && slot.session === session && !lineEditing.test(text)) slot.unclaimed.push(text);
        },
        onPersonCommand: (record) => this.#events.emit(this.#byPerson.add(name, record.result())),
        onCommand: (session, record) => this.#commands.remember({ terminal: name, session, record }),
      },
    );
    if (launched.kind === "failed") return launched.message;
    before?.display.dispose();
    slot.session = launched.session;
    slot.exitReported = false;
    this.#events.emit({ type: "opened", terminal: infoOf(name, slot) });
    if (launched.remark !== undefined) this.#events.emit({ type: "remarked", name, remark: launched.remark });
    return launched.session;
  }

  #changed(name: string, slot: TerminalSlot, session: PtySession): void {
    if (session.exit === null) {
      this.#events.emit({ type: "changed", terminal: infoOf(name, slot) });
      return;
    }
    slot.unclaimed.flush();
    const { exitCode, signal } = session.exit;
    this.#events.emit({ type: "exited", name, exitCode, ...(signal === null ? {} : { signal }) });
  }

  async #look(
    request: ReadTerminal,
    read: (slot: TerminalSlot, session: PtySession) => Promise<ReadResult>,
  ): Promise<ReadResult> {
    const slot = this.#slots.get(request.terminal);
    if (slot === undefined) return this.#noTerminal();
    let session = slot.session;
    if (session?.exit && (!slot.exitReported || request.terminal !== mainTerminal)) {
      return readEnded(slot, session, request);
    }
    if (session === null || session.exit !== null) {
      const started = await this.#session(request.terminal, slot);
      if (typeof started === "string") return { kind: "failed", message: started };
      session = started;
    }
    return read(slot, session);
  }

  async #end(name: string, slot: TerminalSlot): Promise<void> {
    const { session } = slot;
    if (session === null) return;
    if (!(await session.terminate())) this.#options.log.warn(`processes of terminal ${name} survived SIGKILL`);
    await waitFor(session.exited, { timeoutMs: 1000 });
    slot.unclaimed.flush();
    session.display.dispose();
  }
}
