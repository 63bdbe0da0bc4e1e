/**
 * An interpreter for the programs that a model writes. It runs in a process of its own that can be killed at once;
 * the only way out of it is `ScriptHost`. What crosses the border is JSON, and the parent checks every message.
 */
import type { Json } from "../base/json.ts";

/** A tool as a script sees it: an ordinary synchronous function. */
export interface ScriptFunction {
  readonly name: string;
  /** The tool's own name, where Python can not have it or it means something else there. */
  readonly tool?: string;
  /** In the order of positional arguments. */
  readonly parameters: readonly ScriptParameter[];
  /** Keyword arguments that it does not have are passed on too: the host knows better what to say of them. */
  readonly passesUnknown?: true;
  /** One paragraph, what `help(name)` shows. */
  readonly doc: string;
}

export interface ScriptParameter {
  readonly name: string;
  /** The argument's own name, where Python can not have it. */
  readonly argument?: string;
  /** Undefined: the argument must be given. An argument that equals a default of null is left out of the call. */
  readonly default?: Json;
}

export interface ScriptTaskOptions {
  /** Fixes hash order and random numbers: the same seed and the same replies give the same run to the byte. */
  readonly seed: string;
  readonly functions: readonly ScriptFunction[];
  /** The working directory, as the script's WORK_DIR. Only a string to it. */
  readonly workDir: string;
}

export interface ScriptEngine {
  /** Begins to boot an interpreter if none is ready. Call it when a script may come; never throws or rejects. */
  warmUp(): void;
  /**
   * A fresh interpreter for one task. Rejects with AppError `unavailable` when none can be started (the message
   * says why and what to do), and with the signal's reason after an abort.
   */
  open(options: ScriptTaskOptions, signal: AbortSignal): Promise<ScriptTask>;
  /** Kills every process. After that `open` rejects. */
  dispose(): Promise<void>;
}

/** One interpreter; global names live from block to block. */
export interface ScriptTask {
  /** False once its process is gone: its names are lost, and every further `run` ends as `killed`. */
  readonly alive: boolean;
  /** Runs one block to its end; blocks come one after another. Never rejects. An abort kills the process. */
  run(block: ScriptBlock, host: ScriptHost, signal: AbortSignal): Promise<ScriptEnd>;
  /** Kills the process; resolves when it is gone. */
  dispose(): Promise<void>;
}

export interface ScriptBlock {
  readonly source: string;
  /** What the clock says at its start, epoch milliseconds; it moves on with the replies and with sleeping only. */
  readonly nowMs: number;
  /** Computing time; waiting for a tool, a person or a sleep does not count. */
  readonly cpuLimitMs: number;
  /** Real time for all sleeps together; a script that sleeps longer gets an exception. */
  readonly sleepLimitMs: number;
  /** It has run before, up to its first call at least: a sleep before that must not be waited for again. */
  readonly replayed?: boolean;
}

export interface ScriptCall {
  /** Name of the function. */
  readonly tool: string;
  readonly arguments: Readonly<Record<string, Json>>;
  /** Line of the block it stands in, from 1; null where that is not known. */
  readonly line: number | null;
}

export interface ScriptReply {
  readonly kind: "returned" | "raised";
  /** What the function returns (a string with attributes), or the words of the exception. */
  readonly text: string;
  /** Structured attributes of the string or of the exception. */
  readonly attributes: Readonly<Record<string, Json>>;
  /** Name of the exception class, one of `scriptExceptions`. */
  readonly exception?: ScriptException;
  /** What the clock says now, epoch milliseconds. */
  readonly nowMs: number;
  /** The next call, or the end, was come to before: a sleep before that must not be waited for again. */
  readonly replayed: boolean;
}

/** Exceptions that tools raise; all are subclasses of ToolError, and all are builtins of the script. */
export const scriptExceptions = ["ToolError", "PermissionDenied", "PayloadError", "CallLimitReached"] as const;
export type ScriptException = (typeof scriptExceptions)[number];

export interface ScriptHost {
  /**
   * Answers the calls in their order. One call is a list of one; `gather` hands over several at once. A rejection is
   * a fault of the host: the block is killed.
   */
  call(calls: readonly ScriptCall[]): Promise<readonly ScriptReply[]>;
  /** Text written to stdout or stderr, in order with the calls: all of it comes before the next call and the end. */
  print(text: string, line: number | null): void;
}

export type ScriptEnd =
  | { readonly kind: "completed"; readonly names: readonly string[] }
  /** `exit()`, `quit()`, `sys.exit()` or SystemExit: an end like falling off the last line. */
  | { readonly kind: "exited"; readonly code: string | null; readonly names: readonly string[] }
  /** An exception nobody caught. `phase` compile: no statement ran. `line` is the block's innermost one. */
  | {
      readonly kind: "raised";
      readonly phase: "compile" | "run";
      readonly type: string;
      readonly message: string;
      readonly line: number | null;
      /** As Python prints it, frames of the block only, bounded. */
      readonly traceback: string;
      readonly names: readonly string[];
    }
  /** The process was killed or died; all names of the task are gone. `message` names the cause. */
  | { readonly kind: "killed"; readonly cause: ScriptKillCause; readonly message: string };

/** `names` above: global names that the task's blocks have made, sorted, without modules' and the host's own. */
export type ScriptKillCause = "stopped" | "cpu-limit" | "memory-limit" | "crashed" | "host-fault";
