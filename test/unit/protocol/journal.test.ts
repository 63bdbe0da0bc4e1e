/** The journal's text form: what went in comes out, and damage costs no more than the damaged lines. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { DurableEvent } from "../../../src/protocol/events.ts";
import { decodeJournal, encodeEvents } from "../../../src/protocol/journal.ts";

const event: fc.Arbitrary<DurableEvent> = fc
  .record({
    seq: fc.nat(),
    at: fc.nat(),
    message: fc.string({ unit: "binary" }),
    turnId: fc.option(fc.string(), { nil: undefined }),
  })
  .map(({ turnId, ...rest }) => ({
    v: 1,
    sessionId: "ses_1",
    type: "notice.raised",
    level: "info",
    code: "test",
    ...rest,
    ...(turnId === undefined ? {} : { turnId }),
  }));

/** Lone surrogates can not be written as UTF-8; JSON escapes them, so they survive as well. */
const encode = (events: readonly DurableEvent[]) => new TextEncoder().encode(encodeEvents(events));

describe("the journal", () => {
  it("gives back what was written", () => {
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const decoded = decodeJournal(encode(events));
        assert.deepEqual(decoded.events, events);
        assert.deepEqual(decoded.warnings, []);
      }),
    );
  });

  it("loses only the torn line when it is cut at any byte", () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 5 }), fc.nat(), (events, at) => {
        const bytes = encode(events);
        const cut = bytes.subarray(0, at % (bytes.length + 1));
        const whole = events.filter((_, index) => encode(events.slice(0, index + 1)).length <= cut.length);
        const decoded = decodeJournal(cut);
        assert.deepEqual(decoded.events, whole);
        assert.equal(decoded.wholeBytes, encode(whole).length);
        assert.equal(decoded.warnings.length, cut.length === decoded.wholeBytes ? 0 : 1);
      }),
    );
  });

  it("passes over garbage, invalid events and types of a later version, and says so", () => {
    const good = JSON.stringify({ v: 1, seq: 1, at: 1, sessionId: "s", type: "session.closed" });
    const lines = ["not json", '{"type":"session.closed"}', '{"v":1,"type":"robot.danced"}', "[]", "", good];
    const decoded = decodeJournal(new TextEncoder().encode(`${lines.join("\n")}\n`));
    assert.equal(decoded.events.length, 1);
    assert.equal(decoded.warnings.length, 5);
    assert.ok(decoded.warnings.some((warning) => warning.includes("robot.danced")));
  });

  it("never throws on any bytes", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeJournal(bytes)));
  });
});
