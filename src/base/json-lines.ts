/** JSON documents, one a line, from a stream of bytes that is cut anywhere. */
import { StringDecoder } from "node:string_decoder";

/** What can not be read as a line of JSON, or is too long to be one. */
export class MalformedLine extends Error {}

export class JsonLines {
  readonly #limit: number;
  #decoder = new StringDecoder("utf8");
  #pieces: string[] = [];
  #chars = 0;

  /** Lines of more than `limitChars` characters are malformed. */
  constructor(limitChars: number) {
    this.#limit = limitChars;
  }

  /** The documents whose lines end in this chunk. Throws MalformedLine; the stream is of no use then. */
  push(chunk: Buffer): unknown[] {
    const text = this.#decoder.write(chunk);
    const documents: unknown[] = [];
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      this.#hold(text.slice(start, end));
      const line = this.#pieces.join("");
      this.#pieces = [];
      this.#chars = 0;
      start = end + 1;
      if (line.trim() !== "") documents.push(parse(line));
    }
    if (start < text.length) this.#hold(text.slice(start));
    return documents;
  }

  #hold(text: string): void {
    this.#chars += text.length;
    if (this.#chars > this.#limit) throw new MalformedLine(`a line of more than ${this.#limit} characters`);
    this.#pieces.push(text);
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new MalformedLine(`not JSON: ${line.slice(0, 80)}`);
  }
}
