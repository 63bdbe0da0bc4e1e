/**
 * Keeps the beginning and the end of a long text and counts what fell out between, because the first lines
 * say what ran and the last ones say how it ended.
 */
export class HeadTailBuffer {
  readonly #headLimit: number;
  readonly #tailLimit: number;
  #head = "";
  #tail: string[] = [];
  #tailLength = 0;
  #dropped = 0;

  /** `limit`: characters kept in all; half of them for the head. */
  constructor(limit: number) {
    this.#headLimit = Math.floor(limit / 2);
    this.#tailLimit = limit - this.#headLimit;
  }

  /** Characters dropped so far. */
  get dropped(): number {
    this.#trim(this.#tailLimit);
    return this.#dropped;
  }

  push(text: string): void {
    const room = this.#headLimit - this.#head.length;
    if (room > 0) {
      this.#head += text.slice(0, room);
      if (text.length <= room) return;
      text = text.slice(room);
    }
    if (text.length === 0) return;
    this.#tail.push(text);
    this.#tailLength += text.length;
    // Trimming only at twice the limit keeps the cost of a push constant.
    if (this.#tailLength > 2 * this.#tailLimit || this.#tail.length > 4096) this.#trim(this.#tailLimit);
  }

  #trim(limit: number): void {
    if (this.#tail.length > 4096) this.#tail = [this.#tail.join("")];
    let excess = this.#tailLength - limit;
    if (excess <= 0) return;
    this.#dropped += excess;
    this.#tailLength -= excess;
    let first = 0;
    while (excess > 0) {
      const piece = this.#tail[first] ?? "";
      if (piece.length > excess) {
        this.#tail[first] = piece.slice(excess);
        break;
      }
      excess -= piece.length;
      first += 1;
    }
    this.#tail.splice(0, first);
  }

  /** What was kept; `omission` words the gap from the number of characters dropped. */
  toString(omission = (dropped: number) => `\n[… ${dropped} characters omitted …]\n`): string {
    const dropped = this.dropped;
    const tail = this.#tail.join("");
    return dropped === 0 ? this.#head + tail : this.#head + omission(dropped) + tail;
  }
}

/** Head and tail of a text that is already whole. */
export function headAndTail(text: string, limit: number, omission?: (dropped: number) => string): string {
  if (text.length <= limit) return text;
  const buffer = new HeadTailBuffer(limit);
  buffer.push(text);
  return buffer.toString(omission);
}
