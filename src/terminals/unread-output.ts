/** What nobody has read of a terminal: of the agent's commands, and of the one that the person is running. */
import type { TerminalText } from "../ports/terminals.ts";
import type { CommandRecord } from "./command-record.ts";
import { FreshOutput } from "./fresh-output.ts";

/** Rendered output kept between two reads. */
const keptChars = 131_072;

export class UnreadOutput {
  readonly #fresh = new FreshOutput(keptChars);
  /** Told as a whole when the command ends, and forgotten here then. */
  #ofPerson = new FreshOutput(keptChars);

  push(text: string, record: CommandRecord | null): void {
    const kept = record?.start.typedBy === "person" ? this.#ofPerson : this.#fresh;
    kept.push(text, record);
  }

  forgetPersons(): void {
    this.#ofPerson = new FreshOutput(keptChars);
  }

  /** What `take` would give. */
  look(limitChars: number): TerminalText {
    return together(this.#fresh.look(limitChars), this.#ofPerson.look(limitChars));
  }

  /** What is new since the last call. */
  take(limitChars: number): TerminalText {
    return together(this.#fresh.take(limitChars), this.#ofPerson.take(limitChars));
  }
}

function together(agents: TerminalText, persons: TerminalText): TerminalText {
  if (persons.text === "") return agents;
  if (agents.text.trim() === "" && agents.droppedChars === 0) return persons;
  return { text: agents.text + persons.text, droppedChars: agents.droppedChars + persons.droppedChars };
}
