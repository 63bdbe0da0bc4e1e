/**
 * The two things that are done to every byte of a flood, four bytes at a time: most output is ASCII in lines, and
 * looking at it character by character takes longer than the kernel needs to deliver it.
 */

/** More than one read of a terminal brings. */
const mostChars = 65_536;
/** Holds no state: written and read within one call. */
const scratch = Buffer.from(new ArrayBuffer(mostChars));
const scratchWords = new Int32Array(scratch.buffer);
/** For words that begin anywhere. */
const scratchView = new DataView(scratch.buffer);
const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

const highBits = 0x80808080;
const lineFeed = 10;
const carriageReturn = 13;

/**
 * ASCII text with its line ends made `\n`. Null when there is anything in it but printable characters, tabs and
 * line ends, or too much of it: then it wants a closer look.
 */
export function plainAsciiLines(text: string): string | null {
  if (text.length > mostChars) return null;
  const size = scratch.write(text, "utf8");
  if (size !== text.length) return null;
  let to = 0;
  let at = 0;
  while (at < size) {
    if ((at & 3) === 0 && at + 4 <= size) {
      const word = scratchWords[at >> 2] as number;
      // No byte above 0x7f, none below a blank (it would borrow), no delete (it would carry).
      if (((word | (word - 0x20202020) | (word + 0x01010101)) & highBits) === 0) {
        if (to !== at) scratchView.setInt32(to, word, littleEndian);
        to += 4;
        at += 4;
        continue;
      }
    }
    const code = scratch[at] as number;
    at += 1;
    if (code === carriageReturn) {
      if (at === size || scratch[at] !== lineFeed) return null;
      continue;
    }
    if ((code < 32 && code !== lineFeed && code !== 9) || code === 127) return null;
    scratch[to] = code;
    to += 1;
  }
  return scratch.toString("latin1", 0, to);
}

/** Line feeds among the bytes from `from` up to `to`. */
export function countLineFeeds(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  let at = from;
  if ((bytes.byteOffset & 3) === 0) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    for (; (at & 3) !== 0 && at < to; at++) if (bytes[at] === lineFeed) count += 1;
    for (let index = at >> 2; index < to >> 2; index++) {
      // A line feed becomes zero; of a zero byte, and of nothing else, the sum leaves the high bit clear.
      const word = (words[index] as number) ^ 0x0a0a0a0a;
      const zeros = ~(((word & 0x7f7f7f7f) + 0x7f7f7f7f) | word | 0x7f7f7f7f);
      if (zeros !== 0) count += Math.imul((zeros >>> 7) & 0x01010101, 0x01010101) >>> 24;
    }
    at = Math.max(at, to & ~3);
  }
  for (; at < to; at++) if (bytes[at] === lineFeed) count += 1;
  return count;
}
