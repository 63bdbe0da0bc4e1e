/**
 * The life of one shell in one pseudoterminal: its stream, its commands, its viewers. The engine makes another one
 * when a shell has ended and is needed again.
 */
import type { TerminalAttachment } from "../ports/terminals.ts";
import { Attachments } from "./attachments.ts";
import { CommandFile } from "./command-file.ts";
import type { CommandRecord } from "./command-record.ts";
import { Display } from "./display.ts";
import { LineFeedMode } from "./line-feed-mode.ts";
import { endSession, interruptForeground } from "./process-control.ts";
import type { PrivateFolder, ProcessTable, Pty, PtyExit, PtySize } from "./pty.ts";
import { type AgentCommand, ShellCommands } from "./shell-commands.ts";
import { ShellStream } from "./shell-stream.ts";
import type { ShellKeys } from "./shells/shell-dialect.ts";
import { UnreadOutput } from "./unread-output.ts";
import { waitFor } from "./wait-for.ts";

/** A prompt that has not been seen this long after the end of a command is not coming; typing works all the same. */
export const promptWaitMs = 100;
/** As long as a line that the person has entered before ours may take. */
const displacedMs = 2_000;
/** As long as ending a command takes at most, with room to spare. */
const interruptMs = 2_000;

export interface ShellBootstrap {
  readonly key: string;
  readonly keys: ShellKeys;
  /** Whether a marker comes before the startup files of the person are loaded. */
  readonly heardFirst: boolean;
  readonly commandFileName: string;
  /** Null for a shell that does not put line feeds right. */
  readonly lineFeedFileName: string | null;
  /** Stands in the command line of the process as long as it is our shell. */
  readonly commandLineMark: string;
}

export interface PtySessionOptions {
  readonly pty: Pty;
  readonly size: PtySize;
  /** Null for a shell without bootstrap. */
  readonly bootstrap: ShellBootstrap | null;
  readonly folder: PrivateFolder;
  readonly processes: ProcessTable;
  /** In the environment of the shell, and of whatever it starts. */
  readonly mark: string;
  readonly cwd: string;
  /** The number of commands that came before in this terminal. */
  readonly ordinal: number;
  readonly newCommandId: () => string;
  /** Status, command, folder or exit changed. */
  readonly onChange: () => void;
  /** Output came that no waiting `run` gets. */
  readonly onUnclaimed: (text: string) => void;
  /** A command began that is worth remembering by its id. */
  readonly onCommand: (record: CommandRecord) => void;
  /** A command that the person typed has ended, or the shell has with it. */
  readonly onPersonCommand: (record: CommandRecord) => void;
}

export class PtySession {
  readonly pid: number;
  readonly exited: Promise<PtyExit>;
  /** Resolves when the shell takes commands, or never will with markers. */
  readonly ready: Promise<void>;
  readonly display: Display;
  /** What no waiting `run` has got. */
  readonly unread = new UnreadOutput();
  readonly startedAtMs = Date.now();
  readonly #options: PtySessionOptions;
  readonly #pty: Pty;
  readonly #stream: ShellStream;
  readonly #commands: ShellCommands;
  readonly #resolveReady: () => void;
  #marked: boolean;
  #cwd: string;
  #exit: PtyExit | null = null;
  /** Gets output as it comes while a `run` waits. */
  #tap: ((text: string) => void) | null = null;
  #terminating = false;
  /** The unfinished line of the person stands at the prompt again; bash paints the prompt anew with it. */
  #givenBack = false;
  #prompted: { promise: Promise<void>; resolve: () => void } | null = null;
  readonly #activity = new Set<() => void>();
  readonly #attachments: Attachments;
  readonly #commandFile: CommandFile | null;
  readonly #lineFeeds: LineFeedMode | null;
  /** Number of a command that is to be ended if it begins after all. */
  #unwanted = Number.NaN;

