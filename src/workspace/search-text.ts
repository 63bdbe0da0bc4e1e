/** A search result in words for the model. */
import type { SearchResult } from "../ports/search.ts";

const MAX_CHARS = 40_000;

export interface SearchWords {
  readonly pattern: string;
  /** What was searched, e.g. `the workspace` or `src/a.ts`. */
  readonly where: string;
  /** A path as it is shown. */
  readonly show: (path: string) => string;
}

export function describeMatches(result: Extract<SearchResult, { kind: "found" }>, words: SearchWords): string {
  const slow = result.timedOut ? " The search was stopped by its time limit; search a smaller part." : "";
  if (result.matches.length === 0) {
    const next =
      "Try a shorter pattern, (?i) to ignore case, or another scope; files that .gitignore names are left out.";
    return `No match for /${words.pattern}/ in ${words.where}.${slow || ` ${next}`}`;
  }
  const lines: string[] = [];
  let chars = 0;
  for (const { path, line, text } of result.matches) {
    const shown = `${words.show(path)}:${line}:${text}`;
    chars += shown.length + 1;
    if (chars > MAX_CHARS && lines.length > 0) break;
    lines.push(shown);
  }
  const total = `${result.total}${result.totalIsLowerBound ? "+" : ""}`;
  const noun = total === "1" ? "match" : "matches";
  const partial = lines.length < result.total || result.totalIsLowerBound;
  const header = `${total} ${noun}${partial ? ` (showing ${lines.length})` : ""}:`;
  const footer = partial
    ? `\n[More than shown: narrow the pattern, scope or include, or raise max_results.${slow}]`
    : "";
  return `${header}\n${lines.join("\n")}${footer}`;
}
