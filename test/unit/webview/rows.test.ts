import assert from "node:assert/strict";
import type { NewEvent } from "../../../src/protocol/events.ts";
import { reduce, reduceAll } from "../../../src/protocol/reduce.ts";
import { emptyState, type SessionState } from "../../../src/protocol/state.ts";
import { FIRST_PLACE } from "../../../src/protocol/timeline.ts";
import { applyEvent } from "../../../webview-ui/src/logic/held.ts";
import { type Row, rowAt, rowsOf as rowsOfHeld } from "../../../webview-ui/src/logic/rows.ts";

const rowsOf = (session: SessionState, turn = 0): Row[] =>
  rowsOfHeld({ session, from: { ...FIRST_PLACE, turn }, past: null });

function play(events: readonly NewEvent[], start: SessionState = emptyState): SessionState {
  let seq = start.lastSeq;
  return reduceAll(
    events.map(
      (event) => ({ v: 1, seq: ++seq, at: 1_000 + seq * 100, sessionId: "s", turnId: "t1", ...event }) as never,
    ),
    start,
  );
}

const user = {
  type: "item.finished",
  item: { kind: "user_message", id: "u", text: "Do it", origin: "person" },
} as const;
const turn: NewEvent = { type: "turn.started", input: { text: "Do it" }, model: "m" };
const says = (id: string, text: string) =>
  ({ type: "item.finished", item: { kind: "assistant_message", id, text } }) as const;
const kinds = (state: SessionState) => rowsOf(state).map(({ kind }) => kind);

