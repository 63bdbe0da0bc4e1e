/**
 * What the person runs in the session's terminals: written into the journal when it happens, and told to the model at the
 * next sampling boundary, as a message of its history. The terminals keep a command until it is written here.
 */
import { AppError } from "../base/app-error.ts";
import type { IdSource } from "../base/ids.ts";
import type { Log } from "../ports/log.ts";
import type { TerminalEvent, Terminals } from "../ports/terminals.ts";
import type { PersonCommand } from "../protocol/terminals.ts";
import { describePersonCommands } from "./describe-person-commands.ts";
import type { EventHub } from "./event-hub.ts";

export type PersonCommandEnded = Extract<TerminalEvent, { readonly type: "command-ended" }>;

/** Of commands that could not be written yet. */
const MOST_WAITING = 50;

export interface PersonCommandsOptions {
  readonly hub: EventHub;
  readonly ids: IdSource;
  readonly log: Log;
  readonly terminals: Pick<Terminals, "acknowledge">;
}

export class PersonCommands {
  readonly #options: PersonCommandsOptions;
  /** Oldest first; some may be on their way into the journal. */
  #waiting: PersonCommandEnded[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: PersonCommandsOptions) {
    this.#options = options;
  }

  /** A command has ended; the same one may be told of again. */
  noticed(event: PersonCommandEnded): void {
    const { hub, log, terminals } = this.#options;
    const { commandId } = event.command;
    if (hub.state.personCommands.recentIds.includes(commandId)) {
      terminals.acknowledge(commandId);
      return;
    }
    if (this.#waiting.some(({ command }) => command.commandId === commandId)) return;
    this.#waiting = [...this.#waiting, event];
    this.#write().catch((error: unknown) => {
      if (!AppError.is(error, "closed")) log.error("a command of the person could not be written", error);
    });
  }

  /** Call right before a request is made. Rejects only with AppError `storage`: then nothing was told. */
  async tell(signal: AbortSignal): Promise<void> {
    const { hub, ids } = this.#options;
    await this.#write();
    const { untold, leftOut } = hub.state.personCommands;
    if (untold.length === 0 || signal.aborted) return;
    const commandIds = untold.map(({ commandId }) => commandId);
    const text = describePersonCommands(untold, leftOut);
    // One event for the words and for what they tell of: a write that is cut has both or nothing.
    await hub.emit([{ type: "terminal.reported", itemId: ids.next("item"), text, commandIds, leftOut }]);
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    const { hub, terminals } = this.#options;
    while (this.#waiting.length > 0) {
      this.#shorten();
      const batch = this.#waiting;
      await hub.emit(
        batch.map((event) => ({ type: "terminal.ran", command: toPersonCommand(event), leftOut: event.leftOut })),
      );
      this.#waiting = this.#waiting.filter((event) => !batch.includes(event));
      for (const { command } of batch) terminals.acknowledge(command.commandId);
    }
  }

  #shorten(): void {
    while (this.#waiting.length > MOST_WAITING) {
      const [dropped, next, ...rest] = this.#waiting;
      if (!dropped || !next) return;
      this.#waiting = [{ ...next, leftOut: next.leftOut + dropped.leftOut + 1 }, ...rest];
    }
  }
}

function toPersonCommand({ name: terminal, command: ended }: PersonCommandEnded): PersonCommand {
  const { commandId, ordinal, command, exitCode, cwd, durationMs, output } = ended;
  return {
    ...{ terminal, commandId, ordinal, command, exitCode, cwd, durationMs },
    status: ended.status === "exited" ? "exited" : "completed",
    output: output.text,
    droppedChars: output.droppedChars,
  };
}
