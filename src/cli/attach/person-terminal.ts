/** The terminal that a person attaches with: handed over to the programs of another one, and given back as it was. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReadStream, WriteStream } from "node:tty";
import { OuterModes } from "./outer-modes.ts";

/** A terminal that takes nothing more can not be given back whole; whoever waits for it has waited long enough. */
const restoreMs = 500;
const sttyMs = 1_000;

export interface PersonTerminalListeners {
  /** Bytes from the keyboard, one character each. */
  readonly onInput: (bytes: string) => void;
  readonly onResize: (size: { cols: number; rows: number }) => void;
  /** The terminal is gone. */
  readonly onGone: () => void;
}

export class PersonTerminal {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #modes = new OuterModes();
  #taken = false;
  #lineBegun = false;
  #onExit = () => this.#giveBackAtOnce();
  #onContinue = () => void this.#enterRawMode();

  constructor(input: ReadStream, output: WriteStream) {
    this.#input = input;
    this.#output = output;
  }

  /** Undefined where the terminal does not know it. */
  get size(): { cols: number; rows: number } | undefined {
    const { columns: cols, rows } = this.#output;
    return cols > 0 && rows > 0 ? { cols, rows } : undefined;
  }

  /** Every key goes to `onInput` from now on, until `giveBack`. Resolves when the terminal can be painted. */
  async take({ onInput, onResize, onGone }: PersonTerminalListeners): Promise<void> {
    this.#taken = true;
    // Written as it can be taken, so that a slow terminal holds up neither the keyboard nor a signal.
    const handle = (this.#output as { _handle?: { setBlocking?: (on: boolean) => void } })._handle;
    handle?.setBlocking?.(false);
    process.once("exit", this.#onExit);
    process.on("SIGCONT", this.#onContinue);
    const raw = this.#enterRawMode();
    this.#output.on("error", onGone);
    this.#output.on("resize", () => {
      const { size } = this;
      if (size !== undefined) onResize(size);
    });
    this.#input.on("data", (chunk: Buffer) => onInput(chunk.toString("latin1")));
    this.#input.on("error", onGone).once("end", onGone).resume();
    await raw;
  }

  /** The promise, if there is one, resolves when the terminal takes more. */
  write(data: string): void | Promise<void> {
    if (data === "" || !this.#taken) return;
    this.#modes.push(data);
    this.#lineBegun = !data.endsWith("\n");
    if (this.#output.write(data)) return;
    return new Promise((resolve) => {
      const done = () => {
        this.#output.off("drain", done).off("close", done);
        resolve();
      };
      this.#output.on("drain", done).on("close", done);
    });
  }

  /** Resolves when the terminal is the person's again, with the cursor at the beginning of a line. */
  async giveBack(): Promise<void> {
    if (!this.#taken) return;
    this.#taken = false;
    process.off("exit", this.#onExit).off("SIGCONT", this.#onContinue);
    this.#input.removeAllListeners("data").pause();
    const written = new Promise<void>((resolve) => {
      this.#output.once("error", () => resolve());
      this.#output.write(this.#restoring(), () => resolve());
    });
    await Promise.race([written, sleep(restoreMs, undefined, { ref: false })]);
    this.#leaveRawMode();
  }

  /** As `giveBack`, when there is no time left. */
  #giveBackAtOnce(): void {
    this.#leaveRawMode();
    try {
      writeSync(1, this.#restoring());
    } catch {
      // Nobody is there to see it.
    }
  }

  #restoring(): string {
    return `${this.#modes.restore()}${this.#lineBegun ? "\r\n" : ""}`;
  }

  /** Anew also after a shell's job control has stopped us and set its own mode meanwhile. */
  async #enterRawMode(): Promise<void> {
    this.#input.setRawMode(false);
    this.#input.setRawMode(true);
    // Node leaves on that a line feed is written as CR LF; a program that has switched that off means just a line feed.
    const stty = spawn("stty", ["-onlcr"], { stdio: ["inherit", "ignore", "ignore"] });
    const limit = sleep(sttyMs, undefined, { ref: false });
    // Without it (Windows has none) at most the column is wrong.
    await Promise.race([once(stty, "exit"), limit]).catch(() => undefined);
  }

  #leaveRawMode(): void {
    try {
      this.#input.setRawMode(false);
    } catch {
      // The terminal is gone.
    }
  }
}
