/** Stopping, closing and failing at awkward moments: each case was once a defect. */
import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app-error.ts";
import { Runtime } from "../../../src/embed/runtime.ts";
import type { ToolEntry } from "../../../src/protocol/state.ts";
import { type Script, ScriptedModel } from "../../support/scripted-model.ts";
import { noTerminals, openTestSession, someWrite, testTool } from "../../support/session-harness.ts";

const never = new Promise<never>(() => {});
const full = new AppError("storage", "the disk is full");

async function openRuntime(script: Script, options: { secrets?: () => Promise<string | undefined> } = {}) {
  const model = new ScriptedModel(script);
  const runtime = await Runtime.open({
    cwd: "/",
    model: "scripted/test",
    store: "memory",
    adapters: {
      modelClient: () => model,
      terminals: noTerminals,
      ...(options.secrets ? { secrets: { get: options.secrets } } : {}),
    },
  });
  return { runtime, model };
}

describe("stopping at awkward moments", () => {
  it("finds a turn whose first event is still being written", async () => {
    const t = openTestSession({ script: [{ text: "too late" }] });
    const submitted = t.session.submit({ type: "turn.submit", input: { text: "go" } });
    await Promise.resolve();
    assert.equal((await t.session.submit({ type: "turn.interrupt" })).kind, "accepted");
    await submitted;
    await t.session.idle();
    assert.equal(t.session.state.turns[0]?.finished?.reason, "interrupted");
    assert.equal(t.model.requests.length, 0);
  });

  it("finds a resumed turn whose first event is still being written", async () => {
    const first = openTestSession({ script: [{ text: "never whole" }] });
    await first.run("go");
    const stops: Promise<unknown>[] = [];
    const t = openTestSession({
      script: [{ text: "too late" }],
      journal: first.kept.filter((event) => event.type === "turn.started"),
      onAppend: (events) => {
        if (events.some((event) => event.type === "turn.resumed"))
          stops.push(t.session.submit({ type: "turn.interrupt" }));
      },
    });
    await t.session.submit({ type: "turn.resume" });
    await t.session.idle();
    assert.deepEqual(await Promise.all(stops), [{ kind: "accepted" }]);
    assert.equal(t.session.state.turns[0]?.finished?.reason, "interrupted");
    assert.equal(t.model.requests.length, 0);
  });

  it("ends soon when a plan hangs", async () => {
    const hanging = { ...testTool({ name: "hang" }), plan: () => never };
    const t = openTestSession({ script: [{ calls: [{ name: "hang", arguments: {} }] }], tools: [hanging] });
    const requested = t.next("usage.updated");
    await t.session.submit({ type: "turn.submit", input: { text: "go" } });
    await requested;
    const before = Date.now();
    await t.session.submit({ type: "turn.interrupt" });
    await t.session.idle();
    assert.ok(Date.now() - before < 30_000);
    assert.equal(t.session.state.turns[0]?.finished?.reason, "interrupted");
  });

  it("starts no effect after a stop that came while its start was written", async () => {
    let ran = 0;
    const t = openTestSession({
      script: [{ calls: [{ name: "edit", arguments: {} }] }],
      tools: [
        testTool({
          name: "edit",
          access: someWrite,
          recovery: { kind: "unknown" },
          run: () => {
            ran += 1;
            return { status: "done", output: "" };
          },
        }),
      ],
      approver: { kind: "allow-all" },
      onAppend: (events) => {
        if (events.some((event) => event.type === "tool.started")) void t.session.submit({ type: "turn.interrupt" });
      },
    });
    await t.run("go");
    assert.equal(ran, 0);
    assert.equal(t.session.state.turns[0]?.finished?.reason, "interrupted");
  });

  it("is interrupted, not failed, when a client rejects because of the stop", async () => {
    const t = openTestSession({ script: [{ text: "x" }] });
    t.model.sample = (_request, _onEvent, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    await t.session.submit({ type: "turn.submit", input: { text: "go" } });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await t.session.submit({ type: "turn.interrupt" });
    await t.session.idle();
    assert.equal(t.session.state.turns[0]?.finished?.reason, "interrupted");
  });
});

describe("results that could not be kept", () => {
  it("are told as unknown, never as “not run”", async () => {
    let failing = false;
    const t = openTestSession({
      script: [{ calls: [{ name: "edit", arguments: {} }] }],
      tools: [testTool({ name: "edit", access: someWrite, recovery: { kind: "unknown" } })],
      approver: { kind: "allow-all" },
      onAppend: (events) => {
        const finish = events.find((event) => event.type === "tool.finished");
        if (!failing && finish) {
          failing = true;
          throw full;
        }
      },
    });
    await t.run("go");
    const tool = t.session.state.turns[0]?.entries.find((entry): entry is ToolEntry => entry.kind === "tool");
    assert.equal(tool?.outcome?.status, "interrupted");
    assert.match(tool?.outcome?.output ?? "", /effect is not known/);
  });

  it("are saved before anything else once there is room again", async () => {
    let room = true;
    const t = openTestSession({
      script: [{ text: "one" }, { text: "two" }],
      onAppend: () => {
        if (!room) throw full;
      },
    });
    t.session.on((event) => {
      if (event.type === "text.delta") room = false;
    });
    assert.equal((await t.run("a"))?.error?.class, "storage");
    room = true;
    await t.session.submit({ type: "turn.submit", input: { text: "b" } });
    await t.session.idle();
    const types = t.kept.map((event) => event.type);
    assert.ok(types.indexOf("turn.finished") < types.lastIndexOf("turn.started"));
    assert.deepEqual(
      t.kept.map((event) => event.seq),
      t.kept.map((event) => event.seq).toSorted((a, b) => a - b),
    );
  });
});

describe("tools of an embedder's own", () => {
  it("may throw at once or return nonsense without taking the turn along", async () => {
    const good = testTool({ name: "x" });
    const planning = (run: () => unknown) => ({
      ...good,
      plan: async () => ({
        kind: "planned" as const,
        call: { access: { kind: "none" as const }, recovery: { kind: "repeat" as const }, run: run as never },
      }),
    });
    const throwing = planning(() => {
      throw new Error("boom");
    });
    for (const tool of [throwing, planning(async () => 42), planning(async () => ({ status: "done", output: 42 }))]) {
      const t = openTestSession({ script: [{ calls: [{ name: "x", arguments: {} }] }, { text: "ok" }], tools: [tool] });
      assert.equal((await t.run("go"))?.reason, "completed");
      const entry = t.session.state.turns[0]?.entries.find((found): found is ToolEntry => found.kind === "tool");
      assert.equal(entry?.outcome?.status, "failed");
    }
  });

  it("run once each although a client gave two calls the same id", async () => {
    let runs = 0;
    const tool = testTool({
      name: "x",
      run: () => {
        runs += 1;
        return { status: "done", output: "" };
      },
    });
    const calls = [1, 2].map(() => ({ name: "x", arguments: {}, callId: "same" }));
    const t = openTestSession({ script: [{ calls }, { text: "ok" }], tools: [tool] });
    assert.equal((await t.run("go"))?.reason, "completed");
    assert.equal(runs, 2);
  });
});

describe("what ends with the session", () => {
  it("is what was allowed for it", async () => {
    const t = openTestSession({
      script: [{ calls: [{ name: "edit", arguments: {} }] }, { text: "ok" }],
      tools: [testTool({ name: "edit", access: someWrite })],
      approver: { kind: "handler", handle: async () => ({ decision: "allowed", scope: "session" }) },
    });
    await t.run("go");
    assert.equal(t.session.state.allowedKeys.length, 1);
    await t.session.close("closed");
    const again = openTestSession({ script: [], journal: t.kept });
    assert.deepEqual(again.session.state.allowedKeys, []);
  });

  it("is every turn, also one that was just being started", async () => {
    const t = openTestSession({ script: [{ text: "hello", hang: true }] });
    const submitted = t.session.submit({ type: "turn.submit", input: { text: "go" } });
    const [closed] = await Promise.all([t.session.close("closed"), submitted]);
    assert.equal(closed, undefined);
    const types = t.kept.map((event) => event.type);
    assert.equal(types.at(-1), "session.closed");
    assert.equal(types.includes("turn.started"), types.includes("turn.finished"));
  });
});

describe("Runtime.run", () => {
  it("rejects when the session goes away first", async () => {
    for (const end of ["close", "release"] as const) {
      const { runtime } = await openRuntime([{ text: "hello", hang: true }]);
      const running = runtime.run("go");
      const outcome = running.then(
        (result) => result.reason,
        (error: unknown) => (AppError.is(error, "closed") ? "closed" : error),
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
      await runtime[end]();
      assert.ok(["interrupted", "closed"].includes(String(await outcome)), end);
    }
  });

  it("runs a task although the one before it failed", async () => {
    const failure = { class: "auth", message: "no", retryable: false } as const;
    const { runtime } = await openRuntime([{ failure }, { text: "second" }]);
    const [first, second] = await Promise.all([runtime.run("a"), runtime.run("b")]);
    assert.equal(first.reason, "failed");
    assert.equal(second.text, "second");
    await runtime.close();
  });

  it("takes back a waiting task that is aborted", async () => {
    const { runtime, model } = await openRuntime([{ text: "one", hang: true }, { text: "two" }]);
    const first = runtime.run("a");
    const stop = new AbortController();
    const second = runtime.run("b", { signal: stop.signal });
    await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    assert.equal((await second).reason, "interrupted");
    await runtime.interrupt();
    await first;
    assert.equal(model.requests.length, 1);
    await runtime.close();
  });

  it("leaves the name of a session free when it could not be opened", async () => {
    const { MemorySessionStore } = await import("../../../src/node/stores/memory-session-store.ts");
    const store = new MemorySessionStore();
    const options = { cwd: "/", store, sessionId: "mine", adapters: { terminals: noTerminals } };
    await assert.rejects(Runtime.open({ ...options, model: "bogus/x" }), (error) => AppError.is(error, "usage"));
    const runtime = await Runtime.open({ ...options, model: "openai/x", apiKey: "k" });
    await runtime.close();
  });
});
