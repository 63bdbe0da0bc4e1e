/**
 * Splits what a shell writes into text and the markers of our bootstrap. Chunks may be cut anywhere, inside a
 * marker too; a marker with another secret is text like any other, so what a program prints can not end a command.
 */
export interface Marker {
  readonly letter: string;
  /** Number of the command, or NaN where the shell had none. */
  readonly number: number;
  readonly fields: readonly string[];
}

export interface MarkerEvents {
  text(text: string): void;
  marker(marker: Marker): void;
}

const opening = "\x1b]633;";
/** A marker carries a command line of 4,000 characters and a path at most. */
const longestMarker = 32_768;

export function unescapeField(field: string): string {
  return field.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export class MarkerParser {
  readonly #prefix: string;
  readonly #events: MarkerEvents;
  /** The beginning of what may become a marker. */
  #held = "";

  constructor(key: string, events: MarkerEvents) {
    this.#prefix = `cp=${key}.`;
    this.#events = events;
  }

  push(chunk: string): void {
    let data = this.#held === "" ? chunk : this.#held + chunk;
    this.#held = "";
    for (;;) {
      const start = data.indexOf(opening);
      if (start < 0) break;
      const end = data.indexOf("\x07", start);
      if (end < 0 || end - start > longestMarker) {
        if (end < 0 && this.#mayBeOurs(data, start) && data.length - start <= longestMarker) {
          this.#text(data.slice(0, start));
          this.#held = data.slice(start);
          return;
        }
        this.#text(data.slice(0, start + opening.length));
        data = data.slice(start + opening.length);
        continue;
      }
      const marker = this.#parse(data.slice(start + opening.length, end));
      if (marker === null) {
        this.#text(data.slice(0, start + opening.length));
        data = data.slice(start + opening.length);
        continue;
      }
      this.#text(data.slice(0, start));
      this.#events.marker(marker);
      data = data.slice(end + 1);
    }
    const cut = startOfPrefix(data);
    this.#text(cut < data.length ? data.slice(0, cut) : data);
    this.#held = data.slice(cut);
  }

  /** What was held back, once nothing more will come. */
  end(): void {
    this.#text(this.#held);
    this.#held = "";
  }

  #text(text: string): void {
    if (text !== "") this.#events.text(text);
  }

  /** Whether the unfinished sequence at `start` still agrees with `LETTER;cp=KEY.`. */
  #mayBeOurs(data: string, start: number): boolean {
    const body = data.slice(start + opening.length + 1, start + opening.length + 2 + this.#prefix.length);
    return `;${this.#prefix}`.startsWith(body);
  }

  #parse(body: string): Marker | null {
    if (!body.startsWith(`;${this.#prefix}`, 1)) return null;
    const [number = "", ...fields] = body.slice(2 + this.#prefix.length).split(";");
    return { letter: body.charAt(0), number: /^\d+$/.test(number) ? Number(number) : Number.NaN, fields };
  }
}

/** Where an incomplete `opening` at the end of the text begins; its length when there is none. */
function startOfPrefix(text: string): number {
  const end = text.slice(-opening.length + 1);
  const from = end.lastIndexOf("\x1b");
  return from >= 0 && opening.startsWith(end.slice(from)) ? text.length - end.length + from : text.length;
}
