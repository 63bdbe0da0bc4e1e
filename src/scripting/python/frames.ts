/**
 * Messages on a pipe: four bytes of length, one byte of kind, then the body. The reader is fed by a process that is
 * not trusted, so that it never holds more than one message of the greatest allowed size.
 */
const HEADER_BYTES = 5;

export interface Frame {
  readonly kind: number;
  readonly body: Buffer;
}

/** `body` as text is sent in UTF-8. */
export function encodeFrame(kind: number, body: string | Uint8Array): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body;
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
  frame.writeUInt32LE(bytes.length, 0);
  frame.writeUInt8(kind, 4);
  frame.set(bytes, HEADER_BYTES);
  return frame;
}

/** Puts frames together from the chunks of a pipe. */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #wanted = HEADER_BYTES;

  constructor(maxBytes: number, onFrame: (frame: Frame) => void) {
    this.#maxBytes = maxBytes;
    this.#onFrame = onFrame;
  }

  /** False when the other side announced a frame that is too long: nothing more can be read from it. */
  push(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= this.#wanted) {
      const buffer = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      this.#chunks = [buffer];
      const length = buffer.readUInt32LE(0);
      if (length > this.#maxBytes) return false;
      this.#wanted = HEADER_BYTES + length;
      if (buffer.length < this.#wanted) return true;
      const frame = { kind: buffer.readUInt8(4), body: buffer.subarray(HEADER_BYTES, this.#wanted) };
      const rest = buffer.subarray(this.#wanted);
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#size = rest.length;
      this.#wanted = HEADER_BYTES;
      this.#onFrame(frame);
    }
    return true;
  }
}
