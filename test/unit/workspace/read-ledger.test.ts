import assert from "node:assert/strict";
import { hashOf } from "../../../src/base/content-hash.ts";
import { ReadLedger } from "../../../src/workspace/read-ledger.ts";

const content = (text: string) => {
  const bytes = new TextEncoder().encode(text);
  return { bytes, hash: hashOf(bytes) };
};

describe("read ledger", () => {
  it("tells current, unread and stale, with the changed lines", async () => {
    const ledger = new ReadLedger();
    const old = content("1\n2\n3\n");
    assert.deepEqual(await ledger.check("/f", old), { kind: "unread" });
    ledger.record("/f", old.hash, old.bytes);
    assert.deepEqual(await ledger.check("/f", old), { kind: "current" });
    const ranges = [{ start: 2, end: 2 }];
    assert.deepEqual(await ledger.check("/f", content("1\ntwo\n3\n")), { kind: "stale", ranges });
  });

  it("forgets content beyond its bound, oldest first, but never what was seen", async () => {
    const ledger = new ReadLedger({ maxKeptBytes: 10 });
    const [a, b] = [content("aaaaaa\n"), content("bbbbbb\n")];
    ledger.record("/a", a.hash, a.bytes);
    ledger.record("/b", b.hash, b.bytes);
    assert.deepEqual(await ledger.check("/a", a), { kind: "current" });
    assert.deepEqual(await ledger.check("/a", content("x\n")), { kind: "stale", ranges: null });
    assert.deepEqual(await ledger.check("/b", content("x\n")), { kind: "stale", ranges: [{ start: 1, end: 1 }] });
  });

  it("is restored from displays, without counting what the model never saw", () => {
    const ledger = new ReadLedger();
    const edit = (beforeHash: string | null, afterHash: string) =>
      ledger.restoreFrom({
        kind: "edit",
        change: { path: "/f", kind: "modified", addedLines: 1, removedLines: 0, beforeHash, afterHash },
        diff: "",
        diffTruncated: false,
      });
    edit("h0", "h1");
    assert.equal(ledger.hashOf("/f"), undefined);
    ledger.restoreFrom({ kind: "read", path: "/f", startLine: 1, endLine: 1, totalLines: 1, hash: "h1" });
    edit("h1", "h2");
    assert.equal(ledger.hashOf("/f"), "h2");
    edit(null, "h3");
    assert.equal(ledger.hashOf("/f"), "h3");
  });
});
