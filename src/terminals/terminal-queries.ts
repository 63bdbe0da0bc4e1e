/**
 * Some programs ask the terminal what it is and wait for the answer (fish, line editors, vim). They get exactly one:
 * while nobody looks, from here; otherwise from the viewer that was used last, because it knows its colours. What other
 * viewers answer, what comes too late and what nobody has asked for is dropped: a shell would take it for typing.
 */
import { splitInput } from "./terminal-replies.ts";

interface Query {
  /** Names the answer that it waits for, as terminal-replies.ts does. */
  readonly to: string;
  /** What is answered without a viewer; null where silence says "unknown". */
  readonly own: (() => Promise<string>) | null;
  timer: NodeJS.Timeout | undefined;
}

/** A viewer that has not answered by then will not: it is a log, has stopped reading, or is far away. */
const answerWithinMs = 1000;
/** A file full of queries is being printed: nobody waits for that many answers. */
const maxOpen = 16;

const colours: Readonly<Record<number, string>> = {
  10: "\x1b]10;rgb:cccc/cccc/cccc\x1b\\",
  11: "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
  12: "\x1b]12;rgb:cccc/cccc/cccc\x1b\\",
};

const fixed: Readonly<Record<string, readonly [to: string, own: string | null]>> = {
  c: ["device", "\x1b[?1;2c"],
  "0c": ["device", "\x1b[?1;2c"],
  ">c": ["secondary device", "\x1b[>0;276;0c"],
  ">0c": ["secondary device", "\x1b[>0;276;0c"],
  "=c": ["tertiary device", null],
  "=0c": ["tertiary device", null],
  ">q": ["version", null],
  ">0q": ["version", null],
  "5n": ["status", "\x1b[0n"],
  "?u": ["keyboard", null],
};

export interface TerminalQueriesOptions {
  /** Types into the terminal. */
  readonly answer: (text: string) => void;
  /** Where the cursor is, from 1. */
  readonly cursor: () => Promise<{ readonly row: number; readonly col: number }>;
  readonly hasViewers: () => boolean;
}

/** What is to be typed into the terminal; an answer to a program is not the person's doing. */
export interface ViewerWrite {
  readonly kind: "answer" | "typed";
  readonly text: string;
}

export class TerminalQueries {
  readonly #options: TerminalQueriesOptions;
  /** Oldest first. */
  #open: Query[] = [];
  #answering: Promise<void> = Promise.resolve();

  constructor(options: TerminalQueriesOptions) {
    this.#options = options;
  }

  /** The program has written this sequence (see control-scanner.ts). */
  csi(parameters: string, final: string): void {
    const known = fixed[`${parameters}${final}`];
    if (known !== undefined) this.#asked(...known);
    else if (final === "n" && /^\??6$/.test(parameters)) this.#asked("cursor", () => this.#cursor(parameters));
    else if (final === "p" && /^\??\d+\$$/.test(parameters)) {
      const mode = parameters.slice(0, -1);
      this.#asked(`mode ${mode}`, `\x1b[${mode};0$y`);
    } else if (final === "t" && /^1[1-9]$/.test(parameters)) this.#asked("window", null);
  }

  osc(code: number, data: string): void {
    const parts = data.split(";");
    if (code === 4) {
      const asked = parts.filter((_, index) => parts[index + 1] === "?");
      for (const colour of asked) this.#asked(`colour 4;${colour}`, null);
    } else if (code >= 10) {
      for (const [index, part] of parts.entries()) {
        if (part === "?") this.#asked(`colour ${code + index}`, colours[code + index] ?? null);
      }
    }
  }

  request(kind: "$q" | "+q"): void {
    this.#asked(kind === "$q" ? "setting" : "capability", null);
  }

  /** What of a viewer's data goes on. `active`: it is the viewer that answers. */
  received(data: string, active: boolean): readonly ViewerWrite[] {
    return splitInput(data).flatMap((part): ViewerWrite[] => {
      if (part.kind === "typed") return [part];
      const query = active ? this.#open.find(({ to }) => to === part.to) : undefined;
      if (query === undefined) return part.maybeKey ? [{ kind: "typed", text: part.text }] : [];
      this.#close(query);
      return [{ kind: "answer", text: part.text }];
    });
  }

  dispose(): void {
    for (const query of [...this.#open]) this.#close(query);
  }

  async #cursor(parameters: string): Promise<string> {
    const { row, col } = await this.#options.cursor();
    return `\x1b[${parameters.slice(0, -1)}${row};${col}R`;
  }

  #asked(to: string, own: string | null | (() => Promise<string>)): void {
    if (this.#open.length >= maxOpen) return;
    const answer = typeof own === "string" ? async () => own : own;
    const query: Query = { to, own: answer, timer: undefined };
    this.#open.push(query);
    if (this.#options.hasViewers()) query.timer = setTimeout(() => this.#answer(query), answerWithinMs);
    else this.#answer(query);
  }

  /** One after another, in the order in which it was asked. */
  #answer(query: Query): void {
    this.#answering = this.#answering.then(async () => {
      if (!this.#open.includes(query)) return;
      // The screen may have been closed meanwhile; then nobody waits any more.
      const text = (await query.own?.().catch(() => null)) ?? null;
      if (!this.#open.includes(query)) return;
      this.#close(query);
      if (text !== null) this.#options.answer(text);
    });
  }

  #close(query: Query): void {
    clearTimeout(query.timer);
    this.#open = this.#open.filter((each) => each !== query);
  }
}
