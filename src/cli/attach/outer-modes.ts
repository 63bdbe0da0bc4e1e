/**
 * What programs have made of the person's own terminal by what was passed on to it, and how it becomes again what it was
 * before: the screen, the cursor, the mouse, the keyboard.
 */
import { ControlScanner } from "../../terminals/control-scanner.ts";
import { alternateScreens } from "../../terminals/terminal-modes.ts";

/** On by default: the line wraps at its end, the cursor is seen. */
const usuallyOn = new Set(["7", "25"]);

/** Colours, shown cursor, plain characters, no inserting, arrows and keypad as usual, keys as bytes. Harmless at any time. */
const always = "\x1b[0m\x1b[?25h\x1b[?7h\x1b(B\x0f\x1b[4l\x1b[?1l\x1b>\x1b[>4m";

export class OuterModes {
  /** Private modes that are not as usual. */
  readonly #changed = new Set<string>();
  readonly #scanner: ControlScanner;
  /** Keyboard protocols pushed on the normal and on the alternate screen. */
  #keyboards = { normal: 0, alternate: 0 };
  #keyboardSet = false;
  #region = false;
  #cursorStyle = false;

  constructor() {
    this.#scanner = new ControlScanner({
      csi: (parameters, final) => this.#csi(parameters, final),
      osc() {},
      request() {},
      reset: () => this.#reset(),
    });
  }

  /** Passed on to the person's terminal. */
  push(data: string): void {
    this.#scanner.push(data);
  }

  /** What undoes it. The cursor stays in its line. */
  restore(): string {
    const alternate = [...this.#changed].find((mode) => alternateScreens.has(mode));
    const others = [...this.#changed].filter((mode) => !alternateScreens.has(mode));
    const region = this.#region ? "\x1b7\x1b[r\x1b8" : "";
    return [
      // An unfinished control string would swallow what follows.
      "\x1b\\",
      popKeyboards(this.#keyboards.alternate),
      alternate === undefined ? "" : `${region}\x1b[?${alternate}l`,
      popKeyboards(this.#keyboards.normal),
      this.#keyboardSet ? "\x1b[=0u" : "",
      region,
      ...others.map((mode) => `\x1b[?${mode}${usuallyOn.has(mode) ? "h" : "l"}`),
      this.#cursorStyle ? "\x1b[0 q" : "",
      always,
    ].join("");
  }

  #csi(parameters: string, final: string): void {
    if ((final === "h" || final === "l") && parameters.startsWith("?")) {
      for (const mode of parameters.slice(1).split(";")) this.#set(mode, final === "h");
    } else if (final === "r" && /^[\d;]*$/.test(parameters)) {
      this.#region = parameters !== "";
    } else if (final === "q" && /^\d? $/.test(parameters)) {
      this.#cursorStyle = true;
    } else if (final === "u") {
      const screen = this.#onAlternate ? "alternate" : "normal";
      if (parameters.startsWith("=")) this.#keyboardSet = true;
      if (parameters.startsWith(">")) this.#keyboards[screen] += 1;
      if (parameters.startsWith("<")) {
        const count = Number(parameters.slice(1) || 1);
        this.#keyboards[screen] = Math.max(0, this.#keyboards[screen] - count);
      }
    }
  }

  #set(mode: string, on: boolean): void {
    if (!/^\d+$/.test(mode)) return;
    if (on === usuallyOn.has(mode)) this.#changed.delete(mode);
    else this.#changed.add(mode);
    // The one sequence leaves what another has entered.
    if (alternateScreens.has(mode) && !on) for (const other of alternateScreens) this.#changed.delete(other);
  }

  get #onAlternate(): boolean {
    return [...alternateScreens].some((mode) => this.#changed.has(mode));
  }

  #reset(): void {
    this.#changed.clear();
    this.#keyboards = { normal: 0, alternate: 0 };
    this.#keyboardSet = false;
    this.#region = false;
    this.#cursorStyle = false;
  }
}

function popKeyboards(count: number): string {
  return count === 0 ? "" : `\x1b[<${count}u`;
}
