/** What the first line of a fence means, and how a line is told from a fence: CommonMark's rules, containers left out. */
import type { ReplyBlockKind } from "../protocol/reply-blocks.ts";

/**
 * The longest line, in characters, that opens or closes a protocol block. A line that may be one is held back until
 * it ends, so it needs a bound; a longer opening line is an ordinary fence, a longer closing line is content.
 */
export const LONGEST_FENCE_LINE = 4096;

export type FenceMark = "`" | "~";

export interface FenceMeaning {
  /** `ordinary`: a fence for the eye. */
  readonly kind: ReplyBlockKind | "ordinary";
  /** The first word of the info string in lower case; empty where there is none. */
  readonly language: string;
  /** Of a payload: the value of `filename=`, unquoted. */
  readonly filename?: string;
}

/** `info`: what stands behind the opening marks, up to the end of the line. */
export function meaningOf(info: string): FenceMeaning {
  const words = info.match(/[^\s=]+=(?:"[^"]*"|'[^']*'|[^ \t]*)|[^ \t]+/g) ?? [];
  const first = words[0]?.toLowerCase() ?? "";
  const language = first.startsWith(FILENAME) ? "" : first;
  if (language === "codepilot") return { kind: "control", language };
  if (language === "completion") return { kind: "completion", language };
  const named = words.find((word) => word.startsWith(FILENAME));
  if (named === undefined) return { kind: "ordinary", language };
  return { kind: "payload", language, filename: unquoted(named.slice(FILENAME.length)) };
}

const FILENAME = "filename=";

function unquoted(value: string): string {
  const quoted = /^(["'])(.*)\1$/s.exec(value);
  return quoted?.[2] ?? value;
}
