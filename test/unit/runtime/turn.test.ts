/** The turn as a whole: what is asked of the model, what runs, in which order, and how it ends. */
import assert from "node:assert/strict";
import type { ToolEntry } from "../../../src/protocol/state.ts";
import { openTestSession, someWrite, testTool } from "../../support/session-harness.ts";

describe("a turn", () => {
  it("ends with a response that asks for nothing", async () => {
    const t = openTestSession({ script: [{ text: "Hello there, all done." }] });
    const finished = await t.run("Say hello");
    assert.equal(finished?.reason, "completed");
    const deltas = t.events.filter((event) => event.type === "text.delta").map((event) => event.delta);
    assert.equal(deltas.join(""), "Hello there, all done.");
    assert.deepEqual(
      t.kept.map((event) => event.type),
      ["turn.started", "item.finished", "usage.updated", "turn.finished"],
    );
    assert.equal(t.session.state.title, "Say hello");
    assert.equal(t.session.state.phase, "idle");
  });

  it("writes a durable event before anyone sees it", async () => {
    const keptWhenSeen: boolean[] = [];
    const t = openTestSession({
      script: [{ calls: [{ name: "look", arguments: {} }] }, { text: "ok" }],
      tools: [testTool({ name: "look" })],
    });
    t.session.on((event) => {
      if (["tool.requested", "tool.started", "tool.finished", "turn.finished"].includes(event.type)) {
        keptWhenSeen.push(t.kept.some((kept) => kept.seq === event.seq));
      }
    });
    await t.run("go");
    assert.deepEqual(keptWhenSeen, [true, true, true, true]);
  });

  it("gives results back in call order and samples again", async () => {
    const order: string[] = [];
    const slow = testTool({
      name: "slow",
      parallelSafe: true,
      async run(input) {
        order.push(`start ${input.n}`);
        await new Promise((resolve) => setTimeout(resolve, input.n === 1 ? 20 : 1));
        order.push(`end ${input.n}`);
        return { status: "done", output: `result ${input.n}` };
      },
    });
    const t = openTestSession({
      script: [
        {
          calls: [
            { name: "slow", arguments: { n: 1 } },
            { name: "slow", arguments: { n: 2 } },
          ],
        },
        { text: "ok" },
      ],
      tools: [slow],
    });
    await t.run("go");
    assert.deepEqual(order, ["start 1", "start 2", "end 2", "end 1"]);
    assert.deepEqual(
      t.model.requests[1]?.input.map((item) => (item.kind === "tool_result" ? item.output : item.kind)),
      ["user", "tool_call", "tool_call", "result 1", "result 2"],
    );
  });

  it("runs calls that are not parallel-safe one after another", async () => {
    let running = 0;
    let most = 0;
    const tool = testTool({
      name: "alone",
      async run() {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running -= 1;
        return { status: "done", output: "ok" };
      },
    });
    const calls = [1, 2, 3].map((n) => ({ name: "alone", arguments: { n } }));
    const t = openTestSession({ script: [{ calls }, { text: "ok" }], tools: [tool] });
    await t.run("go");
    assert.equal(most, 1);
  });

  it("starts every request with the bytes of the one before", async () => {
    const script = Array.from({ length: 6 }, (_, n) =>
      n < 5 ? { text: `step ${n}`, calls: [{ name: "look", arguments: { n } }] } : { text: "done" },
    );
    const t = openTestSession({ script, tools: [testTool({ name: "look" })] });
    await t.run("go");
    t.model.requests.slice(1).forEach((request, index) => {
      const before = t.model.requests[index];
      assert.equal(request.instructions, before?.instructions);
      assert.deepEqual(request.tools, before?.tools);
      assert.deepEqual(request.input.slice(0, before?.input.length), before?.input);
    });
  });

  it("tells the model of unknown tools, broken JSON and wrong arguments", async () => {
    const t = openTestSession({
      script: [
        {
          calls: [
            { name: "nope", arguments: {} },
            { name: "look", arguments: '{"a": ' },
            { name: "look", arguments: "[1]" },
          ],
        },
        { text: "sorry" },
      ],
      tools: [testTool({ name: "look" })],
    });
    const finished = await t.run("go");
    assert.equal(finished?.reason, "completed");
    const results = t.model.requests[1]?.input.filter((item) => item.kind === "tool_result") ?? [];
    assert.match(results[0]?.output ?? "", /no tool named "nope".*The tools are: look/s);
    assert.match(results[1]?.output ?? "", /not valid JSON/);
    assert.match(results[2]?.output ?? "", /not understood/);
    assert.ok(results.every((result) => result.failed));
  });

  it("never takes a cut reply for a finished one", async () => {
    const t = openTestSession({
      script: [
        { text: "I will now", calls: [{ name: "look", arguments: '{"pa' }], stop: "truncated" },
        { text: "done" },
      ],
      tools: [testTool({ name: "look", run: () => assert.fail("a call of a cut reply ran") })],
    });
    assert.equal((await t.run("go"))?.reason, "completed");
    const told = t.model.requests[1]?.input.map((item) =>
      "text" in item ? item.text : "output" in item ? item.output : "",
    );
    assert.ok(told?.some((text) => text.includes("cut by the output limit")));
    assert.equal(t.model.requests.length, 2);
  });

  it("fails after three cut replies in a row", async () => {
    const t = openTestSession({ script: () => ({ text: "and", stop: "truncated" }) });
    const finished = await t.run("go");
    assert.equal(finished?.reason, "failed");
    assert.equal(finished?.error?.class, "truncated");
  });

  it("ends at max_steps with what to do next", async () => {
    const t = openTestSession({
      script: (_, n) => ({ calls: [{ name: "look", arguments: { n } }] }),
      tools: [testTool({ name: "look" })],
      maxSteps: 3,
    });
    const finished = await t.run("go");
    assert.equal(finished?.reason, "limit");
    assert.equal(t.model.requests.length, 3);
    assert.match(finished?.error?.next ?? "", /continue/);
  });

  it("ends every requested call exactly once, whatever happens to it", async () => {
    const t = openTestSession({
      script: [
        {
          calls: ["fine", "throws", "unplanned", "missing"].map((name) => ({ name, arguments: {} })),
        },
        { text: "ok" },
      ],
      tools: [
        testTool({ name: "fine" }),
        testTool({ name: "throws", run: () => Promise.reject(new Error("boom")) }),
        { ...testTool({ name: "unplanned" }), plan: () => Promise.reject(new Error("boom")) },
      ],
    });
    assert.equal((await t.run("go"))?.reason, "completed");
    const ends = t.events.filter((event) => event.type === "tool.finished").map((event) => event.callId);
    assert.equal(ends.length, 4);
    assert.equal(new Set(ends).size, 4);
  });

  it("ends as failed when the journal can not be written, and says so although it can not be saved", async () => {
    let full = false;
    const { AppError } = await import("../../../src/base/app-error.ts");
    const t = openTestSession({
      script: [{ calls: [{ name: "look", arguments: {} }] }, { text: "ok" }],
      tools: [testTool({ name: "look", run: () => assert.fail("ran unrecorded") })],
      onAppend: (events) => {
        if (events.some((event) => event.type === "tool.started")) full = true;
        if (full) throw new AppError("storage", "the disk is full", { next: "Free some space." });
      },
    });
    const finished = await t.run("go");
    assert.equal(finished?.error?.class, "storage");
    assert.equal(finished?.error?.next, "Free some space.");
    assert.ok(!t.kept.some((event) => event.type === "turn.finished"));
  });
});

