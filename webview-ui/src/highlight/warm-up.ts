/**
 * Compiles a grammar's regular expressions in small slices before they are needed. Left to itself the first coloured
 * line compiles hundreds at once and holds the page up for a quarter of a second; V8 moreover compiles an expression
 * twice, at its first run and when it is run again.
 */
import { defaultJavaScriptRegexConstructor } from "shiki/engine/javascript";
import { pause } from "./pause.ts";

/** The cache of the engine. */
export const compiled = new Map<string, RegExp | Error>();

const SLICE_MS = 8;
const RULES = new Set(["match", "begin", "end", "while"]);
const SAMPLE = "export const a = b(c);\n";

export async function warmUp(grammar: unknown): Promise<void> {
  const patterns = new Set<string>();
  collect(grammar, patterns);
  let since = performance.now();
  const step = async (work: () => void): Promise<void> => {
    if (performance.now() - since > SLICE_MS) {
      await pause();
      since = performance.now();
    }
    work();
  };
  for (const pattern of patterns) {
    if (compiled.has(pattern)) continue;
    let regex: RegExp | undefined;
    await step(() => {
      try {
        regex = defaultJavaScriptRegexConstructor(pattern, { target: "auto" });
        compiled.set(pattern, regex);
      } catch {
        // Not expressible in this browser: the engine passes over it, too.
      }
    });
    for (let run = 0; run < 3; run++) await step(() => regex && tryOut(regex));
  }
}

function tryOut(regex: RegExp): void {
  regex.lastIndex = 0;
  regex.exec(SAMPLE);
  regex.lastIndex = 0;
}

function collect(value: unknown, patterns: Set<string>): void {
  if (Array.isArray(value)) for (const part of value) collect(part, patterns);
  else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      if (typeof part === "string" && RULES.has(key)) patterns.add(part);
      else collect(part, patterns);
    }
  }
}
