/** One command of a terminal, from when it is typed to its end, whoever typed it. */
import type { CommandResult, TerminalText } from "../ports/terminals.ts";
import { TextCapture } from "./text-capture.ts";

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
  readonly #resolveBegun: () => void;
  readonly #resolveEnded: () => void;
  #capture: TextCapture | null;
  #final: TerminalText | null = null;
  #end: CommandEnd | null = null;
  #endedBy: "person" | undefined;
  #endedAtMs = 0;

  constructor(start: CommandStart) {
    this.start = start;
    this.#capture = new TextCapture(start.maxOutputChars);
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
    this.#capture?.push(text);
  }

  finish(end: CommandEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#endedAtMs = Date.now();
    this.#final = this.#capture?.text() ?? null;
    // The text stays, the machinery for rendering more of it goes.
    this.#capture = null;
    this.#resolveBegun();
    this.#resolveEnded();
  }

  result(): CommandResult {
    const { commandId, ordinal, command, pid } = this.start;
    return {
      kind: "command",
      commandId,
      ordinal,
      command,
      status: this.#end?.status ?? "running",
      exitCode: this.#end?.exitCode ?? null,
      cwd: this.#end?.cwd ?? null,
      pid,
      durationMs: (this.#end === null ? Date.now() : this.#endedAtMs) - this.startedAtMs,
      output: this.#final ?? this.#capture?.text() ?? { text: "", droppedChars: 0 },
      ...(this.#end === null || this.#endedBy === undefined ? {} : { endedBy: this.#endedBy }),
    };
  }
}
