import assert from "node:assert/strict";
import fc from "fast-check";
import { type Block, splitBlocks, splitParts } from "../../../webview-ui/src/logic/markdown-blocks.ts";

const texts = (blocks: readonly Block[]) => blocks.map((block) => `${block.kind}: ${block.text}`);

describe("markdown blocks", () => {
  it("cuts at blank lines and keeps fences whole", () => {
    const blocks = splitBlocks("One\nstill one\n\nTwo\n\n```ts\nconst a = 1;\n\nconst b = 2;\n```\nAfter");
    assert.deepEqual(texts(blocks), [
      "markdown: One\nstill one",
      "markdown: Two",
      "code: const a = 1;\n\nconst b = 2;",
      "markdown: After",
    ]);
    assert.deepEqual(blocks[2], { kind: "code", language: "ts", text: "const a = 1;\n\nconst b = 2;", closed: true });
  });

  it("leaves a fence open while it streams, whatever it contains", () => {
    const [block] = splitBlocks("````md\n```ts\nx\n```\n");
    assert.deepEqual(block, { kind: "code", language: "md", text: "```ts\nx\n```\n", closed: false });
  });

  it("takes the language out of an info string", () => {
    for (const info of ["TS", "ts {1,3}", "ts title=a.ts", " ts"]) {
      const [block] = splitBlocks(`\`\`\`${info}\nx\n\`\`\``);
      assert.equal(block?.kind === "code" && block.language, "ts");
    }
  });

  it("does not take inline code in three backticks for a fence", () => {
    assert.deepEqual(texts(splitBlocks("```not a fence``` here\n\nnext")), [
      "markdown: ```not a fence``` here",
      "markdown: next",
    ]);
  });

  it("keeps a loose list together, with code inside", () => {
    const list = "1. one\n\n   ```sh\n   ls\n   ```\n\n2. two";
    const blocks = splitBlocks(list);
    assert.equal(blocks.length, 1);
    assert.equal(blocks[0]?.text, list);
  });

  it("ends a list where a paragraph begins", () => {
    assert.deepEqual(texts(splitBlocks("- a\n- b\n\nParagraph")), ["markdown: - a\n- b", "markdown: Paragraph"]);
  });

  it("cuts a very long list at its items, so that streaming stays cheap", () => {
    const items = Array.from({ length: 1_000 }, (_, index) => `${index + 1}. item number ${index + 1}`);
    const blocks = splitBlocks(items.join("\n"));
    assert.ok(blocks.length > 3);
    assert.ok(blocks.every((block) => /^\d+\. /.test(block.text)));
    assert.deepEqual(
      blocks.flatMap((block) => block.text.split("\n")),
      items,
    );
  });

  it("hands definitions to the blocks that use them", () => {
    const blocks = splitBlocks("See [the docs][d].\n\nNothing.\n\n[d]: https://example.com/d");
    assert.ok(blocks[0]?.text.endsWith("[d]: https://example.com/d"));
    assert.equal(blocks[1]?.text, "Nothing.");
  });

  it("changes only the end while a text grows", () => {
    const text = "# Title\n\nFirst paragraph.\n\n- a\n- b\n\n```js\nlet x;\n```\n\nLast words of it.\n";
    for (let length = 1; length < text.length; length++) {
      const before = splitBlocks(text.slice(0, length));
      const after = splitBlocks(text.slice(0, length + 1));
      // All but the last block (and what the last turned into) stay as they were.
      assert.deepEqual(after.slice(0, Math.max(0, before.length - 1)), before.slice(0, -1), `at ${length}`);
    }
  });

  it("loses no word of any text", () => {
    const line = fc.oneof(
      fc.constantFrom(
        "",
        "```",
        "```ts",
        "~~~",
        "- item",
        "1. item",
        "    indented",
        "> quote",
        "| a | b |",
        "text",
        "  more",
      ),
      fc.string({ maxLength: 12 }).map((text) => text.replace(/[\n\r]/g, "")),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const words = (text: string) => text.match(/[a-zA-Z]{3,}/g) ?? [];
        const shown = splitBlocks(lines.join("\n"))
          .map((block) => (block.kind === "code" ? `${block.language} ${block.text}` : block.text))
          .join("\n");
        const kept = new Set(words(shown.toLowerCase()));
        // Words after the first of an info string are not shown anywhere.
        const expected = lines
          .filter((row) => !/^ {0,3}(`{3,}|~{3,})/.test(row))
          .flatMap((row) => words(row.toLowerCase()));
        assert.deepEqual(
          expected.filter((word) => !kept.has(word)),
          [],
        );
      }),
    );
  });

  it("makes several rows of a long answer", () => {
    const parts = splitParts("A paragraph of some length, which comes again and again.\n\n".repeat(500));
    assert.ok(parts.length > 5);
    assert.equal(parts.flatMap((part) => part.blocks).length, 500);
    assert.deepEqual(splitParts(""), []);
  });
});
