/** What a terminal emulator answers to a program, told from what a person types: both come the same way. */

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control sequences are the subject.
const patterns: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: "device", pattern: /\x1b\[\?[\d;]*c/ },
  { name: "secondary device", pattern: /\x1b\[>[\d;]*c/ },
  { name: "tertiary device", pattern: /\x1bP!\|[^\x07\x1b]*(?:\x07|\x1b\\)/ },
  { name: "version", pattern: /\x1bP>\|[^\x07\x1b]*(?:\x07|\x1b\\)/ },
  { name: "status", pattern: /\x1b\[[03]n/ },
  { name: "cursor", pattern: /\x1b\[\??\d+;\d+(?:;\d+)?R/ },
  { name: "mode", pattern: /\x1b\[\??\d+;\d\$y/ },
  { name: "colour", pattern: /\x1b\](?:4;\d+|1\d);rgba?:[^\x07\x1b]*(?:\x07|\x1b\\)/ },
  { name: "setting", pattern: /\x1bP[01]\$r[^\x07\x1b]*(?:\x07|\x1b\\)/ },
  { name: "capability", pattern: /\x1bP[01]\+r[^\x07\x1b]*(?:\x07|\x1b\\)/ },
  { name: "keyboard", pattern: /\x1b\[\?\d+u/ },
  { name: "window", pattern: /\x1b\[\d+(?:;\d+)+t/ },
];
/** F3 with Shift, Alt or Ctrl looks like the answer that the cursor is in the first row. */
const functionKey = /^\x1b\[1;[2-8]R$/;
/** Modes and colours are asked for one by one, and a terminal may know some of them. */
const subject = /^\x1b(?:\[(\??\d+);\d\$y|\](4;\d+|1\d);)/;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: control sequences are the subject.

const anyReply = new RegExp(patterns.map(({ pattern }) => `(${pattern.source})`).join("|"), "g");

export type ViewerInput =
  | { readonly kind: "typed"; readonly text: string }
  | {
      readonly kind: "reply";
      readonly text: string;
      /** What it answers: the same for the question (see terminal-queries.ts). */
      readonly to: string;
      /** It may as well be a key that the person pressed. */
      readonly maybeKey: boolean;
    };

/** Takes apart what a viewer sends, in order; nothing is lost. */
export function splitInput(data: string): readonly ViewerInput[] {
  if (!data.includes("\x1b")) return data === "" ? [] : [{ kind: "typed", text: data }];
  const parts: ViewerInput[] = [];
  let from = 0;
  for (const match of data.matchAll(anyReply)) {
    if (match.index > from) parts.push({ kind: "typed", text: data.slice(from, match.index) });
    const [text] = match;
    from = match.index + text.length;
    const name = patterns[match.slice(1).findIndex((group) => group !== undefined)]?.name ?? "";
    const [, mode, colour] = subject.exec(text) ?? [];
    const about = mode ?? colour;
    const to = about === undefined ? name : `${name} ${about}`;
    parts.push({ kind: "reply", text, to, maybeKey: functionKey.test(text) });
  }
  if (from < data.length) parts.push({ kind: "typed", text: data.slice(from) });
  return parts;
}
