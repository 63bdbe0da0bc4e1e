/**
 * Request bodies as bytes. Each request of a session repeats all of the ones before; what was written once is not
 * written again, and no text as long as the whole history is made, copied and thrown away at each step.
 */
export class JsonBody {
  /** Elements live in the history of a session and go with it. */
  readonly #known = new WeakMap<object, Buffer>();

  /**
   * What `JSON.stringify` says of a body, as UTF-8. Objects in its lists are remembered: one that is handed over again
   * must not have been changed.
   */
  encode(body: object): Uint8Array {
    const pieces: Buffer[] = [];
    let text = "{";
    for (const [name, value] of Object.entries(body)) {
      if (value === undefined) continue;
      text += `${text === "{" ? "" : ","}${JSON.stringify(name)}:`;
      if (!Array.isArray(value)) {
        text += JSON.stringify(value);
        continue;
      }
      pieces.push(Buffer.from(`${text}[`));
      for (const [index, element] of value.entries()) {
        const bytes = this.#elementBytes(element);
        // The comma stands before every element; the first one goes without.
        pieces.push(index === 0 ? bytes.subarray(1) : bytes);
      }
      text = "]";
    }
    pieces.push(Buffer.from(`${text}}`));
    return Buffer.concat(pieces);
  }

  #elementBytes(element: unknown): Buffer {
    const isObject = typeof element === "object" && element !== null;
    const known = isObject ? this.#known.get(element) : undefined;
    if (known) return known;
    const bytes = Buffer.from(`,${JSON.stringify(element) ?? "null"}`);
    if (isObject) this.#known.set(element, bytes);
    return bytes;
  }
}