  constructor(options: PtySessionOptions) {
    this.#options = options;
    this.#pty = options.pty;
    this.pid = options.pty.pid;
    this.#cwd = options.cwd;
    const { bootstrap, folder } = options;
    this.#marked = bootstrap !== null;
    this.#commandFile = bootstrap === null ? null : new CommandFile(folder, bootstrap.commandFileName);
    this.display = new Display(options.size, options.pty);
    this.#attachments = new Attachments({
      display: this.display,
      answer: (text) => this.#pty.write(text),
      type: (text) => this.write(text, "person"),
    });
    const { carriageReturns } = options.pty;
    const fileName = bootstrap?.lineFeedFileName ?? null;
    this.#lineFeeds =
      fileName === null || carriageReturns === undefined
        ? null
        : new LineFeedMode({ carriageReturns, display: this.display, folder, fileName });
    const { ordinal, newCommandId, onCommand, onPersonCommand } = options;
    const onPersonTurn = () => this.unread.forgetPersons();
    this.#commands = new ShellCommands({
      pid: this.pid,
      ordinal,
      newCommandId,
      onCommand,
      onPersonTurn,
      onPersonCommand,
    });
    const ready = Promise.withResolvers<void>();
    const exited = Promise.withResolvers<PtyExit>();
    this.ready = ready.promise;
    this.exited = exited.promise;
    this.#resolveReady = ready.resolve;
    this.#stream = new ShellStream(options.bootstrap?.key ?? "", options.bootstrap?.keys.runLine ?? null, {
      display: (text) => this.display.show(text),
      output: (text) => this.#output(text),
      began: (number) => this.#began(number),
      typed: (number, command) => this.#typedBegan(number, command),
      notTaken: () => this.#giveUpPending(),
      ended: (number, exitCode, cwd) => this.#commandEnded(number, exitCode, cwd),
      ready: () => this.#shellReady(),
      lineFeedsRestored: () => this.#lineFeeds?.restored(),
      unmarked: () => this.#loseMarkers(),
    });
    this.#pty.onData((data) => {
      if (this.#options.bootstrap === null) {
        this.display.show(data);
        this.#output(data);
        ready.resolve();
      } else {
        this.#stream.push(data);
      }
      for (const listener of this.#activity) listener();
    });
    this.#pty.onExit((exit) => {
      this.#stream.end();
      this.#exit = exit;
      const end = { status: "exited", exitCode: exit.exitCode, cwd: null } as const;
      this.#commands.shellEnded(end, { told: !this.#terminating });
      ready.resolve();
      exited.resolve(exit);
      this.#attachments.shellEnded();
      this.#options.onChange();
    });
  }

  get exit(): PtyExit | null {
    return this.#exit;
  }
  /** False: whether a command has ended can not be known. */
  get marked(): boolean {
    return this.#marked;
  }
  get cwd(): string {
    return this.#cwd;
  }
  get starting(): boolean {
    return this.#marked && this.#stream.phase === "starting";
  }
  /** The person has begun a line that is not finished (PS2): what is typed now would become part of it. */
  get continuing(): boolean {
    return this.#marked && this.#stream.phase === "continuing";
  }
  /** What it runs and has run. */
  get commands(): Pick<ShellCommands, "ordinal" | "current" | "newest" | "shown"> {
    return this.#commands;
  }

  /**
   * Enters a command; the current one is it from this moment on. The caller has made sure that nothing runs. Rejects when
   * the file that hands it to the shell can not be written.
   */
  async enter(start: AgentCommand, signal: AbortSignal): Promise<CommandRecord> {
    const { bootstrap } = this.#options;
    if (!this.#marked || bootstrap === null) {
      const record = this.#commands.beginUnmarked(start);
      this.#options.onChange();
      this.#pty.write(`${start.command.replace(/\r?\n/g, "\r")}\r`);
      return record;
    }
    const record = this.#commands.expect(start);
    const { number } = record.start;
    try {
      await this.#commandFile?.hand(number, start.command);
    } catch (error) {
      this.giveUp(record);
      throw error;
    }
    if (this.#stream.phase !== "prompt") await this.#untilPrompt();
    if (signal.aborted) this.#takeBack(record);
    if (record.end !== null) return record;
    this.#stream.arm(number, start.command);
    const { run, runLine } = bootstrap.keys;
    this.#pty.write(this.#stream.lineEditing ? run : (runLine ?? run));
    return record;
  }

  /** Whether a command is typed and not yet begun. */
  isPending(record: CommandRecord): boolean {
    return this.#commands.pending === record;
  }

  /** Takes a command back. A shell that has read it already begins it all the same. */
  async withdraw(): Promise<void> {
    await this.#commandFile?.takeBack();
  }

  /**
   * A command that has not begun is not waited for any more, and others can be entered. Should the shell begin it all
   * the same, it counts as a command of its own, which is ended at once when it is `unwanted`.
   */
  giveUp(record: CommandRecord, { unwanted = false }: { readonly unwanted?: boolean } = {}): void {
    if (!this.isPending(record)) return;
    if (unwanted) this.#unwanted = record.start.number;
    this.#stream.disarm();
    this.#commands.giveUp(record);
    this.#options.onChange();
  }

  /** The same at once: what the shell has not read by then it does not find any more. */
  #takeBack(record: CommandRecord): void {
    this.giveUp(record);
    void this.withdraw().catch(() => undefined);
  }

  /** After a short line of the person's the shell comes to ours; what takes longer has got our keys, or they come too late. */
  async #takeBackUnlessBegun(record: CommandRecord): Promise<void> {
    if ((await waitFor(record.begun, { timeoutMs: displacedMs })) === "timeout") this.#takeBack(record);
  }

  /**
   * Output of the commands of a waiting `run` goes to it instead of the next read, until the returned function is
   * called or somebody else waits: the newest has taken the place of one whose client is gone.
   */
  tap(listener: (text: string) => void): () => void {
    this.#tap = listener;
    return () => {
      if (this.#tap === listener) this.#tap = null;
    };
  }

  /** The shell has started without our bootstrap: no marker will come. */
  checkHeard(): void {
    if (this.#exit === null && this.#options.bootstrap?.heardFirst && !this.#stream.heard) this.#loseMarkers();
  }

  /** Whether another program has taken the place of the shell (`exec zsh`): then no marker will come. */
  async checkMarkers(): Promise<void> {
    const { bootstrap, processes } = this.#options;
    if (!this.#marked || bootstrap === null || this.#exit !== null) return;
    const commandLine = await processes.commandLine(this.pid);
    if (commandLine !== null && !commandLine.includes(bootstrap.commandLineMark)) this.#loseMarkers();
  }

  /** The command of a shell without markers is let go: whether it has ended is not known. */
  release(record: CommandRecord): void {
    this.#commands.release(record);
    this.#options.onChange();
  }

  interrupt(record: CommandRecord): Promise<void> {
    const ended = this.#marked ? record.ended : Promise.race([record.ended, this.#shellHasForeground()]);
    return interruptForeground(this.#options.processes, this, ended);
  }

  /** The same where no command of ours is known to run. */
  interruptForeground(): Promise<void> {
    return interruptForeground(this.#options.processes, this, this.#shellHasForeground());
  }

  /** Where no marker comes, this tells that a program has ended, and the shell need not go with it. */
  async #shellHasForeground(): Promise<void> {
    for (const until = Date.now() + interruptMs; Date.now() < until; ) {
      const group = await this.foregroundGroup();
      if (group === null || group === this.pid) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends the shell and everything in it; false when something survived. */
  terminate(): Promise<boolean> {
    this.#terminating = true;
    const { processes, mark } = this.#options;
    return endSession(processes, { pid: this.pid, exited: this.exited, mark });
  }

  foregroundGroup(): Promise<number | null> {
    return this.#options.processes.foregroundGroup(this.pid);
  }

  write(text: string, by: "agent" | "person"): void {
    this.#lineFeeds?.typed();
    this.#commands.wrote(by, text, this.#atPrompt);
    this.#pty.write(text);
  }

  /** Calls back at every output, until the returned function is called. */
  watchActivity(listener: () => void): () => void {
    const entry = () => listener();
    this.#activity.add(entry);
    return () => void this.#activity.delete(entry);
  }

  attach(deliver: (data: string) => void | Promise<void>, size?: PtySize): Promise<TerminalAttachment> {
    return this.#attachments.attach(deliver, size);
  }

  /** Shows a line of ours to viewers only. */
  announce(text: string): void {
    this.display.show(`\r\n${text}\r\n`);
  }

  get #atPrompt(): boolean {
    const { phase } = this.#stream;
    return this.#marked && (phase === "prompt" || phase === "continuing");
  }

  #output(text: string): void {
    if (this.#marked && this.#stream.phase === "starting") return;
    const { running } = this.#commands;
    const isNew = this.#commands.printed(text, this.#atPrompt);
    if (running !== null && this.#tap !== null && running.start.typedBy === "agent") {
      this.#tap(text);
    } else {
      if (isNew) this.unread.push(text, running);
      this.#options.onUnclaimed(text);
    }
    this.#commands.push(text);
    this.#lineFeeds?.printed(text);
  }

  #began(number: number): void {
    this.#givenBack = false;
    this.#lineFeeds?.began();
    if (this.#commands.began(number)) this.#options.onChange();
  }

  #giveUpPending(): void {
    const { pending } = this.#commands;
    if (pending !== null) this.giveUp(pending);
  }

  #typedBegan(number: number, command: string): void {
    this.#givenBack = false;
    this.#lineFeeds?.began();
    const displaced = this.#commands.displacedBy(number);
    if (displaced !== null) void this.#takeBackUnlessBegun(displaced);
    this.#commands.typedBegan(number, command);
    this.#options.onChange();
    const { running } = this.#commands;
    if (number === this.#unwanted && running !== null) void this.interrupt(running).catch(() => undefined);
  }

  #commandEnded(number: number, exitCode: number, cwd: string | null): void {
    if (cwd !== null) this.#cwd = cwd;
    this.#lineFeeds?.ended();
    const end = { status: "completed", exitCode, cwd: cwd ?? this.#cwd } as const;
    if (this.#commands.ended(number, end)) this.#options.onChange();
  }

  #shellReady(): void {
    this.#commands.prompted();
    this.#resolveReady();
    this.#prompted?.resolve();
    this.#prompted = null;
    // Give back what the person had typed before our command came in between.
    const { bootstrap } = this.#options;
    if (bootstrap !== null && this.#commands.pending === null && this.#stream.takeDisplaced()) {
      this.#givenBack = true;
      this.#pty.write(bootstrap.keys.restore);
    }
    if (this.#givenBack) this.#commands.wrote("person", "", true);
  }

  #untilPrompt(): Promise<unknown> {
    this.#prompted ??= Promise.withResolvers<void>();
    const { promise } = this.#prompted;
    return Promise.race([promise, this.exited, new Promise((resolve) => setTimeout(resolve, promptWaitMs))]);
  }

  #loseMarkers(): void {
    if (!this.#marked) return;
    this.#marked = false;
    this.#stream.disarm();
    this.#commands.letGo();
    this.#resolveReady();
    this.#options.onChange();
  }
}
