/**
 * To every line feed that a program prints, the system adds a carriage return, in a step of its own for each line: of a
 * flood of short lines that is nine tenths of the time. Once a command has turned out to be a flood, the system is
 * asked not to (`-onlcr`), and who looks gets the carriage returns from us.
 *
 * Only where nothing else can depend on it: a command whose beginning is nothing but lines, plain or coloured, into
 * which nobody has typed. A file tells the bootstrap of the shell to put it right again before it says that the command has ended, so
 * that the next program finds its terminal as ever, also when we are gone by then.
 */
import type { Display } from "./display.ts";
import type { PrivateFolder, Pty } from "./pty.ts";

/** The change costs as much as the carriage returns of some thousand lines. */
const floodChars = 524_288;

/** Colours, what goes with them, titles and links; and what a shell says when it leaves its line editor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what it is about.
const harmless = /\x1b(?:\[[\d;:]*[mK]|\[\?2004l|\(B|\][^\x07\x1b]*(?:\x07|\x1b\\))/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const unfinished = /\x1b(?:\[[?\d;:]{0,100}|\(|\][^\x07\x1b]{0,1000}\x1b?)?$/;

export interface LineFeedModeOptions {
  readonly carriageReturns: NonNullable<Pty["carriageReturns"]>;
  readonly display: Pick<Display, "loneLineFeeds">;
  readonly folder: PrivateFolder;
  /** See `ShellStart.lineFeedFile`. */
  readonly fileName: string;
}

export class LineFeedMode {
  readonly #options: LineFeedModeOptions;
  /** Of the command that runs; null when it is none that may become a flood. */
  #printedChars: number | null = null;
  /** The beginning of a control sequence. */
  #held = "";
  /** Counts commands, and the times between them. */
  #generation = 0;
  /** From the moment when line feeds may come alone. */
  #changed = false;
  /** While the system is asked. */
  #asking = false;
  /** The shell has put it right while the system was asked. */
  #overtaken = false;

  constructor(options: LineFeedModeOptions) {
    this.#options = options;
  }

  /** A command begins. */
  began(): void {
    this.#generation += 1;
    this.#printedChars = 0;
    this.#held = "";
  }

  /** It has ended. */
  ended(): void {
    this.#generation += 1;
    this.#printedChars = null;
  }

  /** Somebody types: what runs may be a shell or an editor. */
  typed(): void {
    this.#printedChars = null;
  }

  printed(text: string): void {
    if (this.#printedChars === null) return;
    this.#printedChars += text.length;
    if (this.#moves(text)) this.#printedChars = null;
    if (this.#printedChars === null || this.#printedChars < floodChars) return;
    this.#printedChars = null;
    if (!this.#changed) void this.#change();
  }

  /** Whether it does more than print lines in colours: what does may be a program that sets its terminal itself. */
  #moves(text: string): boolean {
    if (this.#held === "" && !text.includes("\x1b")) return false;
    const whole = this.#held + text;
    const cut = whole.search(unfinished);
    this.#held = cut < 0 ? "" : whole.slice(cut);
    const finished = cut < 0 ? whole : whole.slice(0, cut);
    return finished.replace(harmless, "").includes("\x1b");
  }

  /** The shell has put it right. */
  restored(): void {
    if (this.#asking) this.#overtaken = true;
    else this.#right();
  }

  async #change(): Promise<void> {
    const { carriageReturns, display, folder, fileName } = this.#options;
    const generation = this.#generation;
    this.#changed = true;
    this.#asking = true;
    // Without the file, as on a full disk, nobody would put it right.
    const written = await folder.write(fileName, "1").catch(() => null);
    const due = written !== null && generation === this.#generation;
    if (due) {
      display.loneLineFeeds(true);
      await carriageReturns(false);
      if (this.#overtaken) await carriageReturns(true);
    }
    this.#asking = false;
    if (!due || this.#overtaken) this.#right();
  }

  #right(): void {
    this.#overtaken = false;
    this.#changed = false;
    this.#options.display.loneLineFeeds(false);
  }
}
