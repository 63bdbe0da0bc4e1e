/**
 * Thinking that a server leaves in the text, between `<think>` tags at its very beginning, as models served without a
 * reasoning parser write it. It is taken out while it streams: a draft in it must be neither shown nor acted on.
 */
export type Piece = { readonly kind: "text" | "reasoning"; readonly text: string };

const OPENING = ["<think>", "<thinking>"];

export class InlineThinking {
  /** before: nothing but blanks so far. inside: thinking. gap: the blanks after it. after: text, passed on as it is. */
  #state: "before" | "inside" | "gap" | "after" = "before";
  #held = "";
  #closing = "";

  push(delta: string): readonly Piece[] {
    if (this.#state === "after") return [{ kind: "text", text: delta }];
    this.#held += delta;
    return [...this.#before(), ...this.#inside(), ...this.#gap()];
  }

  /** What was held back when the text ends. */
  end(): readonly Piece[] {
    const text = this.#held;
    this.#held = "";
    if (text === "" || this.#state === "gap") return [];
    return [{ kind: this.#state === "inside" ? "reasoning" : "text", text }];
  }

  #before(): readonly Piece[] {
    if (this.#state !== "before") return [];
    const start = this.#held.trimStart();
    const tag = OPENING.find((opening) => start.startsWith(opening));
    if (tag !== undefined) {
      this.#state = "inside";
      this.#closing = tag.replace("<", "</");
      this.#held = start.slice(tag.length);
      return [];
    }
    if (OPENING.some((opening) => opening.startsWith(start))) return [];
    return this.#pass();
  }

  #inside(): readonly Piece[] {
    if (this.#state !== "inside") return [];
    const at = this.#held.indexOf(this.#closing);
    // What may be the beginning of the closing tag waits for the rest.
    const end = at >= 0 ? at : this.#held.length - overlap(this.#held, this.#closing);
    const text = this.#held.slice(0, end);
    this.#held = this.#held.slice(at >= 0 ? end + this.#closing.length : end);
    if (at >= 0) this.#state = "gap";
    return text === "" ? [] : [{ kind: "reasoning", text }];
  }

  #gap(): readonly Piece[] {
    if (this.#state !== "gap") return [];
    this.#held = this.#held.trimStart();
    return this.#held === "" ? [] : this.#pass();
  }

  #pass(): readonly Piece[] {
    const text = this.#held;
    this.#held = "";
    this.#state = "after";
    return [{ kind: "text", text }];
  }
}

/** Length of the longest end of `text` that `tag` begins with. */
function overlap(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}
