/** Cutting raw terminal output without tearing what belongs together. */

/** Longer sequences (titles, links) are not looked back for. */
export const lookBackChars = 256;

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what it is about.
const sequence = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])/y;

/** The first index from `at` on that is neither inside an escape sequence nor inside a surrogate pair. */
export function cleanCut(text: string, at: number): number {
  if (at <= 0) return 0;
  // Not `lastIndexOf`: where there is none it would go back through all of the text.
  let begin = at - 1;
  const first = Math.max(0, at - lookBackChars);
  while (begin >= first && text.charCodeAt(begin) !== 27) begin -= 1;
  if (begin >= first) {
    sequence.lastIndex = begin;
    const end = begin + (sequence.exec(text)?.[0].length ?? 0);
    if (end > at) return end;
  }
  const code = text.charCodeAt(at);
  const before = text.charCodeAt(at - 1);
  return code >= 0xdc00 && code < 0xe000 && before >= 0xd800 && before < 0xdc00 ? at + 1 : at;
}

/** The last characters of raw output, at most `chars`. */
export function endOfRaw(text: string, chars: number): string {
  return text.length <= chars ? text : text.slice(cleanCut(text, text.length - chars));
}

/** Without what a carriage return has taken back: of a progress bar only its newest state is left. */
export function withoutOverwritten(text: string): string {
  if (!text.includes("\r")) return text;
  return text
    .split("\n")
    .map((line) => {
      // Carriage returns at the end belong to the line break, or nothing has come after them yet.
      let end = line.length;
      while (end > 0 && line[end - 1] === "\r") end -= 1;
      return line.slice(line.lastIndexOf("\r", end - 1) + 1);
    })
    .join("\n");
}
