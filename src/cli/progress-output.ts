/**
 * What a person sees while `exec` runs: one line a step on standard error, with a spinner on a terminal. The
 * answer itself goes to standard output, so that it can be piped.
 */
import type { AgentEvent } from "../protocol/events.ts";
import type { ScriptOutcome, ToolDisplay, ToolOutcome } from "../protocol/items.ts";
import { printable } from "./printable.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;

const MARKS: Record<ToolOutcome["status"], string> = {
  done: "✓",
  failed: "✗",
  denied: "⊘",
  cancelled: "■",
  interrupted: "!",
};

export class ProgressOutput {
  readonly #stream: NodeJS.WriteStream;
  readonly #titles = new Map<string, string>();
  #status = "";
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    if (stream.isTTY) {
      this.#timer = setInterval(() => this.#draw(), FRAME_MS);
      this.#timer.unref();
    }
  }

  show(event: AgentEvent): void {
    switch (event.type) {
      case "session.opened":
        this.#line(`session ${event.sessionId} · ${event.model} · ${event.cwd}`);
        break;
      case "turn.started":
      case "turn.resumed":
      case "usage.updated":
        this.#status = "thinking";
        break;
      case "item.finished":
        if (event.item.kind === "user_message" && event.item.origin !== "person") this.#line(`  ${event.item.text}`);
        break;
      case "tool.requested":
        this.#titles.set(event.callId, event.summary);
        break;
      case "tool.started":
        this.#status = this.#titles.get(event.callId) ?? "working";
        break;
      case "tool.finished":
        this.#finishTool(event.callId, event.outcome);
        break;
      case "script.started":
        this.#line(`▸ ${event.language}, ${countLines(event.source)}`);
        this.#status = "running the program";
        break;
      case "script.output":
        for (const line of event.chunk.split("\n")) if (line !== "") this.#line(`  │ ${line}`);
        break;
      case "script.finished":
        this.#finishScript(event.outcome);
        break;
      case "model.retrying": {
        const wait = (event.delayMs / 1000).toFixed(1);
        this.#line(`  ${event.message} Trying again in ${wait} s (${event.attempt} of ${event.maxAttempts}).`);
        break;
      }
      case "notice.raised":
        this.#line(`  ${event.level}: ${event.message}${event.next ? ` ${event.next}` : ""}`);
        break;
    }
  }

  /** Takes the spinner away; nothing is drawn after it. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#clear();
  }

  #finishTool(callId: string, outcome: ToolOutcome): void {
    const title = this.#titles.get(callId) ?? callId;
    this.#titles.delete(callId);
    const end = outcome.display?.kind === "command" ? ` (${endOf(outcome.display)})` : "";
    const why = outcome.status === "done" ? "" : ` — ${outcome.output.split("\n", 1)[0]}`;
    this.#line(`${MARKS[outcome.status]} ${title}${end}${why}`);
    this.#status = "thinking";
  }

  #finishScript({ status, output, errorLine }: ScriptOutcome): void {
    this.#status = "thinking";
    if (status === "completed") return;
    const error = output.split("\n").find((line) => line.startsWith("EXECUTION ERROR")) ?? status;
    this.#line(`✗ program${errorLine === undefined ? "" : `, line ${errorLine}`} — ${error}`);
  }

  #line(text: string): void {
    this.#clear();
    this.#stream.write(`${printable(text)}\n`);
  }

  #draw(): void {
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const width = (this.#stream.columns ?? 80) - 3;
    const status = printable(this.#status).slice(0, width);
    this.#stream.write(`\r\u001b[2K${FRAMES[this.#frame]} ${status}`);
  }

  #clear(): void {
    if (this.#stream.isTTY) this.#stream.write("\r\u001b[2K");
  }
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
