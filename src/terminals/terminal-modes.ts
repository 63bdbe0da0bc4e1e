/**
 * What a terminal was told to be and a serialised screen does not say: title, shape and visibility of the cursor, how
 * the mouse is reported, the scrolling region. Kept up to date from the output, however little of it is kept.
 */

/** Private modes that a repaint has to set, beside those that are serialised with the screen. */
const kept = new Set(["12", "25", "1005", "1006", "1007", "1015", "1016", "2031"]);
const alternates = new Set(["47", "1047", "1049"]);
const longestTitle = 500;

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

  /** As it is now; the result sets all this in a terminal whose cursor is at `row` and `col`, from 1. */
  capture(): (cursor: { readonly row: number; readonly col: number }) => string {
    const title = this.#title === "" ? "" : `\x1b]2;${this.#title}\x07`;
    const style = this.#cursorStyle === "" ? "" : `\x1b[${this.#cursorStyle}q`;
    const modes = [...this.#modes].map(([mode, state]) => `\x1b[?${mode}${state}`).join("");
    const region = this.#region;
    return ({ row, col }) => {
      // Setting a region moves the cursor.
      const margins = region === "" ? "" : `\x1b[${region}r\x1b[${row};${col}H`;
      return title + margins + style + modes;
    };
  }

  #set(mode: string, state: "h" | "l"): void {
    if (kept.has(mode)) this.#modes.set(mode, state);
    // Each of the two screens has a region of its own.
    if (alternates.has(mode)) this.#region = "";
  }
}
