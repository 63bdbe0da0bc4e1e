/**
 * What a person sees while `exec` runs: one line a step on standard error, with a spinner on a terminal. The
 * answer itself goes to standard output, so that it can be piped.
 */
import { ProgressLines } from "../embed/progress-lines.ts";
import type { AgentEvent } from "../protocol/events.ts";
import { printable } from "./printable.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;

export class ProgressOutput {
  readonly #stream: NodeJS.WriteStream;
  readonly #lines = new ProgressLines();
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
    for (const { text } of this.#lines.take(event)) this.#line(text);
  }

  /** Takes the spinner away; nothing is drawn after it. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#clear();
  }

  #line(text: string): void {
    this.#clear();
    this.#stream.write(`${printable(text)}\n`);
  }

  #draw(): void {
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const width = (this.#stream.columns ?? 80) - 3;
    const status = printable(this.#lines.status).slice(0, width);
    this.#stream.write(`\r\u001b[2K${FRAMES[this.#frame]} ${status}`);
  }

  #clear(): void {
    if (this.#stream.isTTY) this.#stream.write("\r\u001b[2K");
  }
}
