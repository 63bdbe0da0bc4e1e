/** What the panel is sent of a session, whatever it has grown to. */
import assert from "node:assert/strict";
import { pageOf, snapshotOf } from "../../../src/host/chat/snapshot.ts";
import { type AgentEvent, EVENT_VERSION, type NewEvent } from "../../../src/protocol/events.ts";
import { reduceAll } from "../../../src/protocol/reduce.ts";
import type { Entry, SessionState } from "../../../src/protocol/state.ts";
import { FIRST_PLACE, type Place, samePlace } from "../../../src/protocol/timeline.ts";

function session(turns: number, entries: number, text = "x"): SessionState {
  const events: AgentEvent[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const turnId = `t${turn}`;
    const inTurn = (fields: NewEvent) => {
      const seq = events.length + 1;
      events.push({ v: EVENT_VERSION, seq, at: seq, sessionId: "s", turnId, ...fields } as AgentEvent);
    };
    inTurn({ type: "turn.started", input: { text: `task ${turn}` }, model: "m" });
    for (let n = 0; n < entries; n += 1) {
      inTurn({ type: "item.finished", item: { kind: "assistant_message", id: `${turnId}-${n}`, text } });
    }
    inTurn({ type: "turn.finished", reason: "completed", steps: 1, durationMs: 1 });
  }
  return reduceAll(events);
}

const idsOf = (turns: readonly { readonly entries: readonly Entry[] }[]) =>
  turns.flatMap(({ entries }) => entries.map((entry) => (entry.kind === "item" ? entry.item.id : "")));

describe("snapshot", () => {
  it("is the newest end of the session, also when that is a part of one turn", () => {
    const { state, from } = snapshotOf(session(2, 5_000));
    assert.deepEqual(from, { turn: 1, entry: 4_940 });
    assert.equal(state.turns.length, 1);
    assert.deepEqual(idsOf(state.turns).at(-1), "t1-4999");
  });

  it("is the whole of a small session", () => {
    const { state, from } = snapshotOf(session(3, 10));
    assert.deepEqual(from, FIRST_PLACE);
    assert.equal(idsOf(state.turns).length, 30);
  });

  for (const [turns, entries] of [
    [25, 20],
    [1, 3_000],
    [900, 1],
    [4, 0],
  ] as const) {
    it(`pages back to the first entry and forth to the last: ${turns} turns of ${entries}`, () => {
      const whole = session(turns, entries);
      const all = idsOf(whole.turns);
      const back: string[] = [];
      let place: Place = { turn: turns, entry: 0 };
      for (let pages = 0; pages < 30 && !samePlace(place, FIRST_PLACE); pages += 1) {
        const page = pageOf(whole, "before", place);
        back.unshift(...idsOf(page.turns));
        place = page.from;
      }
      assert.deepEqual(back, all);
      const forth: string[] = [];
      for (let pages = 0; pages < 30 && place.turn < turns; pages += 1) {
        const page = pageOf(whole, "after", place);
        forth.push(...idsOf(page.turns));
        place = page.to;
      }
      assert.deepEqual(forth, all);
    });
  }

  it("bounds a page by what it weighs, and always moves on", () => {
    const whole = session(1, 40, "x".repeat(400_000));
    const page = pageOf(whole, "before", { turn: 1, entry: 0 });
    assert.equal(idsOf(page.turns).length, 2);
    const giant = session(1, 2, "x".repeat(3_000_000));
    assert.equal(idsOf(pageOf(giant, "after", FIRST_PLACE).turns).length, 1);
  });

  it("answers a place that is not there with nothing", () => {
    assert.deepEqual(pageOf(session(2, 3), "after", { turn: 9, entry: 0 }).turns, []);
    assert.deepEqual(pageOf(session(2, 3), "before", FIRST_PLACE).turns, []);
  });

  it("leaves out what no card shows and says so", () => {
    const flood = "y".repeat(1_000_000);
    const base = session(1, 0);
    const outcome = { status: "done", output: flood, durationMs: 1, display: { kind: "text", text: flood } } as const;
    const at = { step: 0, settled: true, requestedAt: 1 };
    const entries: Entry[] = [
      { kind: "tool", callId: "c", tool: "t", argumentsText: flood, summary: "t", outcome, ...at },
      { kind: "notice", level: "info", code: "c", message: flood, at: 1 },
      { kind: "item", item: { kind: "user_message", id: "u", text: flood, origin: "person" }, ...at, at: 1 },
    ];
    const { state } = snapshotOf({ ...base, turns: base.turns.map((turn) => ({ ...turn, entries })) });
    const text = JSON.stringify(state);
    assert.ok(text.length < 150_000, `${text.length}`);
    assert.match(text, /characters are left out here/);
  });
});
