/**
 * The screen of a terminal, emulated only when somebody needs it: a viewer that attaches, or the model that typed
 * into an interactive program. It is caught up from the raw history at that moment; between two needs it costs nothing.
 */
import type { SerializeAddon } from "@xterm/addon-serialize";
import type { Terminal } from "@xterm/headless";
import type { PtySize } from "./pty.ts";
import type { RawHistory } from "./raw-history.ts";
import { repaint } from "./repaint.ts";
import type { CapturedModes, TerminalModes } from "./terminal-modes.ts";

/** Lines above the screen that a viewer gets back. A cell takes 12 bytes, so of very wide ones fewer are kept. */
const scrollbackLines = 10_000;
const scrollbackCells = 2_500_000;

/** An emulator takes megabytes; one that nobody asks any more is let go, and a large one soon. */
const forgetAfterMs = 10_000;
const forgetLargeAfterMs = 1_000;
const largeLines = 2_000;

/** Of the output, given to the emulator at once: a few milliseconds. */
const pieceChars = 32_768;

interface Emulator {
  readonly terminal: Terminal;
  readonly serializer: SerializeAddon;
  /** Position in the history up to which it has been fed. */
  position: number;
  size: PtySize;
  /** Sets what the serialised screen does not say, as of that position. */
  modes: CapturedModes;
}

async function createEmulator(size: PtySize): Promise<Emulator> {
  // CommonJS packages: bundlers and Node differ in where they put the exports.
  const [headless, serialize] = await Promise.all([import("@xterm/headless"), import("@xterm/addon-serialize")]);
  const TerminalClass = headless.Terminal ?? (headless as unknown as { default: typeof headless }).default.Terminal;
  const SerializeClass =
    serialize.SerializeAddon ?? (serialize as unknown as { default: typeof serialize }).default.SerializeAddon;
  const scrollback = Math.min(scrollbackLines, Math.floor(scrollbackCells / size.cols));
  const terminal = new TerminalClass({ ...size, scrollback, allowProposedApi: true, logLevel: "off" });
  const serializer = new SerializeClass();
  terminal.loadAddon(serializer as unknown as Parameters<Terminal["loadAddon"]>[0]);
  return { terminal, serializer, position: 0, size, modes: { sequences: "", region: "" } };
}

/** It has this size and was given this text, in pieces, between which others have their turn. */
async function fed(emulator: Emulator, text: string, size: PtySize): Promise<Emulator> {
  let fit = emulator;
  if (fit.size !== size) fit.terminal.resize(size.cols, size.rows);
  fit.size = size;
  for (let at = 0; at < text.length; at += pieceChars) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    try {
      // Not its `write`: what fails there fails in a timer, and whoever waits is never told.
      const { _core: core } = fit.terminal as unknown as { readonly _core: { writeSync(data: string): void } };
      core.writeSync(text.slice(at, at + pieceChars));
    } catch {
      // There are sequences that it fails at; the picture is that of what came after them.
      fit.terminal.dispose();
      fit = await createEmulator(size);
    }
  }
  return fit;
}

export interface Snapshot {
  /** Escape sequences that paint the screen and what is above it into an empty terminal. */
  readonly text: string;
  /** In the raw history, where what it stands for ends. */
  readonly position: number;
  readonly size: PtySize;
}

export class Screen {
  readonly #history: RawHistory;
  readonly #modes: TerminalModes;
  #size: PtySize;
  #emulator: Emulator | null = null;
  /** One catching up at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #forgetting: NodeJS.Timeout | undefined;

  constructor(history: RawHistory, modes: TerminalModes, size: PtySize) {
    this.#history = history;
    this.#modes = modes;
    this.#size = size;
  }

  resize(size: PtySize): void {
    this.#size = size;
  }

  /** The whole picture; others have their turn while it is made. */
  snapshot(): Promise<Snapshot> {
    return this.#caughtUp(async ({ terminal, serializer, position, size, modes }) => {
      const picture = await repaint(terminal, serializer, modes.region);
      return { text: picture + modes.sequences, position, size };
    });
  }

  /** The visible text, without trailing blanks and empty lines. */
  visibleText(): Promise<string> {
    return this.#caughtUp(({ terminal }) => {
      const { active } = terminal.buffer;
      const lines: string[] = [];
      for (let row = 0; row < terminal.rows; row++) {
        const line = active.getLine(active.baseY + row);
        // Editors paint blanks to the end of a line.
        lines.push(line?.translateToString(true).trimEnd() ?? "");
      }
      return lines.join("\n").trimEnd();
    });
  }

  /** Where the cursor is, from 1. */
  cursor(): Promise<{ row: number; col: number }> {
    return this.#caughtUp(({ terminal }) => {
      const { cursorX, cursorY } = terminal.buffer.active;
      return { row: cursorY + 1, col: cursorX + 1 };
    });
  }

  /** Frees the memory; the next need rebuilds it from the history. */
  forget(): void {
    clearTimeout(this.#forgetting);
    this.#emulator?.terminal.dispose();
    this.#emulator = null;
  }

  #caughtUp<T>(read: (emulator: Emulator) => T | Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      clearTimeout(this.#forgetting);
      const history = this.#history;
      let missing = this.#emulator === null ? null : (history.from(this.#emulator.position)?.text ?? null);
      if (missing === null) {
        this.forget();
        this.#emulator = await createEmulator(this.#size);
        const { modes, text } = history.whole();
        missing = modes + text;
      }
      const before = this.#emulator;
      if (before === null) throw new Error("the terminal was closed");
      const size = this.#size;
      const { end } = history;
      const modes = this.#modes.capture();
      const emulator = await fed(before, missing, size);
      // Nobody needs it any more when it was forgotten meanwhile.
      if (this.#emulator === before) this.#emulator = emulator;
      emulator.position = end;
      emulator.modes = modes;
      const value = await read(emulator);
      const large = emulator.terminal.buffer.normal.length > largeLines;
      this.#forgetting = setTimeout(() => this.forget(), large ? forgetLargeAfterMs : forgetAfterMs).unref();
      return value;
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
