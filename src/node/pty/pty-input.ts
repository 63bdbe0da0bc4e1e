/**
 * What is typed into a terminal, written as fast as its programs read. node-pty would do that too, but where one does not
 * read it tries again without a pause, which takes a processor, and it keeps what is left without a bound.
 */
import { write } from "node:fs";
import { systemCodeOf } from "../../base/app-error.ts";

/** What a program has not read of what was typed, beyond what the system holds. A person types less in a year. */
const maxUnreadBytes = 4 * 1_048_576;
const firstPauseMs = 1;
const longestPauseMs = 50;

export interface PtyInputOptions {
  /** Our side of the terminal; a write to it does not wait. */
  readonly descriptor: number;
  /** Asked before every write: once it is closed, the number may be that of another file. */
  readonly isOpen: () => boolean;
  /** Default: that of Node. */
  readonly write?: (
    descriptor: number,
    bytes: Buffer,
    offset: number,
    done: (error: unknown, written: number) => void,
  ) => void;
}

export class PtyInput {
  readonly #options: PtyInputOptions;
  #queue: Buffer[] = [];
  #unreadBytes = 0;
  /** Of the first piece of the queue, what is written. */
  #offset = 0;
  #pauseMs = firstPauseMs;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PtyInputOptions) {
    this.#options = options;
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    if (bytes.length === 0) return;
    // As a terminal does whose line is full: what comes now is lost.
    if (this.#unreadBytes > 0 && this.#unreadBytes + bytes.length > maxUnreadBytes) return;
    this.#unreadBytes += bytes.length;
    this.#queue.push(bytes);
    if (this.#queue.length === 1) this.#next();
  }

  /** Forgets what was not read. */
  close(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#unreadBytes = 0;
    this.#offset = 0;
  }

  #next(): void {
    const [bytes] = this.#queue;
    if (bytes === undefined) return;
    const { descriptor, isOpen, write: give = write } = this.#options;
    if (!isOpen()) {
      this.close();
      return;
    }
    give(descriptor, bytes, this.#offset, (error, written) => {
      // Closed meanwhile.
      if (this.#queue[0] !== bytes) return;
      if (error) this.#failed(error);
      else this.#wrote(bytes, written);
    });
  }

  #wrote(bytes: Buffer, written: number): void {
    this.#pauseMs = firstPauseMs;
    this.#offset += written;
    this.#unreadBytes -= written;
    if (this.#offset >= bytes.length) {
      this.#queue.shift();
      this.#offset = 0;
    }
    this.#next();
  }

  #failed(error: unknown): void {
    // Anything else is the end of the terminal, which is told elsewhere.
    if (systemCodeOf(error) !== "EAGAIN") {
      this.close();
      return;
    }
    this.#timer = setTimeout(() => this.#next(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }
}
