/**
 * Some programs ask the terminal what it is and wait for the answer (fish, line editors, vim). While nobody looks no
 * emulator answers, so we do: like xterm.js, which answers when somebody looks.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject
const query = /\x1b\[(>?0?c|[56]n)|\x1b\](1[01]);\?(?:\x07|\x1b\\)/g;

export interface QueryAnswers {
  /** Where the cursor is, from 1. */
  cursor(): Promise<{ readonly row: number; readonly col: number }>;
  answer(text: string): void;
}

const cheap: Readonly<Record<string, string>> = {
  c: "\x1b[?1;2c",
  "0c": "\x1b[?1;2c",
  ">c": "\x1b[>0;276;0c",
  ">0c": "\x1b[>0;276;0c",
  "5n": "\x1b[0n",
  "10": "\x1b]10;rgb:cccc/cccc/cccc\x1b\\",
  "11": "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
};

export async function answerQueries(output: string, { cursor, answer }: QueryAnswers): Promise<void> {
  if (!output.includes("\x1b")) return;
  // A file full of queries is being printed: nobody waits for that many answers.
  const found = [...output.matchAll(query)].slice(0, 4);
  for (const [, sequence, colour] of found) {
    const known = cheap[sequence ?? colour ?? ""];
    if (known !== undefined) answer(known);
    else {
      const { row, col } = await cursor();
      answer(`\x1b[${row};${col}R`);
    }
  }
}
