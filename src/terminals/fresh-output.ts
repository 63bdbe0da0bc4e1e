/** Output between two reads, and where in the whole output of its command it stands. */
import type { TerminalText } from "../ports/terminals.ts";
import { countNewlines } from "./command-output.ts";
import type { CommandRecord } from "./command-record.ts";
import { TextCapture } from "./text-capture.ts";

/** What the shell's line editor does around every command. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what it is about.
const nothingToSee = /^(?:\s|\x1b\[[?\d;]*[A-Za-z])*$/;

export class FreshOutput {
  readonly #limitChars: number;
  #capture: TextCapture;
  /** Whose output it is; null before there is any, and where it is not of one command alone. */
  #of: CommandRecord | null = null;
  #newlinesBefore = 0;
  #begun = false;

  constructor(limitChars: number) {
    this.#limitChars = limitChars;
    this.#capture = new TextCapture(limitChars);
  }

  /** `record`: the command that printed it, before the text is added to its output. */
  push(text: string, record: CommandRecord | null): void {
    if (!this.#begun) {
      this.#begun = true;
      this.#of = record;
      this.#newlinesBefore = record?.output.newlines ?? 0;
    } else if (this.#of !== record && !nothingToSee.test(text)) {
      this.#of = null;
    }
    this.#capture.push(text);
  }

  /** What is new since the last call. */
  take(limitChars: number): TerminalText {
    const text = this.look(limitChars);
    this.#capture = new TextCapture(this.#limitChars);
    this.#begun = false;
    return text;
  }

  /** What `take` would give. */
  look(limitChars: number): TerminalText {
    const text = this.#capture.text(limitChars);
    const droppedLines = text.droppedChars === 0 ? null : this.#droppedLines(limitChars);
    return droppedLines === null ? text : { ...text, droppedLines };
  }

  #droppedLines(limitChars: number): { from: number; to: number } | null {
    if (this.#of === null) return null;
    const { head, tail } = this.#capture.cut(limitChars);
    const from = this.#newlinesBefore + countNewlines(head) + 1;
    return { from, to: Math.max(from, this.#of.output.newlines - countNewlines(tail ?? "") + 1) };
  }
}
