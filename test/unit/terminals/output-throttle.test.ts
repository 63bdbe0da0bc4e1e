import assert from "node:assert/strict";
import fc from "fast-check";
import { OutputThrottle } from "../../../src/terminals/output-throttle.ts";

const mostChars = 16_384;
const colour = "\x1b[38;5;123m";

describe("output throttle", () => {
  it("delivers the end, says how much is left out, and tears no sequence, however the output comes in pieces", () => {
    const line = fc.nat(40).map((chars) => `${colour}${"x".repeat(chars)}\r\n`);
    const output = fc.array(line, { minLength: 1, maxLength: 60 }).map((lines) => lines.join(""));
    fc.assert(
      fc.property(output, fc.nat(120), fc.array(fc.nat(9_000), { minLength: 1 }), (part, times, sizes) => {
        const whole = part.repeat(times + 1);
        const chunks: string[] = [];
        const throttle = new OutputThrottle((chunk) => chunks.push(chunk));
        for (let at = 0, turn = 0; at < whole.length; turn += 1) {
          const size = (sizes[turn % sizes.length] as number) + 1;
          throttle.push(whole.slice(at, at + size));
          at += size;
        }
        throttle.flush();
        const [chunk = "", ...more] = chunks;
        assert.deepEqual(more, []);
        if (whole.length <= mostChars) return assert.equal(chunk, whole);
        const note = /^\r\n\[… (\d+) characters skipped …\]\r\n/.exec(chunk);
        assert.ok(note, chunk.slice(0, 100));
        const kept = chunk.slice(note[0].length);
        assert.equal(Number(note[1]) + kept.length, whole.length);
        assert.ok(whole.endsWith(kept) && kept.length <= mostChars && kept.length > mostChars - colour.length);
        const [firstLine = ""] = kept.split("\r\n");
        assert.match(firstLine.replace(colour, ""), /^x*\r?$|^\n/);
      }),
    );
  });

  it("delivers nothing when nothing has come", () => {
    const chunks: string[] = [];
    new OutputThrottle((chunk) => chunks.push(chunk)).flush();
    assert.deepEqual(chunks, []);
  });
});
