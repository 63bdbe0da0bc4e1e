/**
 * Raw terminal output as a person would see it, without colours: progress bars in their last state, lines that were
 * drawn over as they are now. Not a screen: lines are never wrapped, and what is placed anywhere on a screen begins on a
 * line of its own.
 */

/** As far as a program may move the cursor to the right of what is there. */
const MOST_COLUMNS = 500;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about.
const special = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
const parts =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
  /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?|[^\u0000-\u0008\u000a-\u001f\u007f-\u009f]+|[\s\S]/gu;

// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const alternateScreen = /\u001b\[\?(?:\d+;)*(?:47|1047|1049)[hl]/g;

export function plainOutput(raw: string): string {
  const text = raw.includes("\r") ? raw.replace(/\r+\n/g, "\n") : raw;
  if (!special.test(text)) return text;
  const page = new Page();
  for (const [part, parameters, final] of text.matchAll(parts)) {
    if (final !== undefined) page.control(final, parameters ?? "");
    else if (part.length > 1 || !special.test(part)) page.print(part);
    else page.step(part);
  }
  return page.text();
}

/** Whether a full-screen program has the terminal at the end of this output. */
export function isFullScreen(raw: string): boolean {
  return raw.match(alternateScreen)?.at(-1)?.endsWith("h") ?? false;
}

class Page {
  /** Characters of each line; the cursor is at `#row` and `#column`. */
  readonly #rows: string[][] = [[]];
  #row = 0;
  #column = 0;
  /** A full-screen program has the screen; what it paints is not output. */
  #alternate = false;

  text(): string {
    return this.#rows.map((row) => row.join("")).join("\n");
  }

  print(text: string): void {
    if (this.#alternate || text.startsWith("\u001b")) return;
    if (text === "\n") {
      this.#row += 1;
      this.#column = 0;
      if (this.#row === this.#rows.length) this.#rows.push([]);
      return;
    }
    const line = this.#line;
    while (line.length < this.#column) line.push(" ");
    for (const char of text) {
      line[this.#column] = char;
      this.#column += 1;
    }
  }

  /** A single control character. */
  step(char: string): void {
    if (char === "\r") this.#column = 0;
    else if (char === "\b") this.#column = Math.max(0, this.#column - 1);
    else if (char === "\u000b" || char === "\u000c") this.print("\n");
  }

  control(final: string, parameters: string): void {
    if (final === "h" || final === "l") {
      if (/^\?(.*;)?(47|1047|1049)(;|$)/.test(parameters)) this.#alternate = final === "h";
      return;
    }
    if (this.#alternate) return;
    const value = Number.parseInt(parameters, 10) || 0;
    const count = Math.max(1, value);
    const line = this.#line;
    switch (final) {
      case "A":
      case "F":
        this.#row = Math.max(0, this.#row - count);
        if (final === "F") this.#column = 0;
        break;
      case "B":
      case "E":
        this.#row = Math.min(this.#rows.length - 1, this.#row + count);
        if (final === "E") this.#column = 0;
        break;
      case "C":
        this.#column = Math.min(this.#column + count, Math.max(line.length, MOST_COLUMNS));
        break;
      case "D":
        this.#column = Math.max(0, this.#column - count);
        break;
      case "G":
        this.#column = Math.min(count - 1, Math.max(line.length, MOST_COLUMNS));
        break;
      case "H":
      case "f":
        this.#row = this.#rows.length - 1;
        if (this.#line.length > 0) this.#row = this.#rows.push([]) - 1;
        this.#column = 0;
        break;
      case "J":
        if (value === 0) this.#rows.length = this.#row + 1;
        if (value === 0) line.length = Math.min(line.length, this.#column);
        break;
      case "K":
        if (value === 0) line.length = Math.min(line.length, this.#column);
        else if (value === 2) line.length = 0;
        else line.fill(" ", 0, this.#column + 1);
        break;
      case "P":
        line.splice(this.#column, count);
        break;
    }
  }

  get #line(): string[] {
    return this.#rows[this.#row] as string[];
  }
}
