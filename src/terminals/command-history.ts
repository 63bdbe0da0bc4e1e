/** The newest commands of a session, by their ids and by their numbers in their terminals, with their whole output. */
import type { ReadSpool, SpoolResult } from "../ports/terminals.ts";
import type { CommandRecord } from "./command-record.ts";
import type { PtySession } from "./pty-session.ts";
import type { SpoolFiles, SpoolLimits } from "./spool.ts";
import { SpoolShelf } from "./spool-shelf.ts";

/** Results of commands kept for recovery, and for questions about their output. */
const keptResults = 200;

export interface KnownCommand {
  readonly terminal: string;
  readonly session: PtySession;
  readonly record: CommandRecord;
}

export class CommandHistory {
  readonly #shelf: SpoolShelf;
  readonly #commands = new Map<string, KnownCommand>();

  constructor(files: SpoolFiles, limits: SpoolLimits) {
    this.#shelf = new SpoolShelf(files, limits);
  }

  /** From here on its whole output is kept. */
  remember(command: KnownCommand): void {
    command.record.output.keepWhole(this.#shelf);
    this.#commands.set(command.record.start.commandId, command);
    if (this.#commands.size <= keptResults) return;
    const [oldest] = this.#commands.values();
    if (oldest === undefined) return;
    this.#commands.delete(oldest.record.start.commandId);
    void oldest.record.output.forget();
  }

  get(commandId: string): KnownCommand | undefined {
    return this.#commands.get(commandId);
  }

  /** Oldest first. */
  ids(): readonly string[] {
    return [...this.#commands.keys()];
  }

  async read({ terminal, ordinal, fromLine, lineCount, maxOutputChars, signal }: ReadSpool): Promise<SpoolResult> {
    const ofTerminal = [...this.#commands.values()].filter((known) => known.terminal === terminal);
    // A terminal that was opened anew counts from 1 again: its newest is meant.
    const found = ofTerminal.findLast(({ record }) => ordinal === undefined || record.start.ordinal === ordinal);
    if (found === undefined) {
      const ordinals = new Set(ofTerminal.map(({ record }) => record.start.ordinal));
      return { kind: "no-command", ordinals: [...ordinals].sort((a, b) => a - b) };
    }
    const { record } = found;
    const state = record.state();
    const lines = await record.output.read({ fromLine, lineCount, maxChars: maxOutputChars }, signal);
    if (lines !== null) return { kind: "lines", command: state, ...lines };
    return { kind: "failed", message: "The disk did not give the output in time. Try again." };
  }

  /** Resolves when nothing of it is written any more. */
  close(): Promise<void> {
    return this.#shelf.close();
  }
}
