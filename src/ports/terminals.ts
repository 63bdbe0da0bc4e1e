/**
 * Terminals as tools and the window see them. The engine behind this port runs where the PTY is: in-process at
 * first, in the detached pty host later; nothing here may assume that both are one process.
 */
import type { Disposable } from "../base/disposable.ts";
import type { TerminalInfo } from "../protocol/terminals.ts";

export interface OpenTerminal {
  readonly name: string;
  /** Path or name of a shell; unset: the default (bash). */
  readonly shell?: string;
  readonly cwd?: string;
  readonly createdBy: "agent" | "person";
  readonly cols?: number;
  readonly rows?: number;
  /** It is not ended with the session, where terminals live in a process of their own; `kept` of its info says so. */
  readonly keep?: boolean;
}

export type OpenTerminalResult =
  | { readonly kind: "opened"; readonly terminal: TerminalInfo }
  | { readonly kind: "exists"; readonly terminal: TerminalInfo }
  /** A shell that is missing, a folder that is not there, no permission: `message` names cause and next step. */
  | { readonly kind: "failed"; readonly message: string };

/** Rendered text: escape sequences applied, no colours, head and tail kept. */
export interface TerminalText {
  /** Where something was left out, a line of its own says how much. */
  readonly text: string;
  /** Characters left out between head and tail. */
  readonly droppedChars: number;
  /** The lines of the command's whole output of which something was left out, where they are lines of one command. */
  readonly droppedLines?: { readonly from: number; readonly to: number };
}

export interface CommandState {
  readonly commandId: string;
  /** Number of this command in its terminal, from 1. */
  readonly ordinal: number;
  readonly command: string;
  /**
   * `exited`: the shell itself ended (`exit`, killed, or because nothing less ended the command); `main` gets a new one
   * at the next need. `unknown`: no markers in this shell, so whether it ended is not known; also a command that was
   * withdrawn before it began.
   */
  readonly status: "completed" | "running" | "unknown" | "exited";
  readonly exitCode: number | null;
  readonly cwd: string | null;
  readonly pid: number | null;
  readonly durationMs: number;
  /** Of its whole output so far; `readSpool` gives them. */
  readonly totalLines: number;
  /** Set when the person ended it from the window; keys that they typed into the terminal do not count. */
  readonly endedBy?: "person";
}

export interface CommandResult extends CommandState {
  readonly kind: "command";
  readonly output: TerminalText;
  /** The end of the output with its escape sequences, for the eye; unset where it has no colours. */
  readonly colouredTail?: string;
  /** Whether what the request waited for was seen; unset where it waited for nothing but the end. */
  readonly reached?: boolean;
}

const tailChars = 2_000;

/** The end of its output, for a card: in its colours where it has any. */
export function outputTailOf({ output, colouredTail }: CommandResult): string {
  return colouredTail ?? output.text.slice(-tailChars);
}

/** Sign of a command that it is ready although it goes on, e.g. of a server. */
export type WaitFor =
  /** In its rendered output. */
  | { readonly kind: "text"; readonly text: string }
  /** Something takes connections at this port of this machine. */
  | { readonly kind: "port"; readonly port: number };

export type RunResult =
  | CommandResult
  | { readonly kind: "no-terminal"; readonly names: readonly string[] }
  /** A command, the startup files or an unfinished line of the person is there: nothing was typed. */
  | { readonly kind: "busy"; readonly command: string; readonly startedAtMs: number }
  /** Something takes connections at the port already, so that it would tell nothing: nothing was typed. */
  | { readonly kind: "port-taken"; readonly port: number }
  | { readonly kind: "failed"; readonly message: string };

export interface RunCommand {
  readonly terminal: string;
  readonly command: string;
  readonly commandId: string;
  /** After this the result is `running`; the command goes on. */
  readonly timeoutMs: number;
  /** Abort interrupts the command (SIGINT, then SIGTERM, SIGKILL for its process group); it resolves within 1 s. */
  readonly signal: AbortSignal;
  /** Characters of output kept for the result. */
  readonly maxOutputChars: number;
  /** The result comes as soon as this is seen. */
  readonly waitFor?: WaitFor;
  /** Raw output as it arrives, for the eye; at most 20 calls a second. */
  readonly onOutput?: (chunk: string) => void;
}

