/** Figures of a process that already runs: what a window costs from the click on. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Runtime } from "../../src/embed/runtime.ts";
import { FileSessionStore } from "../../src/node/stores/file-session-store.ts";
import type { DurableEvent, NewEvent } from "../../src/protocol/events.ts";
import type { FakeModelServer } from "../support/fake-model/server.ts";

/** Milliseconds from `run` to the arrival of its request, in a session that has run a turn before. */
export async function measureSubmit(cwd: string, fake: FakeModelServer, arrivals: number[]): Promise<number[]> {
  fake.setScript(() => ({ parts: [{ text: "done" }] }));
  const runtime = await Runtime.open({ cwd, model: "openai/fake", baseUrl: fake.baseUrl("openai"), store: "memory" });
  const times: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    arrivals.length = 0;
    const startedAt = performance.now();
    await runtime.run(`task ${round}`);
    if (round > 0) times.push((arrivals[0] ?? Number.NaN) - startedAt);
  }
  await runtime.close();
  return times;
}

/** Milliseconds to open a session that was killed with 10,000 events in its journal. */
export async function measureRecovery(home: string): Promise<number[]> {
  const store = new FileSessionStore(home);
  const cwd = join(home, "work");
  await mkdir(cwd, { recursive: true });
  const journal = await store.create("killed", cwd);
  await journal.append(killedSession(10_000, cwd), { sync: false });
  await journal.close();
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const startedAt = performance.now();
    const runtime = await Runtime.open({
      cwd,
      resume: "killed",
      store,
      home,
      model: "openai/fake",
      baseUrl: "http://127.0.0.1:9",
    });
    times.push(performance.now() - startedAt);
    if (runtime.interruptedTurn === null) throw new Error("the session should have an interrupted turn");
    await runtime.release();
  }
  return times;
}

/** Turns of 20 calls with results of 2,000 characters, the last one unfinished. */
function killedSession(count: number, cwd: string): DurableEvent[] {
  const events: DurableEvent[] = [];
  let turn = 0;
  const add = (event: NewEvent) => {
    const envelope = {
      v: 1 as const,
      seq: events.length + 1,
      at: events.length,
      sessionId: "killed",
      turnId: `t${turn}`,
    };
    events.push({ ...envelope, ...event } as DurableEvent);
  };
  add({
    type: "session.opened",
    cwd,
    folders: [cwd],
    model: "openai/fake",
    interface: "tools",
    dialect: "codepilot",
    productVersion: "0",
  });
  const output = "a line of output\n".repeat(120);
  const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, reasoningTokens: 0 };
  while (events.length < count - 100) {
    turn += 1;
    add({ type: "turn.started", input: { text: "go" }, model: "openai/fake" });
    add({ type: "item.finished", item: { kind: "user_message", id: `u${turn}`, text: "go", origin: "person" } });
    for (let step = 0; step < 20; step += 1) {
      const callId = `c${turn}_${step}`;
      add({ type: "item.finished", item: { kind: "assistant_message", id: `m${callId}`, text: "Looking at it." } });
      add({
        type: "tool.requested",
        callId,
        tool: "read_file",
        argumentsText: '{"path":"a.txt"}',
        summary: "Read a.txt",
      });
      add({ type: "usage.updated", usage, model: "openai/fake" });
      add({ type: "tool.started", callId, recovery: { kind: "repeat" } });
      add({ type: "tool.finished", callId, outcome: { status: "done", output, durationMs: 1 } });
    }
    add({ type: "turn.finished", reason: "completed", steps: 20, durationMs: 1 });
  }
  turn += 1;
  add({ type: "turn.started", input: { text: "last" }, model: "openai/fake" });
  while (events.length < count) {
    add({ type: "notice.raised", level: "info", code: "bench", message: "padding" });
  }
  return events;
}
