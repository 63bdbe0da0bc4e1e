/**
 * Colours code with shiki, in slices so that no task gets long, and as tokens with classes, so that nothing is ever
 * parsed as HTML. Loaded with the first block of code. Colours are the theme's own (styles/code.css).
 */
import { createCssVariablesTheme, createHighlighterCore, type GrammarState, type HighlighterCore } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import { loadLanguage } from "./languages.ts";
import { pause } from "./pause.ts";
import { compiled, warmUp } from "./warm-up.ts";

export interface Token {
  readonly text: string;
  /** Such as `t-keyword`; null for plain text. */
  readonly className: string | null;
}

export type Line = readonly Token[];

const SLICE_LINES = 16;
const SLICE_BUDGET_MS = 10;
/** A minified bundle in one line would hold everything up. */
const LONG_LINE = 1_000;

let core: Promise<HighlighterCore> | undefined;

function highlighter(): Promise<HighlighterCore> {
  core ??= createHighlighterCore({
    themes: [createCssVariablesTheme({ name: "vscode", variablePrefix: "--t-" })],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true, cache: compiled }),
  });
  return core;
}

const languages = new Map<string, Promise<void>>();

/** Loads a language once. */
function ready(language: string): Promise<void> {
  let loading = languages.get(language);
  if (!loading) {
    loading = (async () => {
      const [shiki, grammar] = await Promise.all([highlighter(), loadLanguage(language)]);
      await warmUp(grammar.default);
      await shiki.loadLanguage(grammar.default);
    })();
    languages.set(language, loading);
  }
  return loading;
}

export async function highlight(code: string, language: string, signal: AbortSignal): Promise<Line[] | null> {
  const [shiki] = await Promise.all([highlighter(), ready(language)]);
  if (signal.aborted) return null;
  const source = code.split("\n");
  if (source.some((line) => line.length > LONG_LINE)) return null;
  const lines: Line[] = [];
  let grammarState: GrammarState | undefined;
  let since = performance.now();
  for (let from = 0; from < source.length; from += SLICE_LINES) {
    if (from === 0 || performance.now() - since > SLICE_BUDGET_MS) {
      await pause();
      if (signal.aborted) return null;
      since = performance.now();
    }
    const slice = narrow(source.slice(from, from + SLICE_LINES).join("\n"));
    const result = shiki.codeToTokens(slice, {
      lang: language,
      theme: "vscode",
      ...(grammarState ? { grammarState } : {}),
    });
    grammarState = result.grammarState;
    for (const tokens of result.tokens) {
      lines.push(tokens.map(({ content, color }) => ({ text: content, className: classOf(color) })));
    }
  }
  return lines;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The same text in V8's one-byte form where it fits. A piece cut out of an answer with one “−” in it has two bytes a
 * character, and every regular expression would be compiled a second time for those.
 */
function narrow(text: string): string {
  return decoder.decode(encoder.encode(text));
}

/** `var(--t-token-keyword)` → `t-keyword`. */
function classOf(color: string | undefined): string | null {
  const name = /--t-token-([a-z-]+)/.exec(color ?? "")?.[1];
  return name === undefined ? null : `t-${name}`;
}
