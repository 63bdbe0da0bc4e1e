/** The same seed, blocks and replies give the same run to the byte, in whichever process: what replay relies on. */
import assert from "node:assert/strict";
import type { ScriptEngine } from "../../../src/ports/script-engine.ts";
import { NOW_MS, openTask, printedBy, type Ran, runBlock, testEngine } from "../../support/python-engine.ts";

const BLOCKS = [
  `
import datetime, os, random, secrets, tempfile, threading, time, uuid
class Thing: pass
things = [Thing() for _ in range(50)]
print({"a", "bc", 3, None, (1, 2), read_file}, frozenset("determinism"))
print(hash("text"), hash(("a", 1.5)), hash(Thing), id(things), id(things[7]), things[3])
print(random.random(), random.sample(range(1000), 5), random.SystemRandom().random(), random.Random().random())
print(uuid.uuid4(), uuid.uuid1(), secrets.token_hex(8), os.urandom(4), os.getpid(), threading.get_ident())
print(tempfile.mktemp(), tempfile.NamedTemporaryFile().name, tempfile.mkdtemp())
`,
  `
for n in range(3):
    print(time.time(), time.time_ns(), time.monotonic(), time.perf_counter(), time.process_time())
    r = read_file(str(uuid.uuid4()), limit=random.randrange(10))
print(datetime.datetime.now(), datetime.datetime.now(datetime.UTC), datetime.date.today(), time.localtime(), time.ctime())
time.sleep(0.01)
open("/tmp/x", "w").write("x")
print(time.time(), os.stat("/tmp/x"), os.listdir("/tmp"))
for item in {r, "other", *"xyz"}: find(item)
`,
  "import weakref, gc\nprint(gc.collect(), len(gc.get_objects()), id(object()), sorted(map(id, things))[::10])\n1 / 0",
];

async function runAll(engine: ScriptEngine, seed: string): Promise<Ran[]> {
  const task = await openTask(engine, seed);
  const runs: Ran[] = [];
  for (const [index, source] of BLOCKS.entries()) {
    runs.push(await runBlock(task, source, { nowMs: NOW_MS + index * 60_000 }));
  }
  await task.dispose();
  return runs;
}

describe("python: determinism", function () {
  this.timeout(120_000);
  let engine: ScriptEngine;

  before(() => {
    engine = testEngine();
  });
  after(() => engine.dispose());

  it("repeats prints, calls, names and identities in another process", async () => {
    const first = await runAll(engine, "one");
    assert.equal(first[1]?.end.kind, "completed", JSON.stringify(first[1]?.end));
    assert.ok(first[0] && first[0].printed.length > 400, first[0]?.printed);
    assert.deepEqual(await runAll(engine, "one"), first);
  });

  it("differs by seed", async () => {
    const source = "import random, uuid\nprint(random.random())\nprint(uuid.uuid4())\nprint(hash('x'))";
    const outputs: string[][] = [];
    for (const seed of ["one", "two"]) {
      const task = await openTask(engine, seed);
      outputs.push((await printedBy(task, source)).split("\n"));
      await task.dispose();
    }
    const [one, two] = outputs;
    assert.notEqual(one?.[0], two?.[0]);
    assert.notEqual(one?.[1], two?.[1]);
    // Comes with the memory image, and no program may rely on it being another one.
    assert.equal(one?.[2], two?.[2]);
  });

  it("has the host's clock: at the start of a block, after a reply, and moved by sleeping", async () => {
    const task = await openTask(engine);
    const source = [
      "import time, datetime",
      "start = time.time()",
      "print(round(start, 3), time.time() > start, time.time() - start < 0.001)",
      "read_file('x')",
      "print(round(time.time() - start, 3))",
      "time.sleep(0.05)",
      "print(round(time.time() - start, 3))",
      "print(datetime.datetime.now(datetime.UTC).isoformat(timespec='seconds'))",
    ].join("\n");
    assert.equal(
      await printedBy(task, source),
      `${NOW_MS / 1_000}.0 True True\n1.0\n1.05\n2026-02-02T02:40:01+00:00\n`,
    );
    const later = await printedBy(task, "print(round(time.time() - start))", { nowMs: NOW_MS + 3_600_000 });
    assert.equal(later, "3600\n");
    await task.dispose();
  });

  it("waits for a sleep, but not again after a call that was answered from the journal", async () => {
    const task = await openTask(engine);
    const source = "import time\nread_file('x')\nfor _ in range(4): time.sleep(1)\nprint(round(time.time()))";
    const startedAt = performance.now();
    const replayed = await printedBy(task, source, { answer: () => ({ replayed: true }) });
    const replayMs = performance.now() - startedAt;
    const real = await printedBy(task, source.replaceAll("(1)", "(0.2)"));
    assert.ok(performance.now() - startedAt - replayMs >= 800);
    assert.ok(replayMs < 4_000, `${replayMs}`);
    assert.equal(replayed, `${NOW_MS / 1_000 + 5}\n`);
    assert.equal(real, `${NOW_MS / 1_000 + 6}\n`);
    await task.dispose();
  });

  it("does not wait for a sleep of a block that has run before, from its first statement on", async () => {
    const task = await openTask(engine);
    const source = [
      "import time",
      "start = time.monotonic()",
      "time.sleep(120)",
      "print(round(time.monotonic() - start), round(time.time()))",
      "read_file('x')",
      "time.sleep(240)",
      "print(round(time.time()))",
    ].join("\n");
    // The layer's limit is far below what this would sleep.
    const printed = await printedBy(task, source, {
      replayed: true,
      sleepLimitMs: 600_000,
      answer: () => ({ replayed: true, nowMs: NOW_MS + 130_000 }),
    });
    const start = NOW_MS / 1_000;
    assert.equal(printed, `120 ${start + 120}\n${start + 370}\n`);
    await task.dispose();
  });

  it("refuses to sleep longer than it may, replayed or not", async () => {
    const task = await openTask(engine);
    for (const replayed of [true, false]) {
      const { end } = await runBlock(task, "import time\nread_file('x')\ntime.sleep(0.1)\ntime.sleep(5)", {
        answer: () => ({ replayed }),
      });
      assert.ok(end.kind === "raised" && end.type === "TimeoutError" && end.line === 4, JSON.stringify(end));
      assert.match(end.message, /may last 5 s together/);
    }
    for (const [source, type] of [
      ["time.sleep(-1)", "ValueError"],
      ["time.sleep('1')", "TypeError"],
      ["time.sleep(float('nan'))", "ValueError"],
    ] as const) {
      const { end } = await runBlock(task, `import time\n${source}`);
      assert.ok(end.kind === "raised" && end.type === type, JSON.stringify(end));
    }
    await task.dispose();
  });
});
