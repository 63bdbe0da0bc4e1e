/**
 * What a turn does, told in lines for a terminal: one a step. The command line and the terminals of tasks show them;
 * the text is as model and tools wrote it, so whoever shows it sees to control characters.
 */
import type { AgentEvent } from "../protocol/events.ts";
import type { ScriptOutcome, ToolDisplay, ToolOutcome } from "../protocol/items.ts";

export interface ProgressLine {
  readonly text: string;
  readonly tone: "plain" | "bold" | "dim" | "warning" | "error";
}

export interface ProgressLinesOptions {
  /** Characters of one program's prints that are shown; how many more there were is told. Default: all. */
  readonly maxPrinted?: number;
}

const MARKS: Record<ToolOutcome["status"], string> = {
  done: "✓",
  failed: "✗",
  denied: "⊘",
  cancelled: "■",
  interrupted: "!",
};

const MAX_REASON_CHARS = 500;
/** Of a printed line that has not ended yet. */
const MAX_HELD_CHARS = 4_000;

export class ProgressLines {
  readonly #maxPrinted: number;
  readonly #titles = new Map<string, string>();
  #status = "";
  /** The printed line that has not ended; the next chunk may go on with it. */
  #held = "";
  #printed = 0;

  constructor({ maxPrinted = Number.POSITIVE_INFINITY }: ProgressLinesOptions = {}) {
    this.#maxPrinted = maxPrinted;
  }

  /** What is being done now; empty before the first turn. */
  get status(): string {
    return this.#status;
  }

  /** The lines that tell of this event, most often none. */
  take(event: AgentEvent): readonly ProgressLine[] {
    if (event.type === "script.output") return this.#print(event.chunk);
    const lines = this.#linesOf(event);
    // What was printed before it is told before it.
    return lines.length === 0 ? lines : [...this.#endPrinted(), ...lines];
  }

  #linesOf(event: AgentEvent): readonly ProgressLine[] {
    switch (event.type) {
      case "session.opened":
        return [plain(`session ${event.sessionId} · ${event.model} · ${event.cwd}`)];
      case "turn.started":
      case "turn.resumed":
      case "usage.updated":
        this.#status = "thinking";
        return [];
      case "item.finished":
        return event.item.kind === "user_message" && event.item.origin !== "person"
          ? [plain(`  ${event.item.text}`)]
          : [];
      case "tool.requested":
        this.#titles.set(event.callId, event.summary);
        return [];
      case "tool.started":
        this.#status = this.#titles.get(event.callId) ?? "working";
        return [];
      case "tool.finished":
        return [this.#endOfTool(event.callId, event.outcome)];
      case "script.started":
        this.#status = "running the program";
        this.#printed = 0;
        return [{ text: `▸ ${event.language}, ${countLines(event.source)}`, tone: "bold" }];
      case "script.finished":
        this.#status = "thinking";
        return [...this.#endPrinted(), ...this.#leftOut(), ...endOfScript(event.outcome)];
      case "model.retrying": {
        const wait = (event.delayMs / 1000).toFixed(1);
        const text = `  ${event.message} Trying again in ${wait} s (${event.attempt} of ${event.maxAttempts}).`;
        return [{ text, tone: "warning" }];
      }
      case "notice.raised": {
        const text = `  ${event.level}: ${event.message}${event.next ? ` ${event.next}` : ""}`;
        return [{ text, tone: event.level === "info" ? "plain" : event.level }];
      }
      default:
        return [];
    }
  }

  #endOfTool(callId: string, { status, output, display }: ToolOutcome): ProgressLine {
    const title = this.#titles.get(callId) ?? callId;
    this.#titles.delete(callId);
    this.#status = "thinking";
    const end = display?.kind === "command" ? ` (${endOf(display)})` : "";
    const why = status === "done" ? "" : ` — ${clip(output.split("\n", 1)[0] ?? "")}`;
    return { text: `${MARKS[status]} ${title}${end}${why}`, tone: status === "done" ? "dim" : "warning" };
  }

  #print(chunk: string): readonly ProgressLine[] {
    const room = Math.max(0, this.#maxPrinted - this.#printed);
    this.#printed += chunk.length;
    const lines = (this.#held + chunk.slice(0, room)).replaceAll("\r\n", "\n").split("\n");
    const open = lines.pop() ?? "";
    const whole = open.length > MAX_HELD_CHARS || room < chunk.length;
    this.#held = whole ? "" : open;
    return (whole ? [...lines, open] : lines).flatMap(printedLine);
  }

  #endPrinted(): readonly ProgressLine[] {
    const held = this.#held;
    this.#held = "";
    return printedLine(held);
  }

  #leftOut(): readonly ProgressLine[] {
    const leftOut = this.#printed - this.#maxPrinted;
    return leftOut > 0 ? [{ text: `  │ … ${leftOut} more characters were printed`, tone: "dim" }] : [];
  }
}

function plain(text: string): ProgressLine {
  return { text, tone: "plain" };
}

function printedLine(line: string): readonly ProgressLine[] {
  return line === "" ? [] : [plain(`  │ ${line}`)];
}

function endOfScript({ status, output, errorLine }: ScriptOutcome): readonly ProgressLine[] {
  if (status === "completed") return [];
  const error = output.split("\n").find((line) => line.startsWith("EXECUTION ERROR")) ?? status;
  const where = errorLine === undefined ? "" : `, line ${errorLine}`;
  return [{ text: `✗ program${where} — ${clip(error)}`, tone: "warning" }];
}

/** Of a command that was run, or read from. */
function endOf({ status, exitCode }: Extract<ToolDisplay, { kind: "command" }>): string {
  if (status === "running") return "still running";
  return exitCode === null ? "exit code not known" : `exit ${exitCode}`;
}

function countLines(source: string): string {
  const count = source.trimEnd().split("\n").length;
  return count === 1 ? "1 line" : `${count} lines`;
}

function clip(text: string): string {
  return text.length <= MAX_REASON_CHARS ? text : `${text.slice(0, MAX_REASON_CHARS - 1)}…`;
}
