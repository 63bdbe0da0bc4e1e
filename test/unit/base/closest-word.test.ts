/** Which word was probably meant. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { closestWord } from "../../../src/base/closest-word.ts";

const words = ["model", "memory", "runtime", "tools", "read_file", "write_file"];

describe("the closest word", () => {
  for (const [given, meant] of [
    ["modle", "model"],
    ["Model", "model"],
    ["runtimes", "runtime"],
    ["read-file", "read_file"],
    ["red_file", "read_file"],
    ["mem", "memory"],
    ["write", "write_file"],
    ["me", undefined],
    ["banana", undefined],
    ["", undefined],
  ] as const) {
    it(`of ${JSON.stringify(given)} is ${meant ?? "none"}`, () => assert.equal(closestWord(given, words), meant));
  }

  it("is the word itself where it is there, and found in no time for a long one", () => {
    for (const word of words) assert.equal(closestWord(word, words), word);
    assert.equal(closestWord("x".repeat(1_000_000), words), undefined);
  });

  it("is found after one letter was left out of a long one", () => {
    fc.assert(
      fc.property(fc.constantFrom("runtime", "read_file", "write_file"), fc.nat(), (word, at) => {
        const cut = at % word.length;
        assert.equal(closestWord(word.slice(0, cut) + word.slice(cut + 1), words), word);
      }),
    );
  });
});
