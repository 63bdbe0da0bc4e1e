/**
 * What a terminal was told to be and a serialised screen does not say: title, shape and visibility of the cursor, how
 * the mouse is reported, the scrolling region. Kept up to date from the output, however little of it is kept.
 */

/** Private modes that a repaint has to set, beside those that are serialised with the screen. */
const kept = new Set(["12", "25", "1005", "1006", "1007", "1015", "1016", "2031"]);
/** Any of them switches to the alternate screen. */
export const alternateScreens: ReadonlySet<string> = new Set(["47", "1047", "1049"]);
const longestTitle = 500;

export interface CapturedModes {
  readonly sequences: string;
  /** Setting it moves the cursor, so it belongs before the cursor is placed. */
  readonly region: string;
}

export class TerminalModes {
  readonly #modes = new Map<string, "h" | "l">();
  #title = "";
  #cursorStyle = "";
  #region = "";

  csi(parameters: string, final: string): void {
    if (final === "h" || final === "l") {
      if (parameters.startsWith("?")) for (const mode of parameters.slice(1).split(";")) this.#set(mode, final);
    } else if (final === "r") {
      if (/^[\d;]*$/.test(parameters)) this.#region = /^\d+;\d+$/.test(parameters) ? parameters : "";
    } else if (final === "q") {
      if (/^\d? $/.test(parameters)) this.#cursorStyle = parameters;
    } else if (final === "p" && parameters === "!") {
      this.#modes.delete("25");
      this.#region = "";
    }
  }

  osc(code: number, data: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not get into a sequence of ours.
    if (code === 0 || code === 2) this.#title = data.slice(0, longestTitle).replaceAll(/[\u0000-\u001f\u007f]/g, "");
  }

  reset(): void {
    this.#modes.clear();
    this.#cursorStyle = "";
    this.#region = "";
  }

  /** As it is now: sequences that set it, but for the scrolling region, which is `top;bottom` or empty. */
  capture(): CapturedModes {
    const title = this.#title === "" ? "" : `\x1b]2;${this.#title}\x07`;
    const style = this.#cursorStyle === "" ? "" : `\x1b[${this.#cursorStyle}q`;
    const modes = [...this.#modes].map(([mode, state]) => `\x1b[?${mode}${state}`).join("");
    return { sequences: title + style + modes, region: this.#region };
  }

  #set(mode: string, state: "h" | "l"): void {
    if (kept.has(mode)) this.#modes.set(mode, state);
    // Each of the two screens has a region of its own.
    if (alternateScreens.has(mode)) this.#region = "";
  }
}
