/** One command of a terminal, from when it is typed to its end, whoever typed it. */
import type { CommandResult, CommandState } from "../ports/terminals.ts";
import { ColouredTail } from "./coloured-tail.ts";
import { CommandOutput } from "./command-output.ts";

export interface CommandStart {
  readonly commandId: string;
  readonly ordinal: number;
  readonly command: string;
  readonly typedBy: "agent" | "person";
  /** Number in the markers; NaN where the shell has none. */
  readonly number: number;
  readonly pid: number;
  readonly maxOutputChars: number;
}

export interface CommandEnd {
  readonly status: Exclude<CommandResult["status"], "running">;
  readonly exitCode: number | null;
  readonly cwd: string | null;
}

export class CommandRecord {
  readonly start: CommandStart;
  readonly startedAtMs = Date.now();
  /** Resolves at the end; never rejects. */
  readonly ended: Promise<void>;
  /** Resolves when the shell has taken the command, or the command has ended without. */
  readonly begun: Promise<void>;
  readonly output: CommandOutput;
  readonly #tail = new ColouredTail();
  readonly #resolveBegun: () => void;
  readonly #resolveEnded: () => void;
  #end: CommandEnd | null = null;
  #endedBy: "person" | undefined;
  #endedAtMs = 0;

  constructor(start: CommandStart) {
    this.start = start;
    this.output = new CommandOutput(start.maxOutputChars);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    const begun = Promise.withResolvers<void>();
    this.begun = begun.promise;
    this.#resolveBegun = begun.resolve;
  }

  get end(): CommandEnd | null {
    return this.#end;
  }

  begin(): void {
    this.#resolveBegun();
  }

  /** Whoever ends it is told with the result. */
  endBy(by: "person"): void {
    if (this.#end === null) this.#endedBy = by;
  }

  push(text: string): void {
    this.output.push(text);
    this.#tail.push(text);
  }

  finish(end: CommandEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#endedAtMs = Date.now();
    this.output.finish();
    this.#tail.finish();
    this.#resolveBegun();
    this.#resolveEnded();
  }

  result(): CommandResult {
    const { text } = this.#tail;
    return {
      kind: "command",
      ...this.state(),
      output: this.output.text(),
      ...(text === null ? {} : { colouredTail: text }),
    };
  }

  state(): CommandState {
    const { commandId, ordinal, command, pid } = this.start;
    return {
      commandId,
      ordinal,
      command,
      status: this.#end?.status ?? "running",
      exitCode: this.#end?.exitCode ?? null,
      cwd: this.#end?.cwd ?? null,
      pid,
      durationMs: (this.#end === null ? Date.now() : this.#endedAtMs) - this.startedAtMs,
      totalLines: this.output.totalLines,
      ...(this.#end === null || this.#endedBy === undefined ? {} : { endedBy: this.#endedBy }),
    };
  }
}