describe("repetition", () => {
  const script = () => ({ calls: [{ name: "look", arguments: { same: true } }] });

  it("gets a remark after three and, with nobody there, ends the turn after five", async () => {
    const t = openTestSession({ script, tools: [testTool({ name: "look" })], answerer: { kind: "nobody" } });
    const finished = await t.run("go");
    assert.equal(finished?.reason, "limit");
    assert.equal(t.model.requests.length, 5);
    const remarks = t.events.filter((event) => event.type === "item.finished" && event.item.kind === "user_message");
    assert.equal(remarks.length, 1);
  });

  it("goes on when the person says so", async () => {
    let asked = 0;
    const t = openTestSession({
      script: (_, n) => (n < 7 ? script() : { text: "done" }),
      tools: [testTool({ name: "look" })],
      answerer: {
        kind: "handler",
        handle: async () => {
          asked += 1;
          return "Go on";
        },
      },
    });
    assert.equal((await t.run("go"))?.reason, "completed");
    assert.equal(asked, 1);
  });

  it("does not count calls whose results differ", async () => {
    let n = 0;
    const t = openTestSession({
      script: (_, index) => (index < 8 ? script() : { text: "done" }),
      tools: [testTool({ name: "look", run: () => ({ status: "done", output: `${n++}` }) })],
      answerer: { kind: "nobody" },
    });
    assert.equal((await t.run("go"))?.reason, "completed");
  });
});

