/**
 * Reads what a shell with our bootstrap writes: who is typing, which command runs, what is its output, what is prompt.
 * What viewers see leaves here too: the same stream, except that our own line is shown as the command it stands for.
 */
import { type Marker, MarkerParser, unescapeField } from "./marker-parser.ts";

export interface ShellStreamEvents {
  /** For the eye. */
  display(text: string): void;
  /** For the model: everything but prompts and our own line. */
  output(text: string): void;
  began(number: number): void;
  /** A line that the person typed; empty when the shell does not know its text. */
  typed(number: number, command: string): void;
  /** The command that was armed was not taken, and will not be. */
  notTaken(): void;
  ended(number: number, exitCode: number, cwd: string | null): void;
  /** The shell waits for a command. */
  ready(): void;
  /** The shell has put the line feeds of its terminal right, see LineFeedMode. */
  lineFeedsRestored(): void;
  /** This shell is too old for markers. */
  unmarked(): void;
}

/** `starting` until the first prompt; `continuing`: an unfinished line (PS2). */
export type ShellPhase = "starting" | "drawing" | "prompt" | "continuing" | "running" | "between";

const promptLimit = 4096;
const hiddenLimit = 65_536;

/** Private modes, keypad and keyboard protocols: what a line editor switches for itself and back for a command. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what it is about.
const modeSequences = /\x1b(?:\[[?><=][\d;:]*[hlmu]|[=>])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const invisible = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x09\x0b-\x1f\x7f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const unfinishedSequence = /\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]{0,1000}|[ -/]*)$/;

export class ShellStream {
  readonly #parser: MarkerParser;
  readonly #events: ShellStreamEvents;
  /** How the line begins by which we enter commands where line editing is off. */
  readonly #ownLine: string | null;
  #phase: ShellPhase = "starting";
  #prompt = "";
  #lineEditing = true;
  /** Whether the next prompt has line editing: told before each one that has not. */
  #editingNext = true;
  /** The command of ours that was typed and has not begun. */
  #armed: { readonly number: number; readonly command: string } | null = null;
  #hiding = false;
  /** What was hidden, its end. */
  #hidden = "";
  /** The command prints no more, and the prompt has not begun. */
  #muted = false;
  #heard = false;
  /** The beginning of a sequence, at the prompt. */
  #withheld = "";
  /** Number of the command that runs. */
  #open = 0;
  #displaced = false;

  constructor(key: string, runLine: string | null, events: ShellStreamEvents) {
    this.#events = events;
    this.#ownLine = runLine?.slice(0, 16) ?? null;
    this.#parser = new MarkerParser(key, {
      text: (text) => this.#text(text),
      marker: (marker) => this.#marker(marker),
    });
  }

  get phase(): ShellPhase {
    return this.#phase;
  }

  get lineEditing(): boolean {
    return this.#lineEditing;
  }

  /** Whether the bootstrap has shown a sign of life. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Whether our last command displaced an unfinished line of the person; asking forgets it. */
  takeDisplaced(): boolean {
    const displaced = this.#displaced;
    this.#displaced = false;
    return displaced;
  }

  push(chunk: string): void {
    this.#parser.push(chunk);
  }

  end(): void {
    this.#uncover();
    this.#parser.end();
  }

  /** Our line is going to be typed: show `command` in its place. */
  arm(number: number, command: string): void {
    this.#armed = { number, command };
  }

  /** Our line was withdrawn. */
  disarm(): void {
    this.#armed = null;
    this.#uncover();
  }

  /** What was hidden has switched modes all the same. */
  #uncover(): void {
    if (!this.#hiding) return;
    this.#hiding = false;
    const modes = this.#hidden.match(modeSequences)?.join("") ?? "";
    this.#hidden = "";
    if (modes !== "") this.#events.display(modes);
  }

  #text(text: string): void {
    if (this.#hiding) {
      this.#hidden = (this.#hidden + text).slice(-hiddenLimit);
      return;
    }
    this.#events.display(text);
    if (this.#phase === "drawing") {
      if (this.#prompt.length < promptLimit) this.#prompt += text;
    } else if (!this.#muted) {
      this.#output(text);
    }
  }

  /** What only moves the cursor or sets colours around the prompt is nobody's output. */
  #output(text: string): void {
    if (this.#phase !== "prompt") {
      this.#events.output(text);
      return;
    }
    const whole = this.#withheld + text;
    const cut = whole.search(unfinishedSequence);
    this.#withheld = cut < 0 ? "" : whole.slice(cut);
    const finished = cut < 0 ? whole : whole.slice(0, cut);
    if (finished.replace(invisible, "") !== "") this.#events.output(finished);
  }

  #marker({ letter, number, fields }: Marker): void {
    this.#heard = true;
    if (letter === "S") this.#showCommand(fields[0] === "prompt");
    else if (letter === "C") this.#began(number, fields);
    else if (letter === "D") this.#ended(number, Number(fields[0]), unescapeField(fields[1] ?? ""));
    else if (letter === "E") this.#muted = true;
    else if (letter === "A") this.#promptBegins(number, Number(fields[0]));
    else if (letter === "B" && this.#phase === "drawing") this.#promptEnds();
    else if (letter === "F") this.#continues();
    else if (letter === "P" && fields[0] === "LineFeeds=1") this.#events.lineFeedsRestored();
    else if (letter === "P" && fields[0] === "Edit=0") this.#lineEditing = this.#editingNext = false;
    else if (letter === "N") this.#notTaken();
    else if (letter === "X") this.#events.unmarked();
  }

  /** Without a command that was armed it is about keys of ours that were read late. */
  #notTaken(): void {
    const armed = this.#armed;
    this.disarm();
    if (armed !== null) this.#events.notTaken();
  }

  #continues(): void {
    if (this.#phase === "prompt") this.#phase = "continuing";
    // With line editing off bash shows PS2 where PS1 belongs.
    else if (this.#phase === "between") this.#promptEnds();
  }

  #promptEnds(): void {
    this.#phase = "prompt";
    this.#withheld = "";
    this.#events.display("\x1b]633;B\x07");
    this.#events.ready();
  }

  /**
   * Paints what would be there if the command had been typed. The shell has cleared its line: with the prompt or,
   * when `promptStays`, up to it. Keys of ours that were read late stand for nothing.
   */
  #showCommand(promptStays: boolean): void {
    const promptStart = Math.max(this.#prompt.lastIndexOf("\n"), this.#prompt.lastIndexOf("\r")) + 1;
    const prompt = promptStays ? "" : this.#prompt.slice(promptStart);
    const command = this.#armed?.command ?? "";
    const echo = command.replaceAll("\x1b", "^[").replace(/\r?\n/g, "\r\n> ");
    this.#events.display(`${prompt}\x1b[J${echo}\r\n`);
    this.#hiding = true;
  }

  #began(number: number, fields: readonly string[]): void {
    // Typed as a line, ours is announced by PS0 too.
    if (Number.isNaN(number)) return;
    if (this.#ownLine !== null && unescapeField(fields[0] ?? "").startsWith(this.#ownLine)) return;
    this.#uncover();
    this.#muted = false;
    this.#phase = "running";
    this.#open = number;
    this.#events.display("\x1b]633;C\x07");
    if (this.#armed?.number === number) {
      this.#armed = null;
      this.#displaced = Number(fields[0]) > 0;
      this.#events.began(number);
    } else {
      this.#events.typed(number, unescapeField(fields[0] ?? ""));
    }
  }

  #ended(number: number, exitCode: number, cwd: string | null): void {
    if (this.#phase !== "running" || number !== this.#open) return;
    this.#muted = false;
    this.#phase = "between";
    // A path holds no control characters worth showing.
    const property = cwd ? `\x1b]633;P;Cwd=${cwd.replaceAll(/\p{Cc}/gu, "")}\x07` : "";
    this.#events.display(`\x1b]633;D;${exitCode}\x07${property}`);
    this.#events.ended(number, exitCode, cwd || null);
  }

  #promptBegins(number: number, exitCode: number): void {
    // A shell inside the shell may have inherited our prompt, but not the number.
    if (Number.isNaN(number)) return;
    // Ctrl-C takes away what nobody has read yet, and what tells the end with it.
    if (number > 0) this.#ended(number, exitCode, null);
    if (this.#phase === "running") return;
    this.#phase = "drawing";
    this.#muted = false;
    this.#prompt = "";
    // Switched on again, it does not work before bash shows PS1 again (see #continues).
    this.#lineEditing = this.#editingNext;
    this.#editingNext = true;
    this.#events.display("\x1b]633;A\x07");
  }
}
