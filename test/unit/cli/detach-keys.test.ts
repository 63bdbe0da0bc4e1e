import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app-error.ts";
import { DetachKeys, defaultDetachKeys, nameKeys, readDetachKeys } from "../../../src/cli/attach/detach-keys.ts";

/** What is forwarded of each chunk, `!` where the terminal is left. */
function typed(sequence: string, ...chunks: string[]): string[] {
  const keys = new DetachKeys(readDetachKeys(sequence));
  return chunks.map((chunk) => {
    const { forward, detached } = keys.push(chunk);
    return detached ? `${forward}!` : forward;
  });
}

describe("detach keys", () => {
  it("are read as docker writes them and named as people do", () => {
    assert.equal(nameKeys(readDetachKeys(defaultDetachKeys)), "Ctrl-\\ d");
    assert.equal(nameKeys(readDetachKeys("ctrl-P,q,ctrl-^")), "Ctrl-P q Ctrl-^");
    for (const wrong of ["", ",", "ctrl-", "ctrl-1", "alt-x", "ab", "ctrl-p,", "ü", "ctrl- "]) {
      assert.throws(
        () => readDetachKeys(wrong),
        (error) => AppError.is(error, "usage"),
        wrong,
      );
    }
  });

  it("leave when they are typed, together or one by one, and reach nobody", () => {
    assert.deepEqual(typed(defaultDetachKeys, "\x1cd"), ["!"]);
    assert.deepEqual(typed(defaultDetachKeys, "ls\x1c", "d"), ["ls", "!"]);
    assert.deepEqual(typed(defaultDetachKeys, "\x1c", "\x1c", "d"), ["", "\x1c", "!"]);
    assert.deepEqual(typed("ctrl-p,ctrl-q", "a\x10", "\x11"), ["a", "!"]);
    assert.deepEqual(typed("x", "abc", "x"), ["abc", "!"]);
  });

  it("are typed when something else follows or nothing does", () => {
    assert.deepEqual(typed(defaultDetachKeys, "\x1c", "\x0e", "\x1cq"), ["", "\x1c\x0e", "\x1cq"]);
    const keys = new DetachKeys(readDetachKeys(defaultDetachKeys));
    assert.equal(keys.holding, false);
    assert.deepEqual(keys.push("\x1c"), { forward: "", detached: false });
    assert.equal(keys.holding, true);
    assert.equal(keys.flush(), "\x1c");
    assert.equal(keys.holding, false);
    assert.deepEqual(keys.push("d"), { forward: "d", detached: false });
  });

  it("are known in the newer ways to report keys, whatever locks are on and whether key releases are told", () => {
    assert.deepEqual(typed(defaultDetachKeys, "\x1b[92;5u", "d"), ["", "!"]);
    assert.deepEqual(typed(defaultDetachKeys, "\x1b[92;5:1u\x1b[92;5:3u", "\x1b[100u"), ["\x1b[92;5:3u", "!"]);
    assert.deepEqual(typed(defaultDetachKeys, "\x1b[92;133u", "\x1b[100;129u"), ["", "!"]);
    assert.deepEqual(typed(defaultDetachKeys, "\x1b[27;5;92~d"), ["!"]);
    assert.deepEqual(typed(defaultDetachKeys, "\x1b[92;7u", "d"), ["\x1b[92;7u", "d"]);
    assert.deepEqual(typed(defaultDetachKeys, "\x1b[92;5:3ud"), ["\x1b[92;5:3ud"]);
  });

  it("do not mind the mouse and the focus, and leave other sequences whole", () => {
    assert.deepEqual(typed(defaultDetachKeys, "\x1c", "\x1b[<35;10;3M\x1b[I", "d"), ["", "\x1b[<35;10;3M\x1b[I", "!"]);
    const other = "\x1b[A\x1bOP\x1b[200~a\x1b[201~\x1b[1;5C ü\xc3\xbc\x1b";
    assert.deepEqual(typed(defaultDetachKeys, other), [other]);
  });
});
