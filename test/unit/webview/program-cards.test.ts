/** A reply that acts through a program as rows: one card, whatever order its parts come in. */
import assert from "node:assert/strict";
import type { NewEvent } from "../../../src/protocol/events.ts";
import type { ScriptOutcome } from "../../../src/protocol/items.ts";
import { reduceAll } from "../../../src/protocol/reduce.ts";
import { emptyState, type SessionState } from "../../../src/protocol/state.ts";
import { FIRST_PLACE } from "../../../src/protocol/timeline.ts";
import { parseReply } from "../../../src/scripting/reply-parser.ts";
import { withProgramCards } from "../../../webview-ui/src/logic/program-cards.ts";
import { type Row, rowsOf } from "../../../webview-ui/src/logic/rows.ts";

const TURN = [
  { type: "turn.started", input: { text: "Do it" }, itemId: "u", model: "m" },
] as const satisfies readonly NewEvent[];
const CLOSED = { type: "usage.updated", usage: null, model: "m" } as const;
const CODE = 'write_file("src/a.py")\nprint("x")\nexecute("main", "test")\n';
const REPLY = `I do it.

\`\`\`codepilot
${CODE}\`\`\`

\`\`\`python filename=./src/a.py
a = 1
\`\`\`

Wait for it.

\`\`\`completion
It is **done**.
\`\`\`
`;

function play(events: readonly NewEvent[], start: SessionState = emptyState): SessionState {
  let seq = start.lastSeq;
  return reduceAll(
    events.map(
      (event) => ({ v: 1, seq: ++seq, at: 1_000 + seq * 100, sessionId: "s", turnId: "t1", ...event }) as never,
    ),
    start,
  );
}

const says = (text: string, id = "a"): NewEvent => {
  const { blocks } = parseReply(text);
  return { type: "item.finished", item: { kind: "assistant_message", id, text, blocks: [...blocks] } };
};
const STARTED = { type: "script.started", scriptId: "p", itemId: "a", language: "python", source: CODE } as const;
const requested = (index: number, tool = "read_file", args: unknown = {}, line = 1): NewEvent => ({
  type: "tool.requested",
  callId: `c${index}`,
  tool,
  argumentsText: JSON.stringify(args),
  summary: `Call ${index}`,
  script: { scriptId: "p", index, line },
});
const done = (index: number, status: "done" | "failed" = "done"): NewEvent => ({
  type: "tool.finished",
  callId: `c${index}`,
  outcome: { status, output: "", durationMs: 1 },
});
const ended = (outcome: Partial<ScriptOutcome> = {}): NewEvent => ({
  type: "script.finished",
  scriptId: "p",
  outcome: { status: "completed", clean: true, output: "", printed: "", names: [], durationMs: 9, ...outcome },
});
const asks = (index: number): NewEvent => ({
  type: "permission.asked",
  request: {
    permissionId: `q${index}`,
    callId: `c${index}`,
    tool: "execute",
    access: { kind: "none" },
    title: "Call",
    reason: "r",
    sessionKey: null,
    sessionLabel: null,
  },
});

function cards(state: SessionState, expanded: Record<string, boolean> = {}): readonly Row[] {
  return withProgramCards(rowsOf({ session: state, from: FIRST_PLACE, past: null }), { expanded, cwd: "/home" });
}

const kinds = (rows: readonly Row[]) =>
  rows.flatMap(({ kind, card }) => (kind === "working" ? [] : [card ? `${kind}:${card}` : kind]));
const running = [...TURN, says(REPLY), CLOSED, STARTED, requested(1, "write_file", { path: "src/a.py", content: "" })];
const programIn = (rows: readonly Row[]) => {
  const row = rows.find(({ kind }) => kind === "program");
  assert.ok(row?.kind === "program");
  return row;
};

const standing = (rows: readonly Row[]) => {
  const row = rows.findLast(({ kind }) => kind === "completion");
  return row?.kind === "completion" ? row.standing : null;
};

