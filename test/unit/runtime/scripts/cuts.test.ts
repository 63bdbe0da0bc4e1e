/** A process that dies at any instant of a task of programs: what the next one makes of the journal it finds. */
import assert from "node:assert/strict";
import { AppError } from "../../../../src/base/app-error.ts";
import type { AgentEvent } from "../../../../src/protocol/events.ts";
import { type FakeProgram, FakeScriptEngine, FakeToolError } from "../../../support/fake-script-engine.ts";
import { reply } from "../../../support/python-session.ts";
import type { ScriptedReply } from "../../../support/scripted-model.ts";
import { type HarnessOptions, openTestSession, someWrite, testTool } from "../../../support/session-harness.ts";
import { assertEnds, openedEvent } from "../../../support/whole-ends.ts";

/** A program that goes on when a call of it was cut off. */
const caught = (running: Promise<string>) =>
  running.catch((error: unknown) => {
    if (error instanceof FakeToolError) return "caught";
    throw error;
  });

const programs: Readonly<Record<string, FakeProgram>> = {
  async first({ call, print, variables }) {
    variables.set("looked", await call("look", { at: 1 }));
    print("one\n");
    await caught(call("effect", { key: "a" }));
    await caught(call("write_file", { path: "none.txt" }));
  },
  async second({ call, gather, print, variables }) {
    const replies = await gather([["look", { at: 2 }], ["look", { at: 3 }], ["effect", { key: "b" }], ["fail"]]);
    print(`${variables.get("looked")} ${replies.length}\n`);
    variables.set("many", replies.length);
    await call("payload", { filename: "made.txt", content: "made" });
    await call("write_file", { path: "made.txt" });
  },
  async third({ call, print, variables }) {
    print(`${variables.get("many")}\n`);
    await caught(call("effect", { key: "c" }));
  },
};

const isResult = (text: string) => text.startsWith("[EXECUTION RESULT]");
const STEER = "Also mind the cat.";

/** As a model would act: by what it has been told, not by how often it was asked. */
const script = ({ input }: { input: readonly { kind: string; text?: string }[] }): ScriptedReply => {
  const told = input.flatMap((part) => (part.kind === "user" ? [part.text ?? ""] : []));
  if (told.some((text) => text.endsWith(STEER))) return { text: "The cat is well." };
  const results = told.filter(isResult).length;
  if (results === 0) return { text: reply({ code: "first" }) };
  if (results === 1) return { text: "```codepilot\nfirst\n```\n\n```codepilot\nsecond\n```\n" };
  if (results === 2) return { text: reply({ code: "second" }) };
  return { text: reply({ code: "third", completion: "All is done." }) };
};

interface World {
  readonly effects: Map<string, number>;
  readonly options: HarnessOptions;
}

function world(journal: readonly AgentEvent[], more: Partial<HarnessOptions> = {}): World {
  const effects = new Map<string, number>();
  const add = (key: string) => {
    effects.set(key, (effects.get(key) ?? 0) + 1);
    return { status: "done", output: `effect ${key}` } as const;
  };
  const tools = [
    testTool({ name: "look", parallelSafe: true }),
    testTool({ name: "fail", run: () => ({ status: "failed", output: "it failed" }) }),
    testTool({
      ...{ name: "effect", access: someWrite, recovery: { kind: "unknown" } },
      run: ({ key }) => add(String(key)),
    }),
    testTool({
      ...{ name: "write_file", access: someWrite, recovery: { kind: "unknown" } },
      run: ({ path, content }) => add(`${path}=${content}`),
    }),
  ];
  // What had been started counts as done: its process may have died right after.
  for (const event of journal) {
    if (event.type !== "tool.started" || event.recovery.kind === "repeat") continue;
    const call = journal.find((other) => other.type === "tool.requested" && other.callId === event.callId);
    const { key, path, content } = JSON.parse(call?.type === "tool.requested" ? call.argumentsText : "{}");
    add(key ?? `${path}=${content}`);
  }
  const engine = new FakeScriptEngine(programs);
  return { effects, options: { script, tools, engine, approver: { kind: "allow-all" }, journal, ...more } };
}

