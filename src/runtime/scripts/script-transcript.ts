/** What a script printed and what its calls gave, in the order in which it happened, bounded for the model. */
import { HeadTailBuffer, headAndTail } from "../../base/head-tail-buffer.ts";

/** Characters of a block's whole result. */
const MAX_RESULT_CHARS = 60_000;
/** Characters that a piece has at least, before whole pieces are left out. */
const MIN_PIECE_CHARS = 300;
/** What `omission` takes, with the empty line after the piece. */
const OMISSION_CHARS = 70;
/** Characters of print that are kept between two calls. */
const MAX_PRINT_CHARS = 40_000;

type Piece =
  | { readonly kind: "print"; readonly text: HeadTailBuffer }
  | { readonly kind: "result"; readonly text: string };

export class ScriptTranscript {
  readonly #pieces: Piece[] = [];
  readonly #printed = new HeadTailBuffer(MAX_PRINT_CHARS);

  print(text: string): void {
    const last = this.#pieces.at(-1);
    const piece = last?.kind === "print" ? last : this.#begin();
    piece.text.push(text);
    this.#printed.push(text);
  }

  result(text: string): void {
    this.#pieces.push({ kind: "result", text });
  }

  /** All that was printed. */
  get printed(): string {
    return this.#printed.toString();
  }

  /**
   * Pieces with an empty line between. When all together are too much, long ones are cut in their middle, and when
   * there are too many of them, those in the middle go.
   */
  text(): string {
    const texts = this.#pieces
      .map((piece) => (piece.kind === "print" ? piece.text.toString() : piece.text).replace(/\n+$/, ""))
      .filter((text) => text !== "");
    const whole = texts.join("\n\n");
    if (whole.length <= MAX_RESULT_CHARS) return whole;
    const share = fairShare(
      texts.map((text) => text.length),
      MAX_RESULT_CHARS - texts.length * OMISSION_CHARS,
    );
    const cut = texts.map((text) => headAndTail(text, Math.max(share, MIN_PIECE_CHARS), omission)).join("\n\n");
    return headAndTail(cut, MAX_RESULT_CHARS, omission);
  }

  #begin(): { readonly text: HeadTailBuffer } {
    const piece = { kind: "print", text: new HeadTailBuffer(MAX_PRINT_CHARS) } as const;
    this.#pieces.push(piece);
    return piece;
  }
}

function omission(dropped: number): string {
  return `\n[… ${dropped} characters omitted here; ask for less at a time …]\n`;
}

/** The longest length that every piece may have so that all together fit: short ones leave room to long ones. */
function fairShare(lengths: readonly number[], budget: number): number {
  const sorted = [...lengths].sort((a, b) => a - b);
  let left = budget;
  for (const [index, length] of sorted.entries()) {
    const share = Math.floor(left / (sorted.length - index));
    if (length > share) return share;
    left -= length;
  }
  return Number.MAX_SAFE_INTEGER;
}