describe("program cards", () => {
  it("show a reply as words, one card and closing words, and its fences never", () => {
    const rows = cards(play(running));
    assert.deepEqual(kinds(rows), [
      "turn",
      "text",
      "program:top",
      "payload:middle",
      "tool:middle",
      "program-end:bottom",
      "completion",
    ]);
    assert.equal(programIn(rows).source, CODE);
    assert.doesNotMatch(JSON.stringify(rows.filter(({ kind }) => kind !== "turn")), /```|codepilot/);
  });

  it("keep words that stand between the blocks", () => {
    const text = cards(play(running)).find(({ kind }) => kind === "text");
    assert.deepEqual(text?.kind === "text" && text.blocks.map((block) => block.text), ["I do it.", "Wait for it."]);
  });

  it("are the same while the reply streams, with a draft in place of the program", () => {
    const block = { type: "block.delta", itemId: "a" } as const;
    const state = play([
      ...TURN,
      { type: "item.started", itemId: "a", kind: "assistant_message" },
      { type: "text.delta", itemId: "a", delta: "I do it.\n\n" },
      { ...block, index: 0, kind: "control", delta: CODE },
      { ...block, index: 1, kind: "payload", filename: "src/a.py", delta: "a = 1" },
    ]);
    const rows = cards(state);
    assert.deepEqual(kinds(rows), ["turn", "text", "program:top", "payload:bottom"]);
    assert.equal(programIn(rows).state, "writing");
    const [payload] = rows.filter((row) => row.kind === "payload");
    assert.deepEqual([payload?.streaming, payload?.use.over], [true, false]);
    const later = cards(play([{ ...block, index: 2, kind: "completion", delta: "Done" }], state));
    assert.equal(standing(later), "pending");
  });

  it("tell where the program is: waiting before running, the newest open call's line", () => {
    const asked = play([...running, requested(2, "execute", {}, 3), asks(2)]);
    assert.deepEqual([programIn(cards(asked)).state, programIn(cards(asked)).openLine], ["waiting", 3]);
    const over = play([done(1)], play(running));
    assert.deepEqual(
      [programIn(cards(over)).state, programIn(cards(over)).openLine, programIn(cards(over)).callLine],
      ["running", null, 1],
    );
    assert.equal(programIn(cards({ ...over, phase: "interrupted" })).state, "interrupted");
  });

  it("know the line of a print until the next call", () => {
    const print: NewEvent = { type: "script.output", scriptId: "p", chunk: "x\n", line: 2 };
    const printed = play([...running, done(1), print]);
    assert.equal(printed.liveOutput.p?.line, 2);
    const called = play([requested(2)], printed);
    assert.deepEqual(called.liveOutput.p, { tail: "x\n", droppedChars: 0 });
  });

  it("fold to a line when all went well and stay open when not, unless the person says otherwise", () => {
    const clean = play([...running, done(1), ended({ printed: "x\n" })]);
    assert.deepEqual(kinds(cards(clean)).slice(2), ["program:whole", "completion"]);
    assert.equal(standing(cards(clean)), "final");
    const opened = cards(clean, { "program:p": true });
    assert.deepEqual(kinds(opened).slice(2, -1), [
      "program:top",
      "payload:middle",
      "tool:middle",
      "program-end:bottom",
    ]);
    for (const outcome of [{ status: "failed", clean: false }, { clean: false }] as const) {
      const rows = cards(play([...running, done(1), ended(outcome)]));
      assert.ok(kinds(rows).includes("program-end:bottom"));
      assert.equal(standing(rows), "void");
      assert.ok(
        kinds(cards(play([...running, done(1), ended(outcome)]), { "program:p": false })).includes("program:whole"),
      );
    }
  });

  it("keep a call that waits in sight, whatever is folded", () => {
    const state = play([...running, requested(2, "execute"), asks(2)]);
    const rows = cards(state, { "program:p": false });
    assert.deepEqual(kinds(rows).slice(2, -1), ["program:top", "tool:bottom"]);
    assert.ok(rows.some(({ key }) => key === "call:c2"));
  });

  it("show the newest of many calls, the waiting one too, and all on demand", () => {
    const many: NewEvent[] = [];
    for (let index = 2; index <= 200; index += 1)
      many.push(requested(index), ...(index === 5 ? [asks(5)] : [done(index)]));
    const state = play([...running, ...many]);
    const calls = (expanded = {}) => cards(state, expanded).filter(({ kind }) => kind === "tool");
    assert.equal(calls().length, 13);
    assert.ok(calls().some(({ key }) => key === "call:c5"));
    assert.ok(calls().every((row) => row.kind === "tool" && row.quiet));
    const fold = cards(state).find((row) => row.kind === "calls");
    assert.deepEqual([fold?.total, fold?.hidden], [200, 187]);
    assert.equal(calls({ "calls:p": true }).length, 200);
  });

  it("say of a program that was never started that it was not run, and of its files that they were not used", () => {
    const state = play([...TURN, says(REPLY), CLOSED]);
    const rows = cards(state);
    assert.deepEqual(kinds(rows).slice(2), ["program:whole", "completion"]);
    assert.deepEqual([programIn(rows).state, standing(rows)], ["unrun", "void"]);
    const opened = cards(state, { [programIn(rows).key]: true });
    const [payload] = opened.filter((row) => row.kind === "payload");
    assert.deepEqual(payload?.use, { call: null, over: true });
  });

  it("take closing words alone as the answer", () => {
    const rows = cards(play([...TURN, says("```completion\nDone.\n```\n"), CLOSED]));
    assert.deepEqual(kinds(rows), ["turn", "completion"]);
    assert.equal(standing(rows), "final");
  });

  it("have a head that can be stopped also where the program itself is not held", () => {
    const state = play([...running, done(1), requested(2)]);
    const [turn] = state.turns as [SessionState["turns"][0]];
    const session = { ...state, turns: [{ ...turn, entries: turn.entries.slice(3) }] };
    const rows = withProgramCards(rowsOf({ session, from: { turn: 0, entry: 3 }, past: null }), {
      expanded: {},
      cwd: "/home",
    });
    const program = programIn(rows);
    assert.deepEqual(
      [program.key, program.scriptId, program.source, program.state],
      ["program:p", "p", null, "running"],
    );
    const past = play([...running, done(1), requested(2), done(2), ended(), says("Next.", "b")]);
    const [whole] = past.turns as [SessionState["turns"][0]];
    const end = { ...past, turns: [{ ...whole, entries: whole.entries.slice(3) }] };
    const later = rowsOf({ session: end, from: { turn: 0, entry: 3 }, past: null });
    assert.deepEqual(kinds(withProgramCards(later, { expanded: {}, cwd: "" })), ["program:whole", "text"]);
  });

  it("are one card where the program is in an older page and its calls in the live end", () => {
    const state = play([...running, done(1), requested(2)]);
    const [turn] = state.turns as [SessionState["turns"][0]];
    const whole = kinds(cards(state));
    for (let cut = 1; cut < turn.entries.length; cut += 1) {
      const place = { turn: 0, entry: cut };
      const session = { ...state, turns: [{ ...turn, entries: turn.entries.slice(cut) }] };
      const past = { from: FIRST_PLACE, to: place, turns: [{ ...turn, entries: turn.entries.slice(0, cut) }] };
      const rows = rowsOf({ session, from: place, past });
      assert.deepEqual(kinds(withProgramCards(rows, { expanded: {}, cwd: "/home" })), whole);
    }
  });

  it("give the same rows for the same parts, and plain rows as they are", () => {
    const state = play([...running, done(1)]);
    const before = cards(state);
    const after = cards(play([{ type: "notice.raised", level: "info", code: "n", message: "x" }], state));
    for (const row of before) if (row.card) assert.ok(after.includes(row), row.key);
    const plain = rowsOf({ session: play(TURN), from: FIRST_PLACE, past: null });
    assert.equal(withProgramCards(plain, { expanded: {}, cwd: "" }), plain);
  });

  it("have a key for each row", () => {
    const rows = cards(play([...running, done(1), ended({ printed: "x" }), says(REPLY, "b"), CLOSED]), {
      "program:p": true,
    });
    assert.equal(new Set(rows.map(({ key }) => key)).size, rows.length);
  });
});
