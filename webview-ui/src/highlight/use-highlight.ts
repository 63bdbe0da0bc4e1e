import { useEffect, useState } from "react";
import type { Line } from "./highlighter.ts";
import { languageOf } from "./languages.ts";

const MAX_CHARS = 30_000;
const KEPT = 200;
/** Coloured blocks by language and text: scrolling back to one colours it at once. */
const known = new Map<string, readonly Line[]>();

/** The coloured lines of a closed block, or null: not yet, not this language, too long. */
export function useHighlight(code: string, languageName: string, closed: boolean): readonly Line[] | null {
  const language = closed && code.length <= MAX_CHARS ? languageOf(languageName) : null;
  const key = `${language}\n${code}`;
  const [, setDone] = useState("");
  useEffect(() => {
    if (language === null || known.has(key)) return;
    const abort = new AbortController();
    void (async () => {
      try {
        const { highlight } = await import("./highlighter.ts");
        const lines = await highlight(code, language, abort.signal);
        if (!lines || abort.signal.aborted) return;
        known.set(key, lines);
        if (known.size > KEPT) known.delete(known.keys().next().value as string);
        setDone(key);
      } catch {
        // A grammar this browser's regular expressions can not run: the code stays plain.
      }
    })();
    return () => abort.abort();
  }, [key, code, language]);
  return language === null ? null : (known.get(key) ?? null);
}
