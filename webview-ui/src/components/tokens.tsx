/** A coloured line of code. */
import type { Line } from "../highlight/highlighter.ts";

export function Tokens({ line }: { line: Line }) {
  return line.map((token, at) =>
    token.className ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of a line do not move.
      <span key={at} className={token.className}>
        {token.text}
      </span>
    ) : (
      token.text
    ),
  );
}
