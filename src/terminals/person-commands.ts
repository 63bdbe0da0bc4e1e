/**
 * Commands that the person has run to their end, in the order in which they ended, until somebody who keeps them has
 * said so: nobody may be connected when one ends, and who is may die before it has written it down.
 */
import type { CommandResult, TerminalEvent } from "../ports/terminals.ts";

export type PersonCommandEnded = Extract<TerminalEvent, { readonly type: "command-ended" }>;

/** What the agent can make use of when it looks again. */
const maxKept = 10;

export class PersonCommands {
  #kept: PersonCommandEnded[] = [];

  /** Oldest first. */
  get kept(): readonly PersonCommandEnded[] {
    return this.#kept;
  }

  add(name: string, command: CommandResult): PersonCommandEnded {
    const ended: PersonCommandEnded = { type: "command-ended", name, command, leftOut: 0 };
    this.#kept.push(ended);
    if (this.#kept.length > maxKept) {
      const [dropped, oldest, ...rest] = this.#kept;
      if (dropped && oldest) this.#kept = [{ ...oldest, leftOut: oldest.leftOut + dropped.leftOut + 1 }, ...rest];
    }
    return ended;
  }

  acknowledge(commandId: string): void {
    this.#kept = this.#kept.filter(({ command }) => command.commandId !== commandId);
  }
}
