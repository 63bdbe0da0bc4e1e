/**
 * To every line feed that a program prints, the system adds a carriage return, in a step of its own for each line: of a
 * flood of short lines that is nine tenths of the time. Once a command has turned out to be a flood, the system is
 * asked not to (`-onlcr`), and who looks gets the carriage returns from us.
 *
 * Only where nothing else can depend on it: a command whose beginning is nothing but lines, plain or coloured, into
 * which nobody has typed. A file tells the bootstrap of the shell to put it right again before it says that the command
 * has ended, so that the next program finds its terminal as ever, also when we are gone by then.
 */
import { countNewlines } from "./command-output.ts";
import type { Display } from "./display.ts";
import type { PrivateFolder, Pty } from "./pty.ts";

/** The change costs as much as the carriage returns of some thousand lines. */
const floodChars = 524_288;
/** Of longer lines there are too few for it to be worth anything. */
const mostCharsOfLine = 80;
/** More than system and reader hold between them: what comes after so much was printed after the file was written. */
const aheadChars = 131_072;
/** What needs longer for that is no flood, or is over. */
const aheadMs = 100;

/** What the file says to the shell. Before the end of a command it waits until what is under way is done. */
const underWay = "1";
const toRestore = "2";
const nothingToRestore = "";

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
  #lines = 0;
  /** The beginning of a control sequence. */
  #held = "";
  /** From the moment when line feeds may come alone. */
  #changed = false;
  /** While the file is written and the system is asked. */
  #asking = false;
  /** The shell has put it right while the system was asked. */
  #overtaken = false;
  /** While the flood is to show that it goes on. */
  #goesOn: { readonly untilChars: number; readonly tell: (goesOn: boolean) => void } | null = null;

  constructor(options: LineFeedModeOptions) {
    this.#options = options;
  }

  /** A command begins. */
  began(): void {
    this.#leave();
    this.#printedChars = 0;
    this.#lines = 0;
    this.#held = "";
  }

  /** It has ended. */
  ended(): void {
    this.#leave();
    // Should somebody have tidied up the file, the shell puts it right after the next command.
    if (this.#changed && !this.#asking) void this.#tell(toRestore);
  }

  /** Somebody types: what runs may be a shell or an editor. */
  typed(): void {
    this.#leave();
  }

  printed(text: string): void {
    if (this.#printedChars === null) return;
    this.#printedChars += text.length;
    if (this.#moves(text)) {
      this.#leave();
      return;
    }
    if (this.#goesOn !== null && this.#printedChars >= this.#goesOn.untilChars) this.#goesOn.tell(true);
    if (this.#changed || this.#asking) return;
    this.#lines += countNewlines(text);
    if (this.#printedChars < floodChars) return;
    if (this.#lines * mostCharsOfLine < this.#printedChars) {
      this.#printedChars = null;
      return;
    }
    // Somebody else has switched them off already, and wants them so.
    if (!text.includes("\r\n")) return;
    void this.#change();
  }

  /** This command's terminal is left as it is, if it still is. */
  #leave(): void {
    this.#printedChars = null;
    this.#goesOn?.tell(false);
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
    const { carriageReturns, display } = this.#options;
    this.#asking = true;
    // Without the file, as on a full disk, nobody would put it right.
    const written = await this.#tell(underWay);
    if (!written) this.#printedChars = null;
    // A shell that has come to the end of the command without seeing the file would not either.
    const due = written && (await this.#floodGoesOn());
    if (due && !this.#overtaken) {
      this.#printedChars = null;
      this.#changed = true;
      display.loneLineFeeds(true);
      await carriageReturns(false);
    }
    const waited = !this.#overtaken;
    if (written) await this.#tell(this.#changed && waited ? toRestore : nothingToRestore);
    // It has waited in vain; or it has put right what was not changed yet.
    if (this.#overtaken && this.#changed) await carriageReturns(true);
    this.#asking = false;
    if (this.#overtaken) this.#right();
  }

  #tell(content: string): Promise<boolean> {
    const { folder, fileName } = this.#options;
    return folder.write(fileName, content).then(
      () => true,
      () => false,
    );
  }

  #floodGoesOn(): Promise<boolean> {
    const printed = this.#printedChars;
    if (printed === null) return Promise.resolve(false);
    return new Promise((resolve) => {
      const tell = (goesOn: boolean) => {
        clearTimeout(limit);
        this.#goesOn = null;
        resolve(goesOn);
      };
      const limit = setTimeout(() => {
        // It may become one yet.
        this.#printedChars = 0;
        this.#lines = 0;
        tell(false);
      }, aheadMs);
      this.#goesOn = { untilChars: printed + aheadChars, tell };
    });
  }

  #right(): void {
    this.#overtaken = false;
    if (this.#changed) this.#options.display.loneLineFeeds(false);
    this.#changed = false;
  }
}