/** The journal of a whole, undisturbed turn, in which the person says something during the last program. */
async function wholeJournal(): Promise<AgentEvent[]> {
  const t = openTestSession(world([openedEvent]).options);
  t.session.on((event) => {
    if (event.type === "tool.started" && t.events.filter(({ type }) => type === "script.started").length === 3)
      void t.session.submit({ type: "turn.steer", input: { text: STEER } });
  });
  assert.equal((await t.run("go"))?.reason, "completed");
  assert.equal(t.model.requests.length, 5);
  return t.kept;
}

const EFFECTS = ["a", "b", "c", "made.txt=made"];

function count(events: readonly AgentEvent[], type: AgentEvent["type"]): number {
  return events.filter((event) => event.type === type).length;
}

describe("a task of programs", () => {
  it("is completed from every possible cut, every effect and every reply exactly once", async () => {
    const whole = await wholeJournal();
    assertEnds(whole, "undisturbed");
    for (let cut = 2; cut < whole.length; cut += 1) {
      const before = whole.slice(0, cut);
      const what = `cut at ${cut} after ${before.at(-1)?.type}`;
      const { effects, options } = world(before);
      const t = openTestSession(options);
      assert.equal((await t.session.submit({ type: "turn.resume" })).kind, "accepted", what);
      await t.session.idle();
      const turn = t.session.state.turns[0];
      assert.equal(turn?.finished?.reason, "completed", what);
      assert.deepEqual([...effects.keys()].sort(), EFFECTS, what);
      for (const [key, times] of effects) assert.equal(times, 1, `${key}, ${what}`);
      assertEnds(t.kept, what);
      // Where the steer had not come yet, nobody asks about the cat.
      const steered = before.some(({ type }) => type === "message.queued");
      assert.equal(count(t.kept, "usage.updated"), steered ? 5 : 4, `replies, ${what}`);
      const words = turn?.entries.findLast((entry) => entry.kind === "item");
      const last = words?.item.kind === "assistant_message" ? words.item.text : "";
      assert.ok(last.includes(steered ? "The cat is well." : "All is done."), `${last}, ${what}`);
      const told = turn?.entries.filter(
        (entry) => entry.kind === "item" && "origin" in entry.item && entry.item.text === STEER,
      );
      assert.equal(told?.length, steered ? 1 : 0, what);
    }
  });

  it("is given up on request from every possible cut, every end said once", async () => {
    const whole = await wholeJournal();
    for (let cut = 2; cut < whole.length; cut += 1) {
      const { options } = world(whole.slice(0, cut));
      const t = openTestSession(options);
      assert.equal((await t.session.submit({ type: "turn.discard" })).kind, "accepted");
      assertEnds(t.kept, `cut at ${cut}`);
      assert.equal(t.session.state.phase, "idle");
    }
  });

  it("fails when the disk is full at any write, every end said once, and the next task is done", async () => {
    let writes = 0;
    const failing = (at: number) => () => {
      writes += 1;
      if (writes === at) throw new AppError("storage", "The disk is full.");
    };
    const undisturbed = openTestSession(world([openedEvent], { onAppend: failing(-1) }).options);
    await undisturbed.run("go");
    const total = writes;
    for (let at = 2; at < total; at += 1) {
      writes = 0;
      const { effects, options } = world([openedEvent], { onAppend: failing(at) });
      const t = openTestSession(options);
      const end = await t.run("go");
      const what = `write ${at} of ${total}: ${JSON.stringify(end)}`;
      assertEnds(t.events, what);
      for (const [key, times] of effects) assert.equal(times, 1, `${key}, ${what}`);
      if (end?.reason === "failed") await t.run("again");
      assert.equal(t.session.state.turns.at(-1)?.finished?.reason, "completed", what);
      assertEnds(t.events, what);
    }
  });
});
