import assert from "node:assert/strict";
import { hashOf } from "../../../src/base/content-hash.ts";
import type { AgentEvent, NewEvent } from "../../../src/protocol/events.ts";
import { ReadLedger } from "../../../src/workspace/read-ledger.ts";
import { restoreLedger } from "../../../src/workspace/restore-ledger.ts";

const content = (text: string) => {
  const bytes = new TextEncoder().encode(text);
  return { bytes, hash: hashOf(bytes), version: null };
};

describe("read ledger", () => {
  it("tells current, unread and stale, with the changed lines", async () => {
    const ledger = new ReadLedger();
    const old = content("1\n2\n3\n");
    assert.deepEqual(await ledger.check("/f", old), { kind: "unread" });
    ledger.recordRead("/f", old, true);
    assert.deepEqual(await ledger.check("/f", old), { kind: "current" });
    const ranges = [{ start: 2, end: 2 }];
    assert.deepEqual(await ledger.check("/f", content("1\ntwo\n3\n")), { kind: "stale", ranges });
  });

  it("forgets content beyond its bound, oldest first, but never what was seen", async () => {
    const ledger = new ReadLedger({ maxKeptBytes: 10 });
    const [a, b] = [content("aaaaaa\n"), content("bbbbbb\n")];
    ledger.recordRead("/a", a, true);
    ledger.recordRead("/b", b, true);
    assert.deepEqual(await ledger.check("/a", a), { kind: "current" });
    assert.deepEqual(await ledger.check("/a", content("x\n")), { kind: "stale", ranges: null });
    assert.deepEqual(await ledger.check("/b", content("x\n")), { kind: "stale", ranges: [{ start: 1, end: 1 }] });
  });

  it("keeps no single content that would push out all the others", async () => {
    const ledger = new ReadLedger({ maxFileBytes: 10 });
    const [small, large] = [content("a\n"), content("0123456789\n")];
    ledger.recordRead("/small", small, true);
    ledger.recordRead("/large", large, true);
    assert.equal(ledger.told("/large")?.bytes, null);
    assert.deepEqual(await ledger.check("/large", large), { kind: "current" });
    assert.ok(ledger.told("/small")?.bytes);
  });

  it("does not take the reading of a part for the knowledge of what changed in the rest", () => {
    const ledger = new ReadLedger();
    const [old, next] = [content("1\n2\n3\n"), content("1\n2\nthree\n")];
    ledger.recordRead("/f", old, false);
    ledger.recordRead("/f", next, false);
    assert.equal(ledger.hashOf("/f"), next.hash, "its lines may be edited, as it was just read");
    assert.deepEqual(ledger.told("/f")?.state, { kind: "content", hash: old.hash });
    ledger.recordRead("/f", next, true);
    assert.deepEqual(ledger.told("/f")?.state, { kind: "content", hash: next.hash });
  });

  it("keeps what an own write went over until it has been told", () => {
    const ledger = new ReadLedger();
    const [known, foreign, own] = [content("1\n"), content("2\n"), content("3\n")];
    ledger.recordRead("/f", known, true);
    ledger.recordWrite("/f", foreign, own, { seen: true, moved: null });
    const told = ledger.told("/f") ?? assert.fail();
    assert.equal(told.covered?.after?.hash, foreign.hash);
    ledger.recordTold("/f", { ...told, covered: null }, false);
    assert.equal(ledger.told("/f")?.covered, null);
    ledger.recordWrite("/f", own, content("4\n"), { seen: true, moved: null });
    assert.equal(ledger.told("/f")?.covered, null, "its own write is nobody else's change");
  });

  it("takes a content for seen only when it was shown whole to someone who knew the one before", () => {
    const ledger = new ReadLedger();
    const [a, b, c] = [content("a\n"), content("b\n"), content("c\n")];
    const told = ({ hash, bytes }: typeof a) =>
      ({ state: { kind: "content", hash }, bytes, version: null, covered: null, maybeHash: null }) as const;
    ledger.recordRead("/f", a, true);
    ledger.recordTold("/f", told(b), false);
    assert.equal(ledger.hashOf("/f"), a.hash);
    ledger.recordTold("/f", told(c), true);
    assert.equal(ledger.hashOf("/f"), a.hash, "what was left out of b is still not known");
    ledger.recordTold("/f", told(a), true);
    ledger.recordTold("/f", told(b), true);
    assert.equal(ledger.hashOf("/f"), b.hash);
  });
});

