/** How blocks end: exceptions with their place, exits, limits, stops, and interpreters that break down. */
import assert from "node:assert/strict";
import type { ScriptEnd, ScriptEngine, ScriptTask } from "../../../src/ports/script-engine.ts";
import { openTask, printedBy, raised, runBlock, testEngine } from "../../support/python-engine.ts";

const FILE = "<codepilot-control-block>";

describe("python: ends", function () {
  this.timeout(120_000);
  let engine: ScriptEngine;
  let task: ScriptTask;

  before(async () => {
    engine = testEngine();
    task = await openTask(engine);
  });
  after(() => engine.dispose());

  const endOf = async (source: string): Promise<ScriptEnd> => (await runBlock(task, source)).end;

  it("raises with the place in the block and its source", async () => {
    const end = await endOf("import json\n\ndef parse(text):\n    return json.loads(text)\n\nparse('{')");
    assert.ok(end.kind === "raised");
    assert.deepEqual([end.phase, end.type, end.line, end.names], ["run", "JSONDecodeError", 4, ["parse"]]);
    assert.equal(
      end.traceback,
      `Traceback (most recent call last):\n  File "${FILE}", line 6, in <module>\n    parse('{')\n    ~~~~~^^^^^\n` +
        `  File "${FILE}", line 4, in parse\n    return json.loads(text)\n           ~~~~~~~~~~^^^^^^\n` +
        "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)\n",
    );
  });

  it("shows the frames of earlier blocks with their own source, and gives the line in this one", async () => {
    await runBlock(task, "# first block\n\n\ndef broken():\n    return 1 / 0");
    const end = await endOf("x = 1\nbroken()");
    assert.ok(end.kind === "raised");
    assert.equal(end.line, 2);
    assert.match(end.traceback, /an earlier block>", line 5, in broken\n {4}return 1 \/ 0/);
    const { calls } = await runBlock(task, "# c\ndef reads():\n    return read_file('x')");
    assert.deepEqual(calls, []);
    const second = await runBlock(task, "\n\n\n\nreads()");
    assert.deepEqual(
      second.calls.map(({ line }) => line),
      [5],
    );
  });

  it("shows where an exception came from, and a tool's error like any other", async () => {
    const { end } = await runBlock(
      task,
      "try: read_file('x')\nexcept ToolError as error: raise ValueError('no') from error",
      {
        answer: () => raised("no such file"),
      },
    );
    assert.ok(end.kind === "raised" && end.type === "ValueError" && end.line === 2);
    assert.match(end.traceback, /ToolError: no such file\n\nThe above exception was the direct cause/);
    assert.doesNotMatch(end.traceback, /codepilot-tools|<codepilot>/);
  });

  it("refuses a block that does not compile before any of it runs", async () => {
    const end = await endOf("read_file('a')\nx = (1,\ny = 2");
    assert.ok(end.kind === "raised");
    assert.deepEqual([end.phase, end.type, end.line], ["compile", "SyntaxError", 2]);
    assert.equal(end.message, "'(' was never closed");
    assert.match(end.traceback, /line 2\n {4}x = \(1,\n {8}\^\nSyntaxError/);
    const { calls } = await runBlock(task, "read_file('a')\nreturn 1");
    assert.deepEqual(calls, []);
    for (const source of ["x = '\0'", "if x:\npass", "(".repeat(1_000)]) {
      const other = await endOf(source);
      assert.ok(other.kind === "raised" && other.phase === "compile", JSON.stringify(other));
    }
  });

  it("exits", async () => {
    const codes: [source: string, code: string | null][] = [
      ["exit()", null],
      ["quit('done')", "done"],
      ["import sys\nsys.exit(2)", "2"],
      ["raise SystemExit", null],
    ];
    for (const [source, code] of codes) {
      const end = await endOf(`${source}\nprint('not reached')`);
      assert.ok(end.kind === "exited", JSON.stringify(end));
      assert.equal(end.code, code);
    }
    assert.equal(await printedBy(task, "print('alive')"), "alive\n");
  });

  it("raises what can be raised and lives on: recursion, memory, interrupts, exceptions without words", async () => {
    const cases: [source: string, type: string][] = [
      ["def f(n): return f(n + 1)\nf(0)", "RecursionError"],
      ["class A:\n    def __repr__(self): return repr(self)\nrepr(A())", "RecursionError"],
      ["x = 'a' * 10**9", "MemoryError"],
      ["x = []\nwhile True: x.append(bytes(1_000_000))", "MemoryError"],
      ["raise KeyboardInterrupt", "KeyboardInterrupt"],
      ["class E(Exception):\n    def __str__(self): raise ValueError\nraise E()", "E"],
      ["import threading\nthreading.Thread(target=print).start()", "RuntimeError"],
    ];
    for (const [source, type] of cases) {
      const end = await endOf(source);
      assert.ok(end.kind === "raised", JSON.stringify(end));
      assert.equal(end.type, type);
    }
    assert.equal(await printedBy(task, "x = None\nprint(len('a' * 10**6))"), "1000000\n");
  });

  it("bounds what an exception says", async () => {
    const end = await endOf("raise ValueError('x' * 10**6)");
    assert.ok(end.kind === "raised");
    assert.ok(
      end.message.length <= 8_000 && end.traceback.length < 9_000,
      `${end.message.length} ${end.traceback.length}`,
    );
  });

  const fatal: [source: string, cause: string, message: RegExp][] = [
    ["import os\nos._exit(3)", "crashed", /exit\(3\)/],
    ["import os\nos.kill(os.getpid(), 9)", "crashed", /interpreter was ended/],
    ["import sys\nsys.setrecursionlimit(10**7)\ndef f(n): return f(n + 1)\nf(0)", "crashed", /call stack size/],
    ["import json\njson.loads('[' * 10**6)", "crashed", /call stack size/],
    ["while True: pass", "cpu-limit", /more than 0\.4 s/],
    ["sum(range(10**11))", "cpu-limit", /interpreter was ended/],
    ["import re\nre.match(r'(a+)+$', 'a' * 40 + 'b')", "cpu-limit", /more than/],
    ["while True:\n    try:\n        while True: pass\n    except BaseException: pass", "cpu-limit", /more than/],
  ];
  for (const [source, cause, message] of fatal) {
    it(`ends the interpreter, not more: ${source.split("\n").at(-1)}`, async () => {
      const own = await openTask(engine);
      await runBlock(own, "kept = 1");
      // A crash must come first, however slow the machine is.
      const { end } = await runBlock(own, source, { cpuLimitMs: cause === "crashed" ? 60_000 : 400 });
      assert.ok(end.kind === "killed", JSON.stringify(end));
      assert.equal(end.cause, cause);
      assert.match(end.message, message);
      assert.equal(own.alive, false);
      const after = await runBlock(own, "print(kept)");
      assert.ok(after.end.kind === "killed" && after.printed === "");
      await own.dispose();
    });
  }

  it("does not count waiting as computing", async () => {
    const { end } = await runBlock(task, "import time\nread_file('slow')\ntime.sleep(0.3)", {
      cpuLimitMs: 250,
      answer: () => new Promise((resolve) => setTimeout(() => resolve({}), 400)),
    });
    assert.equal(end.kind, "completed");
  });

  it("stops while a call is pending, and while it sleeps", async () => {
    for (const source of ["read_file('never')", "import time\ntime.sleep(4)"]) {
      const own = await openTask(engine);
      const stop = new AbortController();
      const running = runBlock(own, `print('on')\n${source}`, {
        signal: stop.signal,
        answer: () => new Promise(() => undefined),
      });
      setTimeout(() => stop.abort(), 100);
      const { end } = await running;
      assert.ok(end.kind === "killed" && end.cause === "stopped", JSON.stringify(end));
    }
    const own = await openTask(engine);
    const { end } = await runBlock(own, "print(1)", { signal: AbortSignal.abort() });
    assert.ok(end.kind === "killed" && end.cause === "stopped");
  });

  it("takes a fault of the host for what it is", async () => {
    const own = await openTask(engine);
    const { end } = await runBlock(own, "read_file('x')", {
      answer: () => {
        throw new Error("disk on fire");
      },
    });
    assert.ok(
      end.kind === "killed" && end.cause === "host-fault" && /disk on fire/.test(end.message),
      JSON.stringify(end),
    );
  });

  it("takes a print that the host can not take for a fault of the host", async () => {
    const own = await openTask(engine);
    const host = {
      call: async () => [],
      print: () => {
        throw new Error("no room");
      },
    };
    const block = { source: "print(1)", nowMs: 0, cpuLimitMs: 5_000, sleepLimitMs: 0 };
    const end = await own.run(block, host, AbortSignal.timeout(30_000));
    assert.ok(end.kind === "killed" && end.cause === "host-fault" && /no room/.test(end.message), JSON.stringify(end));
  });

  it("runs blocks that were handed over together one after another", async () => {
    const [first, second] = await Promise.all([
      runBlock(task, "order = [1]\nread_file('x')\norder.append(2)"),
      runBlock(task, "print(order)"),
    ]);
    assert.equal(first.end.kind, "completed");
    assert.equal(second.printed, "[1, 2]\n");
  });

  it("sends large texts both ways, and refuses one that is too large", async () => {
    const text = `${"ä😀\n".repeat(200_000)}end`;
    const { printed, calls } = await runBlock(task, "r = read_file('x' * 3_000_000)\nprint(len(r), r[-3:])", {
      answer: () => ({ text }),
    });
    assert.equal(printed, `${200_000 * 3 + 3} end\n`);
    assert.equal(String(calls[0]?.arguments.path).length, 3_000_000);
    const end = await endOf("read_file('x' * 17_000_000)");
    assert.ok(end.kind === "raised" && end.type === "ValueError" && /too long/.test(end.message), JSON.stringify(end));
  });
});
