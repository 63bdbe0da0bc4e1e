/**
 * Colours and weights of terminal output (SGR, ECMA-48 §8.3.117), in the colours of the editor's terminal. Faint text is
 * shown as any other: output in a card is subdued as it is.
 */

export interface TextStyle {
  /** CSS colours. */
  readonly color: string | null;
  readonly background: string | null;
  readonly bold: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly struck: boolean;
  readonly inverse: boolean;
}

const noStyle: TextStyle = {
  color: null,
  background: null,
  bold: false,
  italic: false,
  underline: false,
  struck: false,
  inverse: false,
};

const names = ["Black", "Red", "Green", "Yellow", "Blue", "Magenta", "Cyan", "White"];
const switches: Readonly<Record<number, Partial<TextStyle>>> = {
  1: { bold: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { struck: true },
  21: { underline: true },
  22: { bold: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  29: { struck: false },
  39: { color: null },
  49: { background: null },
};

/** The style after `ESC [ parameters m`. Null: none at all, as most text has. */
export function restyled(before: TextStyle | null, parameters: string): TextStyle | null {
  let style = before ?? noStyle;
  const codes = parameters.split(";").map((each) => each.split(":").map((number) => Number(number || 0)));
  for (let at = 0; at < codes.length; at++) {
    const [code = 0, ...own] = codes[at] ?? [];
    if (code === 38 || code === 48) {
      // Separated by colons, the numbers of a colour are in the same parameter; by semicolons, they are the next ones.
      const rest = own.length > 0 ? own : codes.slice(at + 1, at + 5).map(([number = 0]) => number);
      const { color, used } = extendedColor(rest, own.length > 0);
      style = { ...style, [code === 38 ? "color" : "background"]: color };
      if (own.length === 0) at += used;
    } else if (code === 4 && own[0] === 0) {
      style = { ...style, underline: false };
    } else {
      style = code === 0 ? noStyle : { ...style, ...(switches[code] ?? basicColor(code)) };
    }
  }
  return Object.values(style).some(Boolean) ? style : null;
}

function basicColor(code: number): Partial<TextStyle> {
  const tens = Math.floor(code / 10);
  const name = names[code % 10];
  if (name === undefined) return {};
  if (tens === 3) return { color: themeColor(name) };
  if (tens === 4) return { background: themeColor(name) };
  if (tens === 9) return { color: themeColor(`Bright${name}`) };
  return tens === 10 ? { background: themeColor(`Bright${name}`) } : {};
}

function themeColor(name: string): string {
  return `var(--vscode-terminal-ansi${name})`;
}

/** `5;n` is one of 256, `2;r;g;b` any; between colons, `2::r:g:b` too. */
function extendedColor(rest: readonly number[], colons: boolean): { color: string | null; used: number } {
  const [kind, ...numbers] = rest;
  if (kind === 5) return { color: paletteColor(numbers[0] ?? 0), used: 2 };
  if (kind !== 2) return { color: null, used: rest.length === 0 ? 0 : 1 };
  const [r = 0, g = 0, b = 0] = colons && numbers.length > 3 ? numbers.slice(1) : numbers;
  return { color: rgb(r, g, b), used: 4 };
}

/** 16 colours of the theme, a cube of 6 × 6 × 6, and 24 greys. */
function paletteColor(index: number): string | null {
  if (index < 16) return themeColor(`${index < 8 ? "" : "Bright"}${names[index % 8]}`);
  if (index > 255) return null;
  if (index >= 232) {
    const grey = 8 + 10 * (index - 232);
    return rgb(grey, grey, grey);
  }
  const level = (step: number) => (step === 0 ? 0 : 55 + 40 * step);
  const cube = index - 16;
  return rgb(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

function rgb(...values: readonly number[]): string {
  return `rgb(${values.map((value) => Math.min(255, Math.max(0, Math.trunc(value) || 0))).join(" ")})`;
}
