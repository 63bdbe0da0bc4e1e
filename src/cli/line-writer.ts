/** Writes lines to a stream in few pieces, and knows when all of them are out. */
import type { Writable } from "node:stream";

export class LineWriter {
  readonly #stream: Writable;
  #lines: string[] = [];
  #scheduled = false;
  #broken = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    // A reader that went away (`| head`) is no fault of ours; what follows is for nobody.
    stream.on("error", () => {
      this.#broken = true;
      this.#lines = [];
    });
  }

  write(line: string): void {
    if (this.#broken) return;
    this.#lines.push(line);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Resolves when everything has been handed to the system, or the reader is gone. */
  async finish(): Promise<void> {
    this.#flush();
    if (this.#broken) return;
    await new Promise<void>((resolve) => {
      this.#stream.once("error", () => resolve());
      this.#stream.write("", () => resolve());
    });
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#lines.length === 0 || this.#broken) return;
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    this.#stream.write(text);
  }
}
