/** A turn as lines in a task's terminal. What model and tools write is shown as text; it can not steer the terminal. */
import type { AgentEvent } from "../../protocol/events.ts";
import type { ToolDisplay } from "../../protocol/items.ts";

const DIM = "\x1b[2m";
const BOLD = "\x1b[1m";
const RED = "\x1b[31m";
const YELLOW = "\x1b[33m";
const RESET = "\x1b[0m";

export class TaskOutput {
  readonly #write: (text: string) => void;
  /** Whether the cursor is at the start of a line. */
  #fresh = true;
  readonly #streamed = new Set<string>();
  readonly #summaries = new Map<string, string>();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  line(text: string, style = ""): void {
    this.#newLine();
    this.#write(`${style}${printable(text)}${style === "" ? "" : RESET}\r\n`);
  }

  problem(text: string): void {
    this.line(text, RED);
  }

  show(event: AgentEvent): void {
    switch (event.type) {
      case "text.delta":
        this.#streamed.add(event.itemId);
        this.#text(event.delta);
        return;
      case "item.finished":
        if (event.item.kind !== "assistant_message") return;
        if (!this.#streamed.has(event.item.id)) this.#text(event.item.text);
        this.#newLine();
        return;
      case "tool.requested":
        this.#summaries.set(event.callId, event.summary);
        return;
      case "tool.started":
        this.line(`▸ ${this.#summaries.get(event.callId) ?? "…"}`, BOLD);
        return;
      case "tool.finished": {
        const { status, durationMs, display } = event.outcome;
        const exit = display?.kind === "command" ? endOf(display) : "";
        const time = durationMs >= 100 ? `, ${(durationMs / 1000).toFixed(1)} s` : "";
        const summary = this.#summaries.get(event.callId) ?? "";
        const label = status === "done" ? "  done" : `  ${status}${summary === "" ? "" : `: ${summary}`}`;
        this.line(`${label}${exit}${time}`, status === "done" ? DIM : YELLOW);
        return;
      }
      case "permission.asked":
        this.line(`  waits for your permission: ${event.request.title}`, YELLOW);
        return;
      case "question.asked":
        this.line(`  asks: ${event.question.question}`, YELLOW);
        return;
      case "model.retrying": {
        const wait = Math.ceil(event.delayMs / 1000);
        this.line(`${event.message} Trying again in ${wait} s (${event.attempt} of ${event.maxAttempts}).`, YELLOW);
        return;
      }
      case "notice.raised":
        this.line(
          event.next ? `${event.message} ${event.next}` : event.message,
          event.level === "error" ? RED : YELLOW,
        );
        return;
      default:
        return;
    }
  }

  #text(text: string): void {
    if (text === "") return;
    this.#write(printable(text));
    this.#fresh = text.endsWith("\n");
  }

  #newLine(): void {
    if (!this.#fresh) this.#write("\r\n");
    this.#fresh = true;
  }
}

function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(/[\p{Cc}]/gu, (character) => {
    if (character === "\n") return "\r\n";
    if (character === "\t") return character;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

/** Of a command that was run, or read from; empty where its end is not known. */
function endOf({ status, exitCode }: Extract<ToolDisplay, { kind: "command" }>): string {
  if (status === "running") return ", still running";
  return exitCode === null ? "" : `, exit code ${exitCode}`;
}