describe("timeline rows", () => {
  it("puts the person's words into the turn's head and the end below", () => {
    const state = play([
      turn,
      user,
      says("a", "Done."),
      { type: "turn.finished", reason: "completed", steps: 1, durationMs: 1 },
    ]);
    const rows = rowsOf(state, 6);
    assert.deepEqual(
      rows.map(({ kind }) => kind),
      ["turn", "text", "footer"],
    );
    assert.equal(rows[0]?.kind === "turn" && rows[0].turn.input?.text, "Do it");
    assert.equal(rows[0]?.kind === "turn" && rows[0].ordinal, 7);
  });

  it("shows what the person ran as a line, and not again when the model is told", () => {
    const ran = { terminal: "main", commandId: "c", ordinal: 1, command: "npm test", status: "completed" } as const;
    const state = play([
      turn,
      user,
      {
        type: "terminal.ran",
        command: { ...ran, exitCode: 1, cwd: "/w", durationMs: 5, output: "long", droppedChars: 0 },
        leftOut: 0,
      },
      { type: "terminal.reported", itemId: "i", text: "[TERMINAL ACTIVITY]", commandIds: ["c"], leftOut: 0 },
    ]);
    assert.deepEqual(kinds(state), ["turn", "notice", "working"]);
    const row = rowsOf(state)[1];
    assert.equal(row?.kind === "notice" && row.notice.message, "You ran npm test in main: exit 1");
  });

  it("shows that the model is waited for, then what streams, under the key it will keep", () => {
    const waiting = play([turn, user]);
    assert.deepEqual(kinds(waiting), ["turn", "working"]);
    const streaming = play(
      [
        { type: "item.started", itemId: "a", kind: "assistant_message" },
        { type: "text.delta", itemId: "a", delta: "Hello" },
      ],
      waiting,
    );
    const [, row] = rowsOf(streaming);
    const [, done] = rowsOf(play([says("a", "Hello")], streaming));
    assert.equal(row?.key, "a:0");
    assert.equal(done?.key, row?.key);
  });

  it("says how many pieces of an endless reply it leaves out while it streams", () => {
    const pieces = Array.from({ length: 700 }, (_, index): NewEvent => {
      return { type: "block.delta", itemId: "a", index, kind: "payload", filename: `${index}.txt`, delta: "x" };
    });
    const rows = rowsOf(
      play([turn, user, { type: "item.started", itemId: "a", kind: "assistant_message" }, ...pieces]),
    );
    const said = rows.findIndex(({ key }) => key === "a:left-out");
    const row = rows[said];
    assert.match((row?.kind === "text" && row.blocks[0]?.text) || "", /^\*200 more pieces/);
    assert.equal(said, rows.length - 2, "before the newest");
    assert.ok(rows.length < 510);
  });

  it("makes new rows only for what has changed", () => {
    const before = play([
      turn,
      user,
      says("a", "First."),
      { type: "item.started", itemId: "b", kind: "assistant_message" },
    ]);
    const after = reduce(before, { v: 1, seq: 99, at: 9, sessionId: "s", type: "text.delta", itemId: "b", delta: "x" });
    const [rows, next] = [rowsOf(before), rowsOf(after)];
    assert.equal(next[0], rows[0]);
    assert.equal(next[1], rows[1]);
    const more = play([{ type: "tool.requested", callId: "c", tool: "t", argumentsText: "", summary: "T" }], after);
    assert.equal(rowsOf(more)[1], rows[1]);
  });

  it("tells how long a thought took from what came before it", () => {
    const state = play([turn, user, { type: "item.finished", item: { kind: "reasoning", id: "r", text: "Hm" } }]);
    const row = rowsOf(state)[1];
    assert.equal(row?.kind === "reasoning" && row.durationMs, 200);
  });

  it("marks calls of an interrupted session as not live", () => {
    const request: NewEvent = { type: "tool.requested", callId: "c", tool: "t", argumentsText: "", summary: "T" };
    const state = play([turn, user, request]);
    const live = (of: SessionState) => rowsOf(of).some((row) => row.kind === "tool" && row.live);
    assert.equal(live(state), true);
    assert.equal(live({ ...state, phase: "interrupted" }), false);
    assert.equal(live(play([{ type: "turn.finished", reason: "failed", steps: 1, durationMs: 1 }], state)), false);
  });

  it("says in a turn's head that the model goes by a summary of it, wherever the turn is held", () => {
    const end: NewEvent = { type: "turn.finished", reason: "completed", steps: 1, durationMs: 1 };
    const first = play([turn, user, says("a", "Done."), end]);
    const second = play([{ ...turn, turnId: "t2" } as never, end], first);
    const place = { turn: 1, entry: 0 };
    const session = { ...second, turns: second.turns.slice(1) };
    const past = { from: FIRST_PLACE, to: place, turns: second.turns.slice(0, 1) };
    const event = { type: "context.archived", taskId: "t1", position: 1, summary: "It is done." };
    const seq = second.lastSeq + 1;
    const held = applyEvent({ session, from: place, past }, { v: 1, seq, at: 9, sessionId: "s", ...event } as never);
    const heads = rowsOfHeld(held ?? assert.fail()).flatMap((row) => (row.kind === "turn" ? [row.turn] : []));
    assert.deepEqual(
      heads.map(({ archived }) => archived?.summary ?? null),
      ["It is done.", null],
    );
  });

  it("cuts a turn into parts without a second head, a second end or a second key", () => {
    const notice: NewEvent = { type: "notice.raised", level: "info", code: "n", message: "Same moment" };
    const events = [turn, user, says("a", "One."), notice, notice, says("b", "Two.")];
    const whole = play([...events, { type: "turn.finished", reason: "completed", steps: 1, durationMs: 1 }]);
    const [only] = whole.turns as [SessionState["turns"][0]];
    const all = rowsOf(whole);
    assert.equal(new Set(all.map(({ key }) => key)).size, all.length);
    for (let cut = 1; cut < only.entries.length; cut += 1) {
      const place = { turn: 0, entry: cut };
      const session = { ...whole, turns: [{ ...only, entries: only.entries.slice(cut) }] };
      const past = { from: FIRST_PLACE, to: place, turns: [{ ...only, entries: only.entries.slice(0, cut) }] };
      const rows = rowsOfHeld({ session, from: place, past });
      assert.deepEqual(
        rows.map(({ key }) => key),
        all.map(({ key }) => key),
      );
      const end = rowsOfHeld({ session, from: place, past: null });
      assert.deepEqual(
        end.map(({ key }) => key),
        all.slice(-end.length).map(({ key }) => key),
      );
      assert.equal(rowAt(rows, place), rows.length - end.length);
    }
  });
});
