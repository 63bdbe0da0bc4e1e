/** What lists say of sessions whose journals are longer, at either end, than what one read brings. */
import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, open, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileSessionStore, workspaceKey } from "../../../../src/node/stores/file-session-store.ts";
import type { AgentProfile } from "../../../../src/protocol/agent-profile.ts";
import type { DurableEvent, EventOf } from "../../../../src/protocol/events.ts";
import { encodeEvents } from "../../../../src/protocol/journal.ts";
import { removeFolder } from "../../../support/remove-folder.ts";

const PART = 64 * 1024;
const MB = 1024 * 1024;

const agent: AgentProfile = {
  file: "/w/agent.yml",
  interface: "tools",
  dialect: "codepilot",
  maxSteps: 1,
  confined: false,
  tools: null,
  alwaysAsk: [],
  memory: { maxContextTokens: 1, globalSummaryThreshold: 1, globalSummaryMaxTokens: 1 },
};

let seq = 0;
const envelope = () => ({ v: 1 as const, seq: ++seq, at: seq, sessionId: "s1" });
const opened = (instructionChars = 0): DurableEvent => ({
  ...envelope(),
  type: "session.opened",
  cwd: '/w/ü "here"',
  folders: [],
  model: "m",
  interface: "tools",
  dialect: "codepilot",
  ...(instructionChars === 0 ? {} : { agent: { ...agent, systemPrompt: "é".repeat(instructionChars / 2) } }),
  productVersion: "0",
});
const started = (text: string, imageChars = 0): DurableEvent => ({
  ...envelope(),
  turnId: "t",
  type: "turn.started",
  input: { text, ...(imageChars === 0 ? {} : { images: [{ mediaType: "image/png", data: "A".repeat(imageChars) }] }) },
  model: "m",
});
const finished = (reason: EventOf<"turn.finished">["reason"] = "completed"): DurableEvent => ({
  ...envelope(),
  turnId: "t",
  type: "turn.finished",
  reason,
  steps: 1,
  durationMs: 1,
});
/** A line of the length. */
const noise = (chars = 8_000): DurableEvent => ({
  ...envelope(),
  type: "notice.raised",
  level: "info",
  code: "c",
  message: "ü".repeat(chars),
});
const noises = (count: number): DurableEvent[] => Array.from({ length: count }, () => noise());