/** A command that was begun before, perhaps by a client that is gone. */
export interface FollowCommand {
  readonly commandId: string;
  /** After this the result is `running`; the command goes on. */
  readonly timeoutMs: number;
  /** Abort interrupts the command as in RunCommand. */
  readonly signal: AbortSignal;
  readonly waitFor?: WaitFor;
  readonly onOutput?: (chunk: string) => void;
}

/** Asks for lines of the whole output of a command. */
export interface ReadSpool {
  readonly terminal: string;
  /** Number of the command in its terminal; unset: the newest. */
  readonly ordinal?: number;
  /** From 1. */
  readonly fromLine: number;
  readonly lineCount: number;
  readonly maxOutputChars: number;
  readonly signal: AbortSignal;
}

/** Whole lines that follow each other, joined by line ends. */
export interface OutputLines {
  readonly fromLine: number;
  readonly toLine: number;
  readonly text: string;
}

export type SpoolResult =
  | {
      readonly kind: "lines";
      readonly command: CommandState;
      /** Between two of them, lines are gone. Empty when there are none in the range. */
      readonly pieces: readonly OutputLines[];
      /** The first line of the range that did not fit into `maxOutputChars`; null when all did. */
      readonly nextLine: number | null;
      /** Why lines are gone, in words. */
      readonly losses: readonly string[];
    }
  | { readonly kind: "no-terminal"; readonly names: readonly string[] }
  /** `ordinals`: the commands of that terminal that can be asked for, ascending. */
  | { readonly kind: "no-command"; readonly ordinals: readonly number[] }
  | { readonly kind: "failed"; readonly message: string };

/** Ends what runs in a terminal. */
export interface InterruptCommand {
  readonly terminal: string;
  /** Only while it is this command that runs; unset: whatever does. */
  readonly commandId?: string;
  /** Kept with the command, so that its result tells the model. */
  readonly by?: "person";
}

export interface ReadTerminal {
  readonly terminal: string;
  /** Waits at most this long for the running command to end or, when it is idle, not at all. */
  readonly timeoutMs: number;
  /** Abort resolves at once, and what is new stays new for the next read. */
  readonly signal: AbortSignal;
  readonly maxOutputChars: number;
}

/**
 * Types into the terminal; resolves when the running command ends, when the program has been quiet for 0.3 s (1 s
 * when it does not react at all), or at the timeout.
 */
export interface WriteTerminal extends ReadTerminal {
  /** Raw characters; no newline is added. */
  readonly text: string;
}

export type ReadResult =
  | {
      readonly kind: "read";
      readonly terminal: TerminalInfo;
      /** What runs, or the newest command of the agent; what the person ran to its end is told by `command-ended`. */
      readonly command: CommandResult | null;
      /** What is new since the last read (read), or the rendered screen (write). */
      readonly output: TerminalText;
    }
  | { readonly kind: "no-terminal"; readonly names: readonly string[] }
  | { readonly kind: "exited"; readonly exitCode: number | null; readonly output: TerminalText }
  | { readonly kind: "failed"; readonly message: string };

/** A viewer: the shared PTY with the person at it. */
export interface TerminalAttachment extends Disposable {
  /** The screen and scrollback as escape sequences that repaint it; whole, never cut inside a sequence. */
  readonly snapshot: string;
  /** Of the terminal when the snapshot was made. */
  readonly size: { readonly cols: number; readonly rows: number };
  /** Resolves when the shell has ended and this viewer has got all of it; never for one that was disposed before. */
  readonly ended: Promise<void>;
  write(data: string): void;
  resize(cols: number, rows: number): void;
}