describe("a ledger from a journal", () => {
  let seq = 0;
  const event = (fresh: NewEvent): AgentEvent =>
    ({ v: 1, seq: ++seq, at: seq, sessionId: "s", ...fresh }) as unknown as AgentEvent;
  const finished = (display: Extract<NewEvent, { type: "tool.finished" }>["outcome"]["display"], callId = "c") =>
    event({
      type: "tool.finished",
      callId,
      outcome: { status: "done", output: "", durationMs: 0, ...(display ? { display } : {}) },
    });
  const edit = (beforeHash: string | null, afterHash: string | null) =>
    finished({
      kind: "edit",
      change: { path: "/f", kind: "modified", addedLines: 1, removedLines: 0, beforeHash, afterHash },
      diff: "",
      diffTruncated: false,
    });
  const read = (hash: string, endLine = 1) =>
    finished({ kind: "read", path: "/f", startLine: 1, endLine, totalLines: 1, hash });
  const begun = (beforeHash: string | null, afterHash: string) =>
    event({ type: "tool.started", callId: "c", recovery: { kind: "edit", path: "/f", beforeHash, afterHash } });
  const restored = (...events: AgentEvent[]) => {
    const ledger = new ReadLedger();
    restoreLedger(ledger, events);
    return ledger;
  };

  it("does not count what the model never saw", () => {
    assert.equal(restored(edit("h0", "h1")).hashOf("/f"), undefined);
    assert.equal(restored(edit("h0", "h1"), read("h1"), edit("h1", "h2")).hashOf("/f"), "h2");
    assert.equal(restored(edit(null, "h3")).hashOf("/f"), "h3");
    assert.equal(restored(read("h1"), edit("h1", null)).told("/f"), undefined);
  });

  it("knows what was told of a change, and whether that was all of it", () => {
    const told = (hash: string | null, seen: boolean) =>
      event({
        type: "environment.changed",
        files: [{ path: "/f", state: hash === null ? "gone" : "content", hash, seen }],
      });
    const part = restored(read("h1"), told("h2", false));
    assert.deepEqual(part.told("/f")?.state, { kind: "content", hash: "h2" });
    assert.equal(part.hashOf("/f"), "h1");
    assert.equal(restored(read("h1"), told("h2", true)).hashOf("/f"), "h2");
    assert.deepEqual(restored(read("h1"), told(null, false)).told("/f")?.state, { kind: "gone" });
  });

  it("still has to tell what an own write went over", () => {
    const covered = restored(read("h1"), edit("h2", "h3")).told("/f")?.covered;
    assert.equal(covered?.after?.hash, "h2");
  });

  it("knows of lines that moved until the reply after", () => {
    const responded = event({ type: "usage.updated", usage: null, model: "m" });
    const moved = restored(read("h1"), responded, edit("h1", "h2"));
    assert.equal(moved.movedFrom("/f"), 1);
    assert.equal(restored(read("h1"), edit("h1", "h2"), responded).movedFrom("/f"), undefined);
    assert.equal(restored(edit(null, "h2")).movedFrom("/f"), undefined, "the whole content is its own");
  });

  it("takes a write that a dead process began for possible", () => {
    const ledger = restored(read("h1"), begun("h1", "h2"));
    assert.deepEqual(ledger.told("/f")?.state, { kind: "content", hash: "h1" });
    assert.equal(ledger.told("/f")?.maybeHash, "h2");
    assert.equal(restored(read("h1"), begun("h1", "h2"), edit("h1", "h2")).told("/f")?.maybeHash, null);
    assert.deepEqual(restored(begun(null, "h2")).told("/f")?.state, { kind: "gone" });
  });
});