describe("interrupting", () => {
  it("stops a stream, keeps the text that had arrived and leaves an idle session", async () => {
    const t = openTestSession({ script: [{ text: "This is half of", hang: true }] });
    const delta = t.next("text.delta");
    await t.session.submit({ type: "turn.submit", input: { text: "go" } });
    await delta;
    await new Promise((resolve) => setImmediate(resolve));
    await t.session.submit({ type: "turn.interrupt" });
    await t.session.idle();
    const turn = t.session.state.turns[0];
    assert.equal(turn?.finished?.reason, "interrupted");
    const last = turn?.entries.at(-1);
    assert.ok(last?.kind === "item" && last.item.kind === "assistant_message");
    assert.equal(last.item.incomplete, "interrupted");
    assert.equal(last.item.text, "This is half of");
  });

  it("stops a tool that listens and writes off one that does not", async function () {
    this.timeout(120_000);
    for (const listens of [true, false]) {
      const t = openTestSession({
        script: [
          {
            calls: [
              { name: "long", arguments: {} },
              { name: "long", arguments: { second: true } },
            ],
          },
        ],
        tools: [
          testTool({
            name: "long",
            run: (_, { signal }) =>
              new Promise((resolve) => {
                if (listens)
                  signal.addEventListener("abort", () => resolve({ status: "cancelled", output: "stopped" }));
              }),
          }),
        ],
      });
      const started = t.next("tool.started");
      await t.session.submit({ type: "turn.submit", input: { text: "go" } });
      await started;
      const before = Date.now();
      await t.session.submit({ type: "turn.interrupt" });
      await t.session.idle();
      assert.ok(Date.now() - before < 30_000, "a stop waits for nobody");
      const tools = t.session.state.turns[0]?.entries.filter((entry): entry is ToolEntry => entry.kind === "tool");
      assert.deepEqual(
        tools?.map((tool) => tool.outcome?.status),
        ["cancelled", "cancelled"],
      );
    }
  });

  it("cancels a pending permission", async () => {
    const t = openTestSession({
      script: [{ calls: [{ name: "edit", arguments: {} }] }],
      tools: [testTool({ name: "edit", access: someWrite, run: () => assert.fail("ran without permission") })],
    });
    const asked = t.next("permission.asked");
    await t.session.submit({ type: "turn.submit", input: { text: "go" } });
    const { request } = await asked;
    await t.session.submit({ type: "turn.interrupt" });
    await t.session.idle();
    assert.deepEqual(t.session.state.pendingPermissions, []);
    const late = await t.session.submit({
      type: "permission.answer",
      permissionId: request.permissionId,
      decision: "allowed",
      scope: "once",
    });
    assert.equal(late.kind, "refused");
  });
});

