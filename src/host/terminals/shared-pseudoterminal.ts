/**
 * A VS Code terminal over a terminal of the agent: the same PTY, so what the person types the agent sees, and the
 * other way round. Closing the pane only detaches.
 */
import * as vscode from "vscode";
import { messageOf } from "../../base/app-error.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { TerminalAttachment, Terminals } from "../../ports/terminals.ts";
import { OutputPace } from "./output-pace.ts";

/** VS Code gets output in pieces, so that a flood does not hold up the connection for other windows' messages. */
const PIECE_CHARS = 64 * 1024;

export class SharedPseudoterminal implements vscode.Pseudoterminal {
  readonly #terminals: Terminals;
  readonly #name: string;
  readonly #log: Log;
  readonly #onClosed: () => void;
  readonly #write = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<void>();
  readonly #pace: OutputPace;
  readonly onDidWrite = this.#write.event;
  readonly onDidClose = this.#closed.event;
  #attachment: TerminalAttachment | undefined;
  #dimensions: vscode.TerminalDimensions | undefined;
  /** Typed before the PTY was attached. */
  #typedAhead = "";
  #detached = false;

  constructor(options: {
    readonly terminals: Terminals;
    readonly name: string;
    readonly log: Log;
    /** The person closed the pane. */
    readonly onClosed: () => void;
    readonly clock?: Clock;
  }) {
    this.#terminals = options.terminals;
    this.#name = options.name;
    this.#log = options.log;
    this.#onClosed = options.onClosed;
    this.#pace = new OutputPace(options.clock ?? systemClock);
  }

  open(dimensions: vscode.TerminalDimensions | undefined): void {
    this.#dimensions = dimensions;
    void this.#attach();
  }

  setDimensions(dimensions: vscode.TerminalDimensions): void {
    this.#dimensions = dimensions;
    this.#attachment?.resize(dimensions.columns, dimensions.rows);
  }

  handleInput(data: string): void {
    if (this.#attachment) this.#attachment.write(data);
    else this.#typedAhead += data;
  }

  close(): void {
    this.#detach();
    this.#onClosed();
  }

  /** The shell has ended: the pane goes away by itself. */
  end(): void {
    this.#detach();
    this.#closed.fire();
  }

  async #attach(): Promise<void> {
    // What arrives before the snapshot is painted comes after it.
    let early: string[] | undefined = [];
    const shown = this.#dimensions;
    const size = shown && { cols: shown.columns, rows: shown.rows };
    const deliver = (data: string) => {
      if (early) early.push(data);
      else this.#show(data);
      return this.#pace.took(data);
    };
    try {
      const attachment = await this.#terminals.attach(this.#name, deliver, size);
      if (!attachment) {
        this.#show(`The terminal “${this.#name}” is gone.\r\n`);
        return;
      }
      if (this.#detached) {
        attachment.dispose();
        return;
      }
      this.#attachment = attachment;
      this.#show(attachment.snapshot);
      for (const data of early) this.#show(data);
      early = undefined;
      const now = this.#dimensions;
      if (now && now !== shown) attachment.resize(now.columns, now.rows);
      if (this.#typedAhead !== "") attachment.write(this.#typedAhead);
      this.#typedAhead = "";
    } catch (error) {
      this.#log.error(`the terminal ${this.#name} could not be shown`, error);
      this.#show(`The terminal “${this.#name}” could not be shown: ${messageOf(error)}\r\n`);
    }
  }

  #show(data: string): void {
    for (let at = 0; at < data.length; at += PIECE_CHARS) this.#write.fire(data.slice(at, at + PIECE_CHARS));
  }

  #detach(): void {
    this.#detached = true;
    this.#attachment?.dispose();
    this.#attachment = undefined;
    this.#pace.dispose();
  }
}
