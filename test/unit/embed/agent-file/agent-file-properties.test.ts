/** Whatever is written in an agent file: it loads, or each problem is named with a place that is in the file. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { stringify } from "yaml";
import { fromRoot } from "../../../../scripts/paths.ts";
import { nameOf } from "../../../../src/embed/agent-file/describe-issue.ts";
import { readAgentFile } from "../../../../src/embed/agent-file/read-agent-file.ts";
import { agentFileKeys } from "../../../../src/protocol/agent-file.ts";

describe("any agent file", () => {
  it("loads or names places in the file, whatever is written in it", () => {
    const keys = fc.oneof(
      fc.constantFrom(...[...agentFileKeys.values()].flat(), "agent", "__proto__", "constructor", "<<"),
      fc.string({ maxLength: 12 }),
    );
    const leaf = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double(),
      fc.string({ maxLength: 20 }),
      fc.constantFrom("execute", "anthropic", "python", "yes"),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.array(fc.tuple(keys, tie("tree")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        checkAnswer(stringify(value));
      }),
      { numRuns: 300 },
    );
  });

  it("loads or names places in the file when a good one is damaged", () => {
    const text = readFileSync(fromRoot("test/fixtures/agent-files/original.yaml"), "utf8");
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(6), fc.string({ maxLength: 6 }), (at, cut, put) => {
        checkAnswer(text.slice(0, at) + put + text.slice(at + cut));
      }),
      { numRuns: 300 },
    );
  });

  it("names a place for every misspelt key", () => {
    const good = {
      name: "x",
      model: { provider: "openai", name: "m", thinking: { enabled: true } },
      runtime: { max_steps: 3 },
      tools: [{ name: "find", config: { require_permission: true } }],
    };
    const paths = pathsOf(good);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.nat(20), fc.constantFrom("x", "q", ""), (path, at, letter) => {
        const key = String(path.at(-1));
        const changed = key.slice(0, at % key.length) + letter + key.slice((at % key.length) + 1);
        if (changed === key || changed === "") return;
        const text = stringify(renamed(good, path, changed));
        const read = readAgentFile(text);
        assert.ok(read.kind === "invalid");
        const mine = read.errors.find(({ message }) => message.includes(`unknown key ${JSON.stringify(changed)}`));
        assert.ok(mine, JSON.stringify(read.errors));
        const { offset, line, column } = mine.span;
        assert.ok(text.startsWith(changed, offset), `${mine.message}\n${text}`);
        assert.ok(text.split("\n")[line - 1]?.startsWith(changed, column - 1), `${mine.message}\n${text}`);
      }),
    );
  });
});

function checkAnswer(text: string): void {
  const read = readAgentFile(text);
  const lines = text.split("\n");
  const remarks = read.kind === "valid" ? read.warnings : read.errors;
  if (read.kind === "invalid") assert.ok(remarks.length > 0);
  for (const { span, message } of remarks) {
    assert.notEqual(message, "");
    assert.ok(span.line >= 1 && span.line <= lines.length, `${message}: line ${span.line} of ${lines.length}`);
    const line = lines[span.line - 1] ?? "";
    assert.ok(
      span.column >= 1 && span.column <= line.length + 1,
      `${message}: column ${span.column} of ${JSON.stringify(line)}`,
    );
  }
}

type Tree = { readonly [key: string]: unknown };

function pathsOf(value: unknown, path: readonly PropertyKey[] = []): readonly PropertyKey[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const step = Array.isArray(value) ? Number(key) : key;
    const inner = pathsOf(child, [...path, step]);
    // The name of a tool is how its keys are known.
    return Array.isArray(value) || nameOf([...path, step]) === "tools[0].name"
      ? [...inner]
      : [[...path, step], ...inner];
  });
}

function renamed(tree: unknown, path: readonly PropertyKey[], to: string): unknown {
  const [first, ...rest] = path;
  if (Array.isArray(tree)) return tree.map((item, at) => (at === first ? renamed(item, rest, to) : item));
  return Object.fromEntries(
    Object.entries(tree as Tree).map(([key, value]) =>
      key !== first ? [key, value] : rest.length === 0 ? [to, value] : [key, renamed(value, rest, to)],
    ),
  );
}
