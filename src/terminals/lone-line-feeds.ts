/**
 * The stretches of a raw output in which line feeds came without a carriage return, though a viewer needs both. They
 * are added when a part is looked at, which little of a flood ever is. Positions count bytes since the beginning.
 */
interface Stretch {
  readonly from: number;
  /** Infinite while it lasts. */
  to: number;
}

export class LoneLineFeeds {
  readonly #stretches: Stretch[] = [];

  begin(position: number): void {
    if (this.#stretches.at(-1)?.to !== Number.POSITIVE_INFINITY) {
      this.#stretches.push({ from: position, to: Number.POSITIVE_INFINITY });
    }
  }

  end(position: number): void {
    const newest = this.#stretches.at(-1);
    if (newest?.to === Number.POSITIVE_INFINITY) newest.to = position;
  }

  /** What lies before this position is not asked for any more. */
  forgetBefore(position: number): void {
    while ((this.#stretches[0]?.to ?? Number.POSITIVE_INFINITY) <= position) this.#stretches.shift();
  }

  /** The text of the bytes that begin at `position`. */
  textOf(bytes: Buffer, position: number): string {
    let text = "";
    let at = 0;
    for (const { from, to } of this.#stretches) {
      const begin = Math.min(bytes.length, Math.max(at, from - position));
      const end = Math.min(bytes.length, Math.max(begin, to - position));
      text += bytes.toString("utf8", at, begin) + bytes.toString("utf8", begin, end).replace(/\r?\n/g, "\r\n");
      at = end;
    }
    return text + bytes.toString("utf8", at);
  }
}
