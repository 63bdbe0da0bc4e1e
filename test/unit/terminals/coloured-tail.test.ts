import assert from "node:assert/strict";
import fc from "fast-check";
import { ColouredTail } from "../../../src/terminals/coloured-tail.ts";
import { type TestTerminals, testTerminals } from "../../support/terminals.ts";

function tailOf(pieces: readonly string[]): string | null {
  const tail = new ColouredTail();
  for (const piece of pieces) tail.push(piece);
  const { text } = tail;
  tail.finish();
  assert.equal(tail.text, text);
  return text;
}

describe("the coloured end of an output", () => {
  it("is there only where it is coloured", () => {
    assert.equal(tailOf([]), null);
    assert.equal(tailOf(["plain\r\n"]), null);
    assert.equal(tailOf(["\x1b[31mred\x1b[0m\r\n"]), "\x1b[31mred\x1b[0m\r\n");
    assert.equal(
      tailOf([
        "\x1b[31mred\x1b[0m\r\n",
        ..."x"
          .repeat(100)
          .split("")
          .map((x) => `${x.repeat(999)}\n`),
      ]),
      null,
    );
  });

  it("is the end, whole sequences only, however the output comes in pieces", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3_000), { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 8_000 }),
        (sizes, lines) => {
          const whole = Array.from({ length: lines }, (_, n) => `\x1b[38;5;${n % 256}mline ${n}\x1b[0m\n`).join("");
          const pieces: string[] = [];
          for (let at = 0, turn = 0; at < whole.length; turn += 1) {
            const size = (sizes[turn % sizes.length] ?? 0) + 1;
            pieces.push(whole.slice(at, at + size));
            at += size;
          }
          const text = tailOf(pieces) ?? "";
          assert.ok(whole.endsWith(text));
          assert.ok(text.length <= 4_000 && (text.length > 3_900 || text === whole), `${text.length}`);
          assert.doesNotMatch(text, /^(\[|\d*;|\d*m)/);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("keeps the lines above a long progress bar", () => {
    const bar = Array.from({ length: 20_000 }, (_, n) => `\r\x1b[32m${n} of 20000\x1b[0m`);
    const text = tailOf(["\x1b[1mAbove\x1b[0m\r\n", ...bar]) ?? "";
    assert.ok(text.startsWith("\x1b[1mAbove\x1b[0m\r\n"));
    assert.ok(text.endsWith("19999 of 20000\x1b[0m"));
  });

  describe("of a command", () => {
    let t: TestTerminals;
    before(async () => {
      t = await testTerminals();
    });
    after(() => t.close());

    it("is in its result, and the model's text is without", async () => {
      const { colouredTail, output } = await t.command("printf '\\033[32mgreen\\033[0m\\n'");
      assert.equal(colouredTail, "\x1b[32mgreen\x1b[0m\r\n");
      assert.equal(output.text, "green\n");
      assert.equal((await t.command("echo plain")).colouredTail, undefined);
    });
  });
});
