/** How a session becomes a row: its state, its words, its group. */
import assert from "node:assert/strict";
import {
  groupRows,
  lookOf,
  type RowState,
  rowOfLive,
  rowOfRecord,
  type SessionRow,
} from "../../../src/host/sessions/session-row.ts";
import type { SessionRecord } from "../../../src/ports/session-store.ts";
import { emptyState, type SessionState } from "../../../src/protocol/state.ts";

const NOON = new Date(2026, 4, 20, 12).getTime();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const record = (part: Partial<SessionRecord>): SessionRecord => ({
  sessionId: "s",
  title: "Task",
  cwd: "/w",
  updatedAtMs: NOON,
  unfinished: false,
  lastEnd: "completed",
  inUse: false,
  ...part,
});

const row = (sessionId: string, state: RowState, ageMs: number): SessionRow => ({
  ...rowOfRecord(record({ sessionId, updatedAtMs: NOON - ageMs })),
  state,
});

describe("a row of the sessions view", () => {
  it("says of a journal what became of it", () => {
    const stateOf = (part: Partial<SessionRecord>) => rowOfRecord(record(part)).state;
    assert.equal(stateOf({}), "finished");
    assert.equal(stateOf({ lastEnd: "failed" }), "failed");
    assert.equal(stateOf({ lastEnd: "limit" }), "limit");
    assert.equal(stateOf({ lastEnd: "interrupted" }), "stopped");
    assert.equal(stateOf({ lastEnd: null }), "new");
    assert.equal(stateOf({ unfinished: true }), "interrupted");
    assert.equal(stateOf({ unfinished: true, inUse: true }), "running");
    assert.equal(rowOfRecord(record({ title: "" })).title, "Untitled");
  });

  it("says of a living session what it does and asks", () => {
    const live = (part: Partial<SessionState>) => rowOfLive({ ...emptyState, sessionId: "s", cwd: "/w", ...part });
    assert.equal(live({ phase: "sampling" }).state, "running");
    assert.equal(live({ phase: "retrying" }).state, "running");
    assert.equal(live({ phase: "interrupted" }).state, "interrupted");
    assert.equal(live({}).state, "new");
    const asking = live({
      phase: "awaiting-answer",
      pendingQuestions: [{ questionId: "q", callId: "c", question: "Which colour?" }],
    });
    assert.equal(asking.state, "waits");
    assert.deepEqual(asking.asks, ["Which colour?"]);
    assert.ok(lookOf(asking, NOON, null).details.includes("Which colour?"));
  });

  it("tells its age in short, and in words to who listens", () => {
    const ageOf = (ageMs: number) => {
      const { description, spoken } = lookOf(row("s", "finished", ageMs), NOON, null);
      return [description, spoken];
    };
    assert.deepEqual(ageOf(10_000), ["now", "Task, Finished, just now"]);
    assert.deepEqual(ageOf(60_000), ["1 min", "Task, Finished, 1 minute ago"]);
    assert.deepEqual(ageOf(5 * HOUR), ["5 h", "Task, Finished, 5 hours ago"]);
    assert.deepEqual(ageOf(3 * DAY), ["3 d", "Task, Finished, 3 days ago"]);
    // A clock that was set back is no reason for nonsense.
    assert.equal(ageOf(-DAY)[0], "now");
  });

  it("names its folder where several are open, and the window that has it", () => {
    const elsewhere = rowOfRecord(record({ unfinished: true, inUse: true }));
    const look = lookOf(elsewhere, NOON, "shop");
    assert.equal(look.description, "shop · now");
    assert.match(look.spoken, /Working, in another window or process, folder shop/);
    assert.notEqual(look.icon, lookOf({ ...elsewhere, owner: "here" }, NOON, "shop").icon);
  });
});

describe("the groups of the sessions view", () => {
  it("begin with what needs the person and go on by age", () => {
    const rows = [
      row("old", "finished", 30 * DAY),
      row("week", "failed", 6 * DAY),
      row("this morning", "stopped", 11 * HOUR),
      row("running for days", "running", 3 * DAY),
      row("left behind", "interrupted", 90 * DAY),
      row("asks", "waits", 0),
      row("last night", "finished", 13 * HOUR),
    ];
    const groups = groupRows(rows, NOON).map(({ id, rows: inside }) => [
      id,
      ...inside.map(({ sessionId }) => sessionId),
    ]);
    assert.deepEqual(groups, [
      ["needs-you", "asks", "left behind"],
      ["running", "running for days"],
      ["today", "this morning"],
      ["week", "last night", "week"],
      ["earlier", "old"],
    ]);
  });

  it("are only those that have rows", () => {
    assert.deepEqual(groupRows([], NOON), []);
    assert.deepEqual(
      groupRows([row("a", "finished", 0)], NOON).map(({ label }) => label),
      ["Today"],
    );
  });
});
