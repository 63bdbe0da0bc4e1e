/** Words that are shown without the Markdown renderer are words that it would show in the same way. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { isPlain } from "../../../webview-ui/src/logic/plain-text.ts";

const rendered = (text: string) =>
  renderToStaticMarkup(createElement(ReactMarkdown, { remarkPlugins: [remarkGfm] }, text));
const plain = (text: string) => renderToStaticMarkup(createElement("p", null, text));

describe("plain text", () => {
  it("is what most short answers are", () => {
    for (const text of [
      "Module 3 is tidy now.",
      "I run the tests first, to see what fails: it's (nearly) all of 10%!",
    ]) {
      assert.equal(isPlain(text), true, text);
    }
  });

  it("is nothing that has markup", () => {
    for (const text of [
      ...["", "# a", "- a", "1. a", "> a", "*a*", "a_b_", "`a`", "[a](b)", "<b>", "a | b", "~a~", "a\\b", "&amp;"],
      ...["see https://a.b", "www.a.b", "a@b.c", "two\nlines", "    code", "a  ", "+ a", "2) a", "---", "==="],
    ]) {
      assert.equal(isPlain(text), false, text);
    }
  });

  it("looks as Markdown would make it", () => {
    const pieces = fc.constantFrom(
      ..."aZ09 .,:;!?()'\"/%$#=+-^{}–…é漢😀\u00a0\t".split(""),
      ..."* _ ` [ ] < > | ~ \\ & @ \n".split(" "),
      ...["ftp:", "http", "www", "mailto:x", "1.", "1)", "[x]", "word", "\u200b", "\r", "\0"],
    );
    void fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        if (isPlain(text)) assert.equal(rendered(text), plain(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
