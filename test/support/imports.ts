/**
 * Reads the imports of a TypeScript file without compiling it: a small scanner that skips comments, strings,
 * templates and regular expressions, so that only real imports are found. For test/unit/architecture.test.ts.
 */

export interface ImportStatement {
  file: string;
  line: number;
  specifier: string;
  /** `import type`, `export type … from`, or a type such as `import("x").Y` cannot load anything. */
  typeOnly: boolean;
}

/** One token of the few kinds that matter here: words, string literals and single punctuation characters. */
interface Token {
  kind: "word" | "string" | "punctuation";
  text: string;
  line: number;
}

/** After these a `/` starts a regular expression; after everything else it divides. */
const BEFORE_REGEXP = /^(?:[=([{},;:!&|?+\-*%~^<>]|return|typeof|case|of|in|yield|await|=>)$/;

export function readImports(file: string, source: string): ImportStatement[] {
  const tokens = tokenize(source);
  const found: ImportStatement[] = [];
  const at = (index: number): Token | undefined => tokens[index];
  tokens.forEach((token, index) => {
    if (token.kind !== "word" || at(index - 1)?.text === ".") return;
    if (token.text === "import" || token.text === "require") {
      const next = at(index + 1);
      if (next?.kind === "string" && token.text === "import") {
        found.push({ file, line: token.line, specifier: next.text, typeOnly: false });
        return;
      }
      const argument = at(index + 2);
      if (next?.text === "(" && argument?.kind === "string") {
        found.push({ file, line: token.line, specifier: argument.text, typeOnly: isTypePosition(tokens, index) });
        return;
      }
    }
    if (token.text === "import" || token.text === "export") {
      const from = findFrom(tokens, index);
      if (from === undefined) return;
      const typeOnly = at(index + 1)?.text === "type" && at(index + 2)?.text !== "from";
      found.push({ file, line: token.line, specifier: from.text, typeOnly });
    }
  });
  return found;
}

/** `import { a as b, type C } from "x"`, `export * as n from "x"`: only names, commas, stars and braces before `from`. */
function findFrom(tokens: readonly Token[], start: number): Token | undefined {
  for (let index = start + 1; index < tokens.length; index++) {
    const token = tokens[index];
    const next = tokens[index + 1];
    if (token?.text === "from" && next?.kind === "string") return next;
    if (token?.kind === "string") continue;
    if (token === undefined || (token.kind === "punctuation" && !/[{},*]/.test(token.text))) return undefined;
    if (
      token.kind === "word" &&
      /^(const|let|function|class|interface|enum|default|async|import|export)$/.test(token.text)
    ) {
      if (token.text !== "default" || tokens[start + 1] === token) return undefined;
    }
  }
  return undefined;
}

/** `import("x").Y` after `:`, `<`, `|`, `typeof` or `=` of a type alias names a type; `await import("x")` loads. */
function isTypePosition(tokens: readonly Token[], index: number): boolean {
  let before = index - 1;
  while (tokens[before]?.text === "typeof") before--;
  if (tokens[before]?.text === "=") {
    // `type A = import("x").Y`, also with type parameters in between.
    for (let back = before; back >= 0 && before - back < 40; back--) {
      if (/^[;{}]$/.test(tokens[back]?.text ?? "")) return false;
      if (tokens[back]?.text === "type") return true;
    }
    return false;
  }
  return before < index - 1 || /^[<|&]$/.test(tokens[before]?.text ?? "");
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  /** Braces open inside a template's `${…}`; the matching `}` goes on with the template. */
  const templates: number[] = [];
  let depth = 0;
  let line = 1;
  let index = 0;
  const push = (kind: Token["kind"], text: string): void => {
    tokens.push({ kind, text, line });
  };
  const skipTo = (end: number): void => {
    for (let n = index; n < end; n++) if (source[n] === "\n") line++;
    index = end;
  };
  const skipTemplate = (): void => {
    // At the character after ` or after the } of a substitution.
    while (index < source.length) {
      const char = source[index];
      if (char === "\\") skipTo(index + 2);
      else if (char === "`") {
        skipTo(index + 1);
        return;
      } else if (char === "$" && source[index + 1] === "{") {
        templates.push(depth++);
        skipTo(index + 2);
        return;
      } else skipTo(index + 1);
    }
  };
  while (index < source.length) {
    const char = source[index] ?? "";
    const pair = source.slice(index, index + 2);
    if (pair === "//") {
      const end = source.indexOf("\n", index);
      skipTo(end < 0 ? source.length : end);
    } else if (pair === "/*") {
      const end = source.indexOf("*/", index + 2);
      skipTo(end < 0 ? source.length : end + 2);
    } else if (char === '"' || char === "'") {
      let end = index + 1;
      while (end < source.length && source[end] !== char && source[end] !== "\n") end += source[end] === "\\" ? 2 : 1;
      push("string", source.slice(index + 1, end));
      // Text between JSX tags may hold a lone apostrophe: it ends with its line at the latest.
      skipTo(end + (source[end] === char ? 1 : 0));
    } else if (char === "`") {
      skipTo(index + 1);
      skipTemplate();
    } else if (char === "/" && BEFORE_REGEXP.test(tokens.at(-1)?.text ?? "=")) {
      const literal = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/.exec(source.slice(index, index + 2_000));
      skipTo(index + (literal?.[0].length ?? 1));
    } else if (/[\w$]/.test(char)) {
      const word = /^[\w$]+/.exec(source.slice(index, index + 500))?.[0] ?? char;
      push("word", word);
      skipTo(index + word.length);
    } else if (/\s/.test(char)) {
      skipTo(index + 1);
    } else {
      if (char === "{") depth++;
      if (char === "}") depth--;
      skipTo(index + 1);
      if (char === "}" && templates.at(-1) === depth) {
        templates.pop();
        skipTemplate();
      } else push("punctuation", char);
    }
  }
  return tokens;
}