describe("the summary of a journal", () => {
  let home: string;
  beforeEach(async () => {
    seq = 0;
    home = await mkdtemp(join(tmpdir(), "codepilot-summary-"));
    await mkdir(join(home, "sessions", workspaceKey("/w")), { recursive: true });
  });
  afterEach(() => removeFolder(home));

  const path = () => join(home, "sessions", workspaceKey("/w"), "s1.jsonl");
  const store = (events: readonly DurableEvent[], torn = "") => writeFile(path(), encodeEvents(events) + torn);
  async function listed(files = new FileSessionStore(home)) {
    const [record] = await files.list({ limit: 10 });
    assert.deepEqual(await files.find("s1"), record ?? null);
    return record;
  }

  for (const chars of [PART, MB + 1, 3 * MB]) {
    it(`is there with an opening of ${chars} characters`, async () => {
      await store([opened(chars), started("Fix the cart"), finished()]);
      const record = await listed();
      assert.deepEqual(
        [record?.sessionId, record?.cwd, record?.title, record?.unfinished, record?.lastEnd],
        ["s1", '/w/ü "here"', "Fix the cart", false, "completed"],
      );
    });

    it(`has the title of a task with a picture of ${chars} characters`, async () => {
      await store([opened(), started("Like this", chars)]);
      const record = await listed();
      assert.deepEqual([record?.title, record?.unfinished], ["Like this", true]);
    });
  }

  it("has the title of a task that comes after much else, or after one without words", async () => {
    await store([opened(), ...noises(20), started("", 2 * PART), finished(), ...noises(20), started("Second")]);
    assert.equal((await listed())?.title, "Second");
  });

  it("is there, with what is known, where an opening or a task is too long to be decoded", async () => {
    await store([opened(18 * MB), started("Fix it")]);
    let record = await listed();
    assert.deepEqual(
      [record?.sessionId, record?.cwd, record?.title, record?.unfinished],
      ["s1", '/w/ü "here"', "", true],
    );
    await store([opened(), started('Fix "it"\nnow', 18 * MB), finished("failed"), ...noises(20)]);
    record = await listed();
    assert.deepEqual([record?.title, record?.unfinished, record?.lastEnd], ['Fix "it"', false, "failed"]);
  }).timeout(20_000);

  for (const [end, ...expected] of [
    ["completed", false, "completed"],
    ["failed", false, "failed"],
    [null, true, null],
  ] as const) {
    for (const count of [9, 30, 300]) {
      it(`says how a turn stands (${end}) after ${count} long lines`, async () => {
        await store([opened(), started("one"), ...(end === null ? [] : [finished(end)]), ...noises(count)]);
        const record = await listed();
        assert.deepEqual([record?.unfinished, record?.lastEnd], expected);
      });
    }
  }

  it("finds the line that decides wherever it lies in what is read", async () => {
    // The last newline of what is read, its first byte and the bytes around them.
    for (const rest of [PART - 1, PART, PART + 1, 3 * PART - 1, 3 * PART, 3 * PART + 1]) {
      const last = finished();
      for (const [before, after] of [
        [noise(10), rest],
        [noise(10), rest - encodeEvents([last]).length],
      ] as const) {
        const empty = encodeEvents([{ ...noise(0), seq: 10 }]).length;
        const filler = { ...noise(0), seq: 10, message: "x".repeat(after - empty) } as DurableEvent;
        await store([opened(), started("one"), before, last, filler]);
        const record = await listed();
        assert.deepEqual([record?.unfinished, record?.lastEnd], [false, "completed"], `${rest}`);
      }
    }
  });

  it("says that nothing is open where no turn has begun", async () => {
    await store([opened(), ...noises(30)]);
    const record = await listed();
    assert.deepEqual([record?.title, record?.unfinished, record?.lastEnd], ["", false, null]);
  });

  it("does not count a torn line, nor a session of which only that is there", async () => {
    await store([opened(), started("one")], encodeEvents([finished()]).slice(0, -1));
    assert.equal((await listed())?.unfinished, true);
    await store([], encodeEvents([opened(2 * PART)]).slice(0, -1));
    assert.equal((await new FileSessionStore(home).list({ limit: 1 })).length, 0);
  });

  /** How much a list reads. */
  async function readBy(files: FileSessionStore): Promise<{ reads: number; bytes: number }> {
    const handle = await open(path(), "r");
    const prototype = Object.getPrototypeOf(handle) as { read: (...args: unknown[]) => Promise<{ bytesRead: number }> };
    await handle.close();
    const { read } = prototype;
    const done = { reads: 0, bytes: 0 };
    prototype.read = async function (this: unknown, ...args: unknown[]) {
      const result = await read.apply(this, args);
      done.reads += 1;
      done.bytes += result.bytesRead;
      return result;
    };
    try {
      await files.list({ limit: 1 });
    } finally {
      prototype.read = read;
    }
    return done;
  }

  it("takes one read of a short journal and two of an ordinary one", async () => {
    await store([opened(), started("one"), ...noises(2), finished()]);
    assert.equal((await readBy(new FileSessionStore(home))).reads, 1);
    await store([opened(), started("one"), ...noises(2_000), finished()]);
    assert.deepEqual(await readBy(new FileSessionStore(home)), { reads: 2, bytes: 2 * PART });
  });

  it("reads only what is new of a journal that has grown", async () => {
    const files = new FileSessionStore(home);
    const add = async (...events: readonly DurableEvent[]) => {
      await appendFile(path(), encodeEvents(events));
      assert.ok((await readBy(files)).bytes < 3_000);
      const record = await listed(files);
      assert.deepEqual(record, await listed());
      return [record?.unfinished, record?.lastEnd];
    };
    await store([opened(2 * PART), started("one"), ...noises(100)]);
    await files.list({ limit: 1 });
    assert.deepEqual(await add(noise(10)), [true, null]);
    assert.deepEqual(await add(noise(10), finished("failed"), noise(10)), [false, "failed"]);
    assert.deepEqual(await add(noise(10)), [false, "failed"]);
    assert.deepEqual(await add(started("two")), [true, "failed"]);
    assert.deepEqual(await add(noise(10)), [true, "failed"]);
    assert.deepEqual(await add(finished()), [false, "completed"]);
    // A line that is only half there, and then is whole.
    const [line, half] = [encodeEvents([started("three")]), 40];
    await appendFile(path(), line.slice(0, half));
    assert.equal((await listed(files))?.unfinished, false);
    await appendFile(path(), line.slice(half));
    assert.equal((await listed(files))?.unfinished, true);
  });

  it("looks at all of a journal again that was cut or is another one", async () => {
    const files = new FileSessionStore(home);
    await store([opened(), started("one"), ...noises(20), finished(), noise(10)]);
    assert.equal((await listed(files))?.unfinished, false);
    const { size } = await stat(path());
    await truncate(path(), size - encodeEvents([finished(), noise(10)]).length);
    await appendFile(path(), encodeEvents(noises(3)));
    assert.equal((await listed(files))?.unfinished, true);
    await store([opened(), started("Another"), ...noises(40), finished("failed")]);
    const record = await listed(files);
    assert.deepEqual([record?.title, record?.unfinished, record?.lastEnd], ["Another", false, "failed"]);
  });
});