export type TerminalEvent =
  | { readonly type: "opened"; readonly terminal: TerminalInfo }
  | { readonly type: "changed"; readonly terminal: TerminalInfo }
  /** It is not as the person would expect, in words; follows `opened`. */
  | { readonly type: "remarked"; readonly name: string; readonly remark: string }
  /** `signal`: number of the one that ended the shell. */
  | { readonly type: "exited"; readonly name: string; readonly exitCode: number | null; readonly signal?: number }
  /**
   * The person has run a command to its end. Told again by `retell` until it is acknowledged; the 10 newest are kept for
   * that, and `leftOut` says how many right before this one were not. Not told: commands that begin with a blank.
   * Where the words were typed without echo, `command` does not hold them.
   */
  | {
      readonly type: "command-ended";
      readonly name: string;
      readonly command: CommandResult;
      readonly leftOut: number;
    };

export interface TerminalOutput {
  readonly terminal: string;
  readonly chunk: string;
}

export interface Terminals extends Disposable {
  /** Always lists `main`, spawned or not. */
  list(): readonly TerminalInfo[];
  open(request: OpenTerminal): Promise<OpenTerminalResult>;
  /** Opens `main` on first need; other names must exist. */
  run(request: RunCommand): Promise<RunResult>;
  read(request: ReadTerminal): Promise<ReadResult>;
  write(request: WriteTerminal): Promise<ReadResult>;
  /** Lines of the whole output of a command, also while it runs. Resolves within 10 s. */
  readSpool(request: ReadSpool): Promise<SpoolResult>;
  /**
   * Ends the command that runs, whoever began it: SIGINT, SIGTERM, SIGKILL for its process group. The shell stays
   * where that suffices. Resolves when it is over, within 2 s. `idle`: nothing runs, or not the command that was named.
   */
  interrupt(request: InterruptCommand): Promise<"interrupted" | "idle" | "no-terminal">;
  /** SIGHUP and SIGINT, SIGTERM, SIGKILL for everything in it; resolves when the processes are gone, within 5 s. */
  terminate(name: string): Promise<"terminated" | "no-terminal">;
  /**
   * Null when there is no such terminal. Spawns `main` when needed. `onData` begins after the snapshot; while a promise
   * it returned is pending it is not called again. A viewer that does not keep up never slows the shell: it is told
   * what it missed (a log) or gets a repaint (a full-screen program, beginning with a reset). With `size`, the terminal
   * gets that size first, as by `resize`, so that the snapshot fits.
   */
  attach(
    name: string,
    onData: (data: string) => void | Promise<void>,
    size?: { readonly cols: number; readonly rows: number },
  ): Promise<TerminalAttachment | null>;
  /** Waits for a command as `run` does; null when it is not known here. Never begins a terminal. */
  follow(request: FollowCommand): Promise<CommandResult | null>;
  /** Whether `follow` can tell of this command. Of commands of an earlier process only after `reconnect`. */
  knows(commandId: string): boolean;
  /**
   * Finds the terminals of this session that have outlived the process that made them; afterwards `list` tells of them.
   * Never begins a terminal. Resolves within 2 s of a turning event loop.
   */
  reconnect(): Promise<void>;
  /** Tells again, by `command-ended` and in order, of what the person ran and nobody has acknowledged. */
  retell(): void;
  /** What `command-ended` told of this command is kept elsewhere now, and safe. */
  acknowledge(commandId: string): void;
  on(listener: (event: TerminalEvent) => void): Disposable;
  /**
   * Raw output that no waiting `run` gets: of commands that go on after it, of what the person or another program
   * started. For the eye: at most 20 calls a second for each terminal, 16 KiB a call, with a note where some was skipped.
   */
  watchOutput(listener: (output: TerminalOutput) => void): Disposable;
  /** Ends every terminal; resolves when their processes are reaped. */
  close(): Promise<void>;
  /** Lets go of the terminals: those that live in a process of their own go on, others end as by `close`. */
  release(): Promise<void>;
  /** As `release`, for whoever can not wait. */
  dispose(): void;
}