describe("steering and queueing", () => {
  it("injects several steers in order before the next request", async () => {
    const t = openTestSession({
      script: [{ calls: [{ name: "look", arguments: {} }] }, { text: "ok" }],
      tools: [
        testTool({
          name: "look",
          async run() {
            await t.session.submit({ type: "turn.steer", input: { text: "first" } });
            await t.session.submit({ type: "turn.steer", input: { text: "second" } });
            return { status: "done", output: "looked" };
          },
        }),
      ],
    });
    await t.run("go");
    assert.deepEqual(
      t.model.requests[1]?.input.map((item) => ("text" in item ? item.text : item.kind)),
      ["go", "tool_call", "tool_result", "first", "second"],
    );
    assert.equal(t.session.state.turns.length, 1);
  });

  it("keeps the turn alive for a steer that came with the last words", async () => {
    const t = openTestSession({ script: [{ text: "done" }, { text: "done again" }] });
    let steered = false;
    t.session.on((event) => {
      if (event.type !== "text.delta" || steered) return;
      steered = true;
      void t.session.submit({ type: "turn.steer", input: { text: "wait" } });
    });
    await t.run("go");
    assert.equal(t.session.state.turns.length, 1);
    assert.equal(t.model.requests.length, 2);
  });

  it("runs queued tasks after the turn, each as a turn of its own", async () => {
    const t = openTestSession({ script: [{ text: "one" }, { text: "two" }, { text: "three" }] });
    await Promise.all(["a", "b", "c"].map((text) => t.session.submit({ type: "turn.submit", input: { text } })));
    await t.session.idle();
    assert.deepEqual(
      t.session.state.turns.map(
        (turn) =>
          turn.entries[0]?.kind === "item" && turn.entries[0].item.kind === "user_message" && turn.entries[0].item.text,
      ),
      ["a", "b", "c"],
    );
    assert.deepEqual(t.session.state.queued, []);
  });

  it("holds the queue after a stop until the person releases it; a message can be withdrawn", async () => {
    const t = openTestSession({ script: [{ text: "one", hang: true }, { text: "two" }] });
    const delta = t.next("text.delta");
    await t.session.submit({ type: "turn.submit", input: { text: "a" } });
    await t.session.submit({ type: "turn.submit", input: { text: "b" } });
    await t.session.submit({ type: "turn.submit", input: { text: "c" } });
    await delta;
    await t.session.submit({ type: "turn.interrupt" });
    await t.session.idle();
    assert.equal(t.session.state.queueHeld, true);
    const second = t.session.state.queued[1]?.messageId ?? "";
    assert.equal((await t.session.submit({ type: "message.withdraw", messageId: second })).kind, "accepted");
    assert.equal((await t.session.submit({ type: "queue.release" })).kind, "accepted");
    await t.session.idle();
    assert.equal(t.session.state.turns.length, 2);
    assert.equal(t.session.state.turns[1]?.finished?.reason, "completed");
  });
});

describe("model failures", () => {
  const network = { class: "network", message: "connection reset", retryable: true } as const;

  it("are retried with growing waits that are told, and then the turn goes on", async () => {
    const t = openTestSession({ script: [{ text: "ha", failure: network }, { failure: network }, { text: "hello" }] });
    assert.equal((await t.run("go"))?.reason, "completed");
    assert.deepEqual(t.clock.slept, [500, 1000]);
    const retries = t.events.filter((event) => event.type === "model.retrying");
    assert.deepEqual(
      retries.map((event) => event.attempt),
      [1, 2],
    );
    assert.equal(
      t.kept.filter((event) => event.type === "item.finished").length,
      1,
      "text of a failed try is not kept",
    );
  });

  it("end the turn after five tries", async () => {
    const t = openTestSession({ script: () => ({ failure: network }) });
    const finished = await t.run("go");
    assert.equal(finished?.error?.class, "network");
    assert.match(finished?.error?.message ?? "", /after 5 tries/);
    assert.ok(t.clock.slept.reduce((sum, ms) => sum + ms, 0) <= 30_000);
  });

  it("are not retried where that can not help", async () => {
    const t = openTestSession({
      script: [{ failure: { class: "auth", message: "bad key", next: "Check the key.", retryable: false } }],
    });
    const finished = await t.run("go");
    assert.deepEqual(finished?.error, { class: "auth", message: "bad key", next: "Check the key." });
  });

  it("wait as long as the server says, up to a minute", async () => {
    const limited = { class: "rate-limit", message: "slow down", retryable: true } as const;
    const t = openTestSession({ script: [{ failure: { ...limited, retryAfterMs: 45_000 } }, { text: "ok" }] });
    assert.equal((await t.run("go"))?.reason, "completed");
    assert.deepEqual(t.clock.slept, [45_000]);
    const u = openTestSession({ script: [{ failure: { ...limited, retryAfterMs: 61_000 } }] });
    assert.equal((await u.run("go"))?.reason, "failed");
  });

  it("take an empty answer for one", async () => {
    const t = openTestSession({ script: [{}, { text: "hello" }] });
    assert.equal((await t.run("go"))?.reason, "completed");
    assert.equal(t.model.requests.length, 2);
  });
});

describe("a question nobody can answer", () => {
  it("ends the turn instead of letting the model guess", async () => {
    const ask = testTool({
      name: "ask",
      run: async (_, { questions, signal }) => {
        const answer = await questions.ask({ text: "Which?" }, signal);
        return { status: "done", output: answer.kind };
      },
    });
    const t = openTestSession({
      script: [{ calls: [{ name: "ask", arguments: {} }] }],
      tools: [ask],
      answerer: { kind: "nobody" },
    });
    const finished = await t.run("go");
    assert.equal(finished?.reason, "failed");
    assert.equal(finished?.error?.class, "unanswered");
  });
});
