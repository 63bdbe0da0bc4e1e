/** A YAML text as plain data, and where in the text each part of it stands. */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Pair, parseDocument, visit } from "yaml";

export interface Span {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** Of characters, from 0; the end is exclusive. */
  readonly offset: number;
  readonly endOffset: number;
}

export interface SyntaxProblem {
  readonly message: string;
  readonly span: Span;
}

export type YamlPath = readonly PropertyKey[];

/** Aliases that a file may use; more of them are a bomb and not a configuration. */
const MAX_ALIASES = 100;

export class YamlSource {
  readonly problems: readonly SyntaxProblem[];
  /** Undefined where there are problems; null for an empty text. */
  readonly data: unknown;
  readonly #document: Document.Parsed;
  /** Where each line starts. The library's own counter loses lines after some errors. */
  readonly #lineStarts: readonly number[];

  constructor(text: string) {
    // PyYAML, which the format comes from, knows merge keys.
    // The library compares every key with every other one; `#repeatedKeys` does not.
    this.#document = parseDocument(text, { merge: true, uniqueKeys: false, logLevel: "error" });
    this.#lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    const { errors, warnings } = this.#document;
    const problems = [...errors, ...warnings].map(({ message, pos }) => ({
      message: plainMessage(message),
      span: this.#span(pos[0], pos[1]),
    }));
    if (problems.length === 0) problems.push(...this.#repeatedKeys());
    this.data = problems.length > 0 ? undefined : this.#read(problems);
    this.problems = problems;
  }

  /** Whether the path is written in the text. */
  has(path: YamlPath): boolean {
    return this.#find(path) !== undefined;
  }

  /** Where the value at the path stands; for one that is not there, the nearest that would hold it. */
  ofValue(path: YamlPath): Span {
    for (let length = path.length; length > 0; length -= 1) {
      const found = this.#find(path.slice(0, length));
      const span = found && this.#spanOf(found.value);
      // What is missing from a mapping is said at the mapping's name.
      if (found) return length < path.length || !span ? this.ofKey(path.slice(0, length)) : span;
    }
    return this.#span(0, 0);
  }

  /** Where the last key of the path stands. */
  ofKey(path: YamlPath): Span {
    const found = this.#find(path);
    return (found && (this.#spanOf(found.key) ?? this.#spanOf(found.value))) ?? this.ofValue(path.slice(0, -1));
  }

  /** Whether the top is a mapping with a mapping at `key`. */
  hasMapping(path: YamlPath): boolean {
    return isMap(path.length === 0 ? this.#document.contents : this.#find(path)?.value);
  }

  #repeatedKeys(): SyntaxProblem[] {
    const found: SyntaxProblem[] = [];
    visit(this.#document, {
      Map: (_key, { items }) => {
        const seen = new Set<unknown>();
        for (const { key } of items) {
          if (!isScalar(key) || key.value === "<<") continue;
          const span = this.#spanOf(key);
          if (seen.has(key.value) && span) found.push({ message: "Map keys must be unique", span });
          seen.add(key.value);
        }
      },
    });
    return found;
  }

  #read(problems: SyntaxProblem[]): unknown {
    try {
      return withoutNulls(this.#document.toJS({ maxAliasCount: MAX_ALIASES }));
    } catch (error) {
      problems.push({ message: plainMessage((error as Error).message), span: this.#span(0, 0) });
      return undefined;
    }
  }

  #find(path: YamlPath): { key: unknown; value: unknown } | undefined {
    let found: { key: unknown; value: unknown } | undefined = { key: undefined, value: this.#document.contents };
    for (const step of path) {
      const within: unknown = this.#resolved(found.value);
      if (isMap(within)) {
        const pair: Pair | undefined = within.items.find(({ key }) => isScalar(key) && String(key.value) === step);
        found = pair && { key: pair.key, value: pair.value };
      } else if (isSeq(within)) {
        const value: unknown = within.items[Number(step)];
        found = value === undefined ? undefined : { key: undefined, value };
      } else {
        found = undefined;
      }
      if (!found) return undefined;
    }
    return found;
  }

  #resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  #spanOf(node: unknown): Span | undefined {
    if (!isNode(node) || !node.range) return undefined;
    return this.#span(node.range[0], node.range[1]);
  }

  #span(offset: number, endOffset: number): Span {
    const after = this.#lineStarts.findIndex((start) => start > offset);
    const line = after === -1 ? this.#lineStarts.length : after;
    return { line, column: offset - (this.#lineStarts[line - 1] ?? 0) + 1, offset, endOffset };
  }
}

/** What the library says, without the line that it draws below and in words for who writes the file. */
function plainMessage(said: string): string {
  const message = (said.split("\n", 1)[0] ?? "").replace(/ at line \d+, column \d+:?$/, "");
  if (message.startsWith("Source contains multiple documents"))
    return "a second document begins here; an agent file is one";
  if (message.startsWith("Excessive alias count")) return `it has more than ${MAX_ALIASES} aliases`;
  if (/call stack|stack overflow/i.test(message))
    return "it is nested too deeply, or an alias stands within what it names";
  return message;
}

/** A key without a value counts as left out; the key itself stays, so that a wrong one is still found. */
function withoutNulls(data: unknown): unknown {
  if (Array.isArray(data)) return data.map((item) => (item === null ? null : withoutNulls(item)));
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, value === null ? undefined : withoutNulls(value)]),
  );
}
