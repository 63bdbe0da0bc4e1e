/**
 * The screen of a terminal, emulated only when somebody needs it: a viewer that attaches, or the model that typed
 * into an interactive program. It is caught up from the raw history at that moment; between two needs it costs nothing.
 */
import type { SerializeAddon } from "@xterm/addon-serialize";
import type { Terminal } from "@xterm/headless";
import type { PtySize } from "./pty.ts";
import type { RawHistory } from "./raw-history.ts";

/** Lines above the screen that a viewer gets back: serialising 10,000 would hold up everything else for 0.3 s. */
const scrollbackLines = 2000;

/** An emulator takes megabytes; one that nobody asks any more is let go. */
const forgetAfterMs = 10_000;

interface Emulator {
  readonly terminal: Terminal;
  readonly serializer: SerializeAddon;
  /** Position in the history up to which it has been fed. */
  position: number;
}

async function createEmulator(size: PtySize): Promise<Emulator> {
  // CommonJS packages: bundlers and Node differ in where they put the exports.
  const [headless, serialize] = await Promise.all([import("@xterm/headless"), import("@xterm/addon-serialize")]);
  const TerminalClass = headless.Terminal ?? (headless as unknown as { default: typeof headless }).default.Terminal;
  const SerializeClass =
    serialize.SerializeAddon ?? (serialize as unknown as { default: typeof serialize }).default.SerializeAddon;
  const terminal = new TerminalClass({ ...size, scrollback: scrollbackLines, allowProposedApi: true });
  const serializer = new SerializeClass();
  terminal.loadAddon(serializer as unknown as Parameters<Terminal["loadAddon"]>[0]);
  return { terminal, serializer, position: 0 };
}

export class Screen {
  readonly #history: RawHistory;
  #size: PtySize;
  #emulator: Emulator | null = null;
  /** One catching up at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #forgetting: NodeJS.Timeout | undefined;

  constructor(history: RawHistory, size: PtySize) {
    this.#history = history;
    this.#size = size;
  }

  resize(size: PtySize): void {
    this.#size = size;
    this.#emulator?.terminal.resize(size.cols, size.rows);
  }

  /** Escape sequences that repaint the screen and its scrollback, and the position in the history they stand for. */
  snapshot(): Promise<{ text: string; position: number }> {
    return this.#caughtUp(({ serializer, position }) => ({ text: serializer.serialize(), position }));
  }

  /** The visible text, without trailing blanks and empty lines. */
  visibleText(): Promise<string> {
    return this.#caughtUp(({ terminal }) => {
      const { active } = terminal.buffer;
      const lines: string[] = [];
      for (let row = 0; row < terminal.rows; row++) {
        lines.push(active.getLine(active.baseY + row)?.translateToString(true) ?? "");
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

  #caughtUp<T>(read: (emulator: Emulator) => T): Promise<T> {
    const result = this.#turn.then(async () => {
      const history = this.#history;
      let missing = this.#emulator === null ? null : (history.from(this.#emulator.position)?.text ?? null);
      if (missing === null) {
        this.forget();
        this.#emulator = await createEmulator(this.#size);
        const { modes, text } = history.whole();
        missing = modes + text;
      }
      const emulator = this.#emulator;
      if (emulator === null) throw new Error("the terminal was closed");
      emulator.position = history.end;
      await new Promise<void>((resolve) => emulator.terminal.write(missing, resolve));
      clearTimeout(this.#forgetting);
      this.#forgetting = setTimeout(() => this.forget(), forgetAfterMs).unref();
      return read(emulator);
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
