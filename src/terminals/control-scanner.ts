/**
 * Finds the control sequences in a terminal's output that say something about the terminal itself: what it is asked,
 * which modes it is to have. Colours and movements are passed over quickly; chunks may be cut anywhere.
 */

export interface ControlEvents {
  /** CSI: `parameters` with their prefix and intermediates, such as `?25` or `?2026$`. */
  csi(parameters: string, final: string): void;
  /** OSC that names the terminal or is about its colours: 0, 2, 4, 10 to 19. */
  osc(code: number, data: string): void;
  /** DCS that asks: `$q` (a setting) or `+q` (a capability). */
  request(kind: "$q" | "+q"): void;
  /** RIS: everything back to the beginning. */
  reset(): void;
}

/** Final bytes of CSI sequences that are told: c n p q u t ask; h l r q p set. */
const finals = new Set("cnpqutrhl");
/** Of an unfinished sequence at the end of a chunk. */
const longestHeld = 1024;
const bel = 7;
const esc = 27;

export class ControlScanner {
  readonly #events: ControlEvents;
  #held = "";

  constructor(events: ControlEvents) {
    this.#events = events;
  }

  push(chunk: string): void {
    if (this.#held === "" && !chunk.includes("\x1b")) return;
    const text = this.#held === "" ? chunk : this.#held + chunk;
    this.#held = "";
    let at = text.indexOf("\x1b");
    while (at >= 0) {
      const next = this.#sequence(text, at);
      if (next < 0) {
        if (text.length - at <= longestHeld) this.#held = text.slice(at);
        return;
      }
      at = text.indexOf("\x1b", next);
    }
  }

  /** Where the search goes on; -1 when the sequence at `at` is not finished. */
  #sequence(text: string, at: number): number {
    switch (text[at + 1]) {
      case undefined:
        return -1;
      case "[":
        return this.#csi(text, at + 2);
      case "]":
        return this.#osc(text, at + 2);
      case "P":
        return this.#dcs(text, at + 2);
      case "c":
        this.#events.reset();
        return at + 2;
      default:
        // The second character may begin a sequence itself.
        return at + 1;
    }
  }

  #csi(text: string, start: number): number {
    let end = start;
    let code = text.charCodeAt(end);
    while (code >= 0x20 && code <= 0x3f) {
      end += 1;
      code = text.charCodeAt(end);
    }
    if (Number.isNaN(code)) return text.length - start > 64 ? end : -1;
    const final = text[end] as string;
    if (finals.has(final)) this.#events.csi(text.slice(start, end), final);
    return code === esc ? end : end + 1;
  }

  #osc(text: string, start: number): number {
    let at = start;
    let number = 0;
    let code = text.charCodeAt(at);
    while (code >= 0x30 && code <= 0x39) {
      number = number * 10 + code - 0x30;
      at += 1;
      code = text.charCodeAt(at);
    }
    if (Number.isNaN(code)) return at - start > 8 ? at : -1;
    const told = number === 0 || number === 2 || number === 4 || (number >= 10 && number < 20);
    if (code !== 0x3b || at === start || !told) return at;
    const end = endOfString(text, at + 1);
    if (end === null) return text.length - start > longestHeld - 2 ? at : -1;
    const whole = text.charCodeAt(end) === bel || text[end + 1] === "\\";
    if (whole) this.#events.osc(number, text.slice(at + 1, end));
    return end + (text.charCodeAt(end) === bel ? 1 : 0);
  }

  #dcs(text: string, start: number): number {
    const kind = text.slice(start, start + 2);
    if (kind.length < 2 && "$+".startsWith(kind)) return -1;
    if (kind !== "$q" && kind !== "+q") return start;
    const end = endOfString(text, start + 2);
    if (end === null) return text.length - start > longestHeld - 2 ? start : -1;
    this.#events.request(kind);
    return end;
  }
}

/** Where BEL or ESC \ stands that ends a string; null when it is not there yet. */
function endOfString(text: string, from: number): number | null {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === bel) return at;
    if (code === esc) return at + 1 < text.length ? at : null;
  }
  return null;
}
