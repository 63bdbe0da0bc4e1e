/**
 * A turn as lines in a task's terminal: the steps in the words of `codepilot exec`, and the model's prose as it
 * comes. What model and tools write is shown as text; it can not steer the terminal.
 */
import { type ProgressLine, ProgressLines } from "../../embed/progress-lines.ts";
import type { AgentEvent } from "../../protocol/events.ts";
import type { Item } from "../../protocol/items.ts";
import { proseOf } from "../../protocol/reply-text.ts";

const STYLES: Record<ProgressLine["tone"], string> = {
  plain: "",
  bold: "\x1b[1m",
  dim: "\x1b[2m",
  warning: "\x1b[33m",
  error: "\x1b[31m",
};
const RESET = "\x1b[0m";
const CLEAR_LINE = "\r\x1b[2K";

/** Of one program. */
const MAX_PRINTED_CHARS = 40_000;
const MAX_SPACE_CHARS = 1_000;
const DEFAULT_COLUMNS = 80;

export class TaskOutput {
  /** Of the terminal, as far as it is known. */
  columns = DEFAULT_COLUMNS;
  readonly #write: (text: string) => void;
  readonly #progress = new ProgressLines({ maxPrinted: MAX_PRINTED_CHARS });
  /** Whether the cursor is at the start of a line. */
  #fresh = true;
  /** Whether that line says what is being done. */
  #statusShown = false;
  #streaming: string | undefined;
  /** White space at the end of the prose so far: it is written when more words come after it. */
  #heldSpace = "";
  /** The last prose of the model. */
  #said = "";

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  line(text: string, tone: ProgressLine["tone"] = "plain"): void {
    this.#newLine();
    const style = STYLES[tone];
    this.#write(`${style}${printable(text)}${style === "" ? "" : RESET}\r\n`);
  }

  problem(text: string): void {
    this.line(text, "error");
  }

  show(event: AgentEvent): void {
    for (const { text, tone } of this.#progress.take(event)) this.line(text, tone);
    switch (event.type) {
      case "text.delta":
        this.#prose(event.itemId, event.delta);
        break;
      case "item.finished":
        if (event.item.kind === "assistant_message") this.#endProse(event.item);
        break;
      case "permission.asked":
        this.line(`  waits for your permission: ${event.request.title}`, "warning");
        break;
      case "question.asked":
        this.line(`  asks: ${event.question.question}`, "warning");
        break;
    }
    this.#showStatus();
  }

  /** The turn is over; `text` is what it came to. Prose that was told as it came is not told again. */
  result(text: string): void {
    this.#newLine();
    const words = text.trim();
    if (words !== "" && words !== this.#said) this.line(words);
  }

  #prose(itemId: string, delta: string): void {
    if (this.#streaming !== itemId) {
      this.#newLine();
      this.#streaming = itemId;
    }
    const held = this.#heldSpace + delta;
    const words = held.trimEnd();
    this.#heldSpace = fewerBreaks(held.slice(words.length));
    if (words === "") return;
    this.#clearStatus();
    this.#write(printable(this.#fresh ? words.replace(/^\s*\n/, "") : words));
    this.#fresh = false;
  }

  #endProse({ id, text, blocks }: Extract<Item, { kind: "assistant_message" }>): void {
    const prose = proseOf(text, blocks ?? []);
    if (this.#streaming !== id) this.#prose(id, prose);
    this.#newLine();
    this.#streaming = undefined;
    this.#said = prose.trim();
  }

  /** Nothing spins here, so it is written once for each thing that is done, and goes with the next line. */
  #showStatus(): void {
    if (!this.#fresh) return;
    this.#clearStatus();
    const status = printable(this.#progress.status.split("\n", 1)[0] ?? "").slice(0, Math.max(0, this.columns - 3));
    if (status === "") return;
    this.#write(`${STYLES.dim}… ${status}${RESET}`);
    this.#statusShown = true;
  }

  #clearStatus(): void {
    if (this.#statusShown) this.#write(CLEAR_LINE);
    this.#statusShown = false;
  }

  #newLine(): void {
    this.#clearStatus();
    this.#heldSpace = "";
    if (!this.#fresh) this.#write("\r\n");
    this.#fresh = true;
  }
}

/** White space between words, with one empty line in it at most: a block of the reply may have stood there. */
function fewerBreaks(space: string): string {
  const lines = space.split("\n");
  return lines.length > 3 ? `\n\n${(lines.at(-1) ?? "").slice(-MAX_SPACE_CHARS)}` : space.slice(-MAX_SPACE_CHARS);
}

function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(/[\p{Cc}]/gu, (character) => {
    if (character === "\n") return "\r\n";
    if (character === "\t") return character;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
