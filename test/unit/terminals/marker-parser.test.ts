import assert from "node:assert/strict";
import fc from "fast-check";
import { MarkerParser, unescapeField } from "../../../src/terminals/marker-parser.ts";

const key = "00ff";

/** Events with neighbouring text joined, so that only content and order count. */
function eventsOf(chunks: readonly string[]): string[] {
  const events: string[] = [];
  let text = "";
  const flush = () => {
    if (text !== "") events.push(`text ${text}`);
    text = "";
  };
  const parser = new MarkerParser(key, {
    text: (piece) => {
      text += piece;
    },
    marker: (marker) => {
      flush();
      events.push(`${marker.letter} ${marker.number} ${JSON.stringify(marker.fields)}`);
    },
  });
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  flush();
  return events;
}

const piece = fc.oneof(
  fc.string({ maxLength: 10 }),
  fc.constantFrom(
    `\x1b]633;D;cp=${key}.12;0;/home\x07`,
    `\x1b]633;C;cp=${key}.7;echo\\x3b\x07`,
    `\x1b]633;A;cp=${key}.;0\x07`,
    "\x1b]633;D;0\x07",
    "\x1b]633;D;cp=beef.12;0\x07",
    `\x1b]633;D;cp=${key}`,
    "\x1b]633;",
    "\x1b]0;title\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x1b",
    "\x1b]",
    "\x07",
    "日本🎉",
  ),
);

describe("marker parser", () => {
  it("finds markers with our key and leaves the rest alone", () => {
    assert.deepEqual(eventsOf([`a\x1b]633;D;cp=${key}.5;0;/tmp\x07b`]), ["text a", 'D 5 ["0","/tmp"]', "text b"]);
    assert.deepEqual(eventsOf(["\x1b]633;D;0\x07"]), ["text \x1b]633;D;0\x07"]);
    assert.deepEqual(eventsOf(["\x1b]633;D;cp=00.5;0\x07"]), ["text \x1b]633;D;cp=00.5;0\x07"]);
    assert.deepEqual(eventsOf([`\x1b]633;A;cp=${key}.;0\x07`]), ['A NaN ["0"]']);
  });

  it("gives the same events however the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.array(fc.nat(200), { maxLength: 20 }), (pieces, cuts) => {
        const stream = pieces.join("");
        const chunks: string[] = [];
        let rest = stream;
        for (const cut of cuts) {
          chunks.push(rest.slice(0, cut % (rest.length + 1)));
          rest = rest.slice(cut % (rest.length + 1));
        }
        chunks.push(rest);
        const expected = eventsOf([stream]);
        assert.deepEqual(eventsOf(chunks), expected);
        assert.deepEqual(eventsOf([...stream]), expected);
      }),
      { numRuns: 300 },
    );
  });

  it("lets everything without our key through unchanged", () => {
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const stream = pieces.join("").replaceAll(key, "");
        assert.equal(eventsOf([stream]).join(""), stream === "" ? "" : `text ${stream}`);
      }),
    );
  });

  it("does not hold back a marker that never ends", () => {
    const endless = `\x1b]633;D;cp=${key}.1;${"x".repeat(100_000)}`;
    assert.deepEqual(eventsOf([endless.slice(0, 50_000), endless.slice(50_000)]), [`text ${endless}`]);
  });

  it("undoes the escapes of the shell", () => {
    assert.equal(unescapeField("a\\x3bb\\x5cx41\\x0a"), "a;b\\x41\n");
  });
});
