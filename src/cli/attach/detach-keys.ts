/**
 * The keys that leave a terminal instead of being typed into it. Keys that might be the beginning of them are held back
 * for a moment, so one that was meant for the program still reaches it.
 */
import { AppError } from "../../base/app-error.ts";

/**
 * Ctrl-\ alone means something to few programs and to no line editor, and what it means (SIGQUIT; the prefix of two
 * rare commands of vim) is never followed by d.
 */
export const defaultDetachKeys = "ctrl-\\,d";

/** One key of the sequence: a character, or what Ctrl and a character send. */
export interface Key {
  /** The byte that terminals send. */
  readonly code: number;
  /** What terminals with newer keyboard protocols send instead: this character, and whether with Ctrl. */
  readonly character: number;
  readonly ctrl: boolean;
}

/** `ctrl-p,ctrl-q`: characters, and `ctrl-` with a letter or one of `@ [ \ ] ^ _`. Throws AppError `usage`. */
export function readDetachKeys(text: string): readonly Key[] {
  return text.split(",").map((name) => {
    const [, ctrl, symbol] = /^(ctrl-)?([!-~])$/.exec(name) ?? [];
    const character = (symbol ?? "").charCodeAt(0);
    if (ctrl === undefined && symbol !== undefined) return { code: character, character, ctrl: false };
    if (ctrl !== undefined && /^[a-zA-Z@[\\\]^_]$/.test(symbol ?? "")) {
      return { code: character & 0x1f, character: (symbol ?? "").toLowerCase().charCodeAt(0), ctrl: true };
    }
    throw new AppError("usage", `--detach-keys takes keys joined by commas, not ${JSON.stringify(text)}`, {
      next: `A key is a character or ctrl- with a letter or one of @ [ \\ ] ^ _, for example ctrl-p,ctrl-q.`,
    });
  });
}

/** As it is said to the person: `Ctrl-\ d`. */
export function nameKeys(keys: readonly Key[]): string {
  return keys
    .map(({ character, ctrl }) => {
      const symbol = String.fromCharCode(character);
      return ctrl ? `Ctrl-${symbol.toUpperCase()}` : symbol;
    })
    .join(" ");
}

export interface Typed {
  /** What is to be typed into the terminal. */
  readonly forward: string;
  readonly detached: boolean;
}

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control sequences are the subject.
/** A key as CSI u (`ESC [ code ; modifiers : event u`) or as xterm's modifyOtherKeys (`ESC [ 27 ; modifiers ; code ~`). */
const csiKey = /^\x1b\[(\d+)(?::\d*)*(?:;(\d*)(?::([123]))?(?:;[\d:]*)?)?u/;
const otherKey = /^\x1b\[27;(\d+);(\d+)~/;
/** Mouse and focus: no keys, so they do not come in between. */
const noKey = /^\x1b\[(?:<[\d;]+[Mm]|[IO])/;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: control sequences are the subject.

interface Token {
  readonly text: string;
  readonly key: Pick<Key, "character" | "ctrl"> | number | null;
}

const ctrlBit = 4;
/** Caps lock and num lock, which change nothing here. */
const lockBits = 64 | 128;

export class DetachKeys {
  readonly #keys: readonly Key[];
  #held = "";
  #matched = 0;

  constructor(keys: readonly Key[]) {
    this.#keys = keys;
  }

  /** Something is held back: if nothing follows soon, `flush`. */
  get holding(): boolean {
    return this.#held !== "";
  }

  /** `text`: bytes as they came from the keyboard, one character each. */
  push(text: string): Typed {
    const [first] = this.#keys;
    const none = first === undefined || !(text.includes(String.fromCharCode(first.code)) || text.includes("\x1b["));
    if (this.#matched === 0 && none) return { forward: text, detached: false };
    let forward = "";
    for (let at = 0; at < text.length; ) {
      const token = tokenAt(text, at);
      at += token.text.length;
      if (token.key === null) {
        forward += token.text;
        continue;
      }
      if (!this.#matches(token, this.#matched)) {
        forward += this.flush();
        if (!this.#matches(token, 0)) {
          forward += token.text;
          continue;
        }
      }
      this.#held += token.text;
      this.#matched += 1;
      if (this.#matched === this.#keys.length) return { forward, detached: true };
    }
    return { forward, detached: false };
  }

  /** What was held back, now to be typed. */
  flush(): string {
    const held = this.#held;
    this.#held = "";
    this.#matched = 0;
    return held;
  }

  #matches({ key }: Token, index: number): boolean {
    const wanted = this.#keys[index];
    if (wanted === undefined || key === null) return false;
    if (typeof key === "number") return key === wanted.code;
    return key.character === wanted.character && key.ctrl === wanted.ctrl;
  }
}

function tokenAt(text: string, at: number): Token {
  const code = text.charCodeAt(at);
  const plain = { text: text.charAt(at), key: code };
  if (code !== 0x1b) return plain;
  const rest = text.slice(at, at + 64);
  const [skipped] = noKey.exec(rest) ?? [];
  if (skipped !== undefined) return { text: skipped, key: null };
  const csi = csiKey.exec(rest);
  if (csi !== null) {
    const [whole, character, modifiers, event] = csi;
    // A key that is let go is none that is pressed.
    return { text: whole, key: event === "3" ? null : keyOf(Number(character), Number(modifiers || 1)) };
  }
  const other = otherKey.exec(rest);
  if (other !== null) return { text: other[0], key: keyOf(Number(other[2]), Number(other[1])) };
  return plain;
}

/** -1: a key that no sequence has, as with Alt. */
function keyOf(character: number, modifiers: number): Token["key"] {
  const bits = (modifiers - 1) & ~lockBits;
  if (bits !== 0 && bits !== ctrlBit) return -1;
  return { character, ctrl: bits === ctrlBit };
}
