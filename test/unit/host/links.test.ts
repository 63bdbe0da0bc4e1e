/** Links of a model's answer: files with a line, the web, and nothing else. */
import assert from "node:assert/strict";
import { parseLink } from "../../../src/host/links.ts";

const file = (path: string, line?: number) => ({ kind: "file", path, ...(line === undefined ? {} : { line }) });

describe("a link in an answer", () => {
  const targets: [string, unknown][] = [
    ["src/cart.js", file("src/cart.js")],
    ["src/cart.js:10", file("src/cart.js", 10)],
    ["src/cart.js:10:5", file("src/cart.js", 10)],
    ["src/cart.js:10-12", file("src/cart.js", 10)],
    ["src/cart.js#L10", file("src/cart.js", 10)],
    ["src/cart.js#L10-L12", file("src/cart.js", 10)],
    ["./a%20b.md", file("./a b.md")],
    ["100%.md", file("100%.md")],
    ["/w/src/cart.js:3", file("/w/src/cart.js", 3)],
    ["cart.js:7", file("cart.js", 7)],
    ["Makefile", file("Makefile")],
    ["C:\\w\\a.ts:4", file("C:\\w\\a.ts", 4)],
    ["file:///w/a%20b.ts#L3", file("/w/a b.ts", 3)],
    ["file:///c:/w/a.ts", file("c:/w/a.ts")],
    ["https://example.com/a?b=c#d", { kind: "web", url: "https://example.com/a?b=c#d" }],
    ["HTTP://example.com", { kind: "web", url: "http://example.com/" }],
    ["mailto:a@example.com", { kind: "web", url: "mailto:a@example.com" }],
  ];
  for (const [href, target] of targets) {
    it(`${href} is known for what it is`, () => assert.deepEqual(parseLink(href), target));
  }

  for (const href of [
    "",
    "#section",
    "command:workbench.action.quit",
    "vscode://x/y",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://",
    "//server/share",
    "\\\\server\\share",
    "file://server/share/a.ts",
    "a\0b",
  ]) {
    it(`${JSON.stringify(href)} is refused`, () => assert.deepEqual(parseLink(href), { kind: "refused" }));
  }
});
