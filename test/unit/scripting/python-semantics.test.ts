/** Python as a model knows it, over the real engine: one task, many blocks, except where a block ends the task. */
import assert from "node:assert/strict";
import type { ScriptEngine, ScriptTask } from "../../../src/ports/script-engine.ts";
import { callLimitText, MAX_CALLS } from "../../../src/scripting/script-functions.ts";
import { openTask, printedBy, raised, runBlock, testEngine } from "../../support/python-engine.ts";

describe("python: blocks", function () {
  this.timeout(120_000);
  let engine: ScriptEngine;
  let task: ScriptTask;

  before(async () => {
    engine = testEngine();
    task = await openTask(engine);
  });
  after(() => engine.dispose());

  it("makes calls in order with the prints around them", async () => {
    const { end, log } = await runBlock(
      task,
      ['print("before")', 'a = read_file("a.py", limit=3)', "print(a)", "print(find('x', max_results=2))"].join("\n"),
    );
    assert.deepEqual(log, [
      'print "before\\n" @1',
      'call read_file {"path":"a.py","limit":3} @2',
      'print "read_file {\\"path\\":\\"a.py\\",\\"limit\\":3}\\n" @3',
      'call find {"pattern":"x","max_results":2} @4',
      'print "find {\\"pattern\\":\\"x\\",\\"max_results\\":2}\\n" @4',
    ]);
    assert.deepEqual(end, { kind: "completed", names: ["a"] });
  });

  it("keeps names from block to block, and lists them without modules and tools", async () => {
    await runBlock(task, "import json\nkept = 1\ndef twice(n): return 2 * n\nclass Box: pass");
    const { end, printed } = await runBlock(task, "kept += 1\nprint(twice(kept))");
    assert.equal(printed, "4\n");
    assert.deepEqual(end, { kind: "completed", names: ["Box", "a", "kept", "twice"] });
  });

  it("gives text with attributes, and exceptions that are builtins", async () => {
    const answer = (call: { tool: string }) =>
      call.tool === "find"
        ? { ...raised("nothing there", { hint: ["a", 1] }), exception: "PermissionDenied" as const }
        : { text: "a\nb", attributes: { lines: 2, more: null } };
    const source = [
      "r = read_file('x')",
      "print(r.splitlines(), r.lines, r.more, type(r).__name__, isinstance(r, str), r + '!', f'{r:>4}')",
      "try: find('y')",
      "except ToolError as error: print(type(error).__name__, error, error.hint)",
      "try: find('y')",
      "except PermissionDenied: print('denied', issubclass(CallLimitReached, ToolError), issubclass(PayloadError, ToolError))",
    ].join("\n");
    assert.equal(
      await printedBy(task, source, { answer }),
      "['a', 'b'] 2 None ToolText True a\nb!  a\nb\nPermissionDenied nothing there ['a', 1]\ndenied True True\n",
    );
  });

  it("converts what is as good as JSON, leaves out a None that is the default, and names the argument that is neither", async () => {
    const { log } = await runBlock(
      task,
      [
        "import pathlib, collections",
        "find(pathlib.PurePosixPath('a/b'), (1, {'x': {3}}))",
        "read_file('a', None, None)",
        "find(pattern=collections.OrderedDict(a=1.5), max_results=range(2))",
        "find(ToolText('t'))",
      ].join("\n"),
    );
    assert.deepEqual(log, [
      'call find {"pattern":"a/b","max_results":[1,{"x":[3]}]} @2',
      'call read_file {"path":"a","limit":null} @3',
      'call find {"pattern":{"a":1.5},"max_results":[0,1]} @4',
      'call find {"pattern":"t"} @5',
    ]);
    const wrong: [string, RegExp][] = [
      ["read_file()", /missing 1 required positional argument: 'path'/],
      ["read_file('a', pth=1)", /unexpected keyword argument 'pth'/],
      ["read_file(1, 2, 3, 4)", /takes from 1 to 3 positional arguments but 4 were given/],
      ["read_file(b'a')", /argument 'path' must be text, .* not bytes/],
      ["read_file('a', limit=float('nan'))", /argument 'limit' must be a finite number/],
      ["read_file('a', limit=2**60)", /argument 'limit' is too large a number/],
      ["read_file({1: 2})", /argument 'path' has a key of type int/],
      ["x = []\nx.append(x)\nread_file(x)", /argument 'path' is nested too deeply/],
      ["read_file(print)", /not builtin_function_or_method/],
    ];
    for (const [source, message] of wrong) {
      const { end, calls } = await runBlock(task, source);
      assert.ok(end.kind === "raised" && end.type === "TypeError", JSON.stringify(end));
      assert.match(end.message, message);
      assert.deepEqual(calls, []);
    }
  });

  it("hands over the calls of gather at once, and raises the first error after all", async () => {
    const answer = ({ arguments: { path } }: { arguments: Readonly<Record<string, unknown>> }) =>
      path === "bad" ? raised("no such file") : {};
    const calls = "[(read_file, 'a'), (read_file, 'bad'), (find, 'x', {'max_results': 5})]";
    const gathered = await runBlock(task, `print(gather(${calls}, return_exceptions=True))`, { answer });
    assert.deepEqual(gathered.log.slice(0, 3), [
      'call read_file {"path":"a","limit":100} @1',
      'call read_file {"path":"bad","limit":100} @1',
      'call find {"pattern":"x","max_results":5} @1',
    ]);
    assert.match(gathered.printed, /^\['read_file .*', ToolError\('no such file'\), 'find .*'\]\n$/);
    const failed = await runBlock(task, `gather(${calls})`, { answer });
    assert.ok(failed.end.kind === "raised" && failed.end.message === "no such file");
    assert.equal(failed.calls.length, 3);
    const wrong = await runBlock(task, "gather([(print, 1)])");
    assert.ok(wrong.end.kind === "raised" && /item 0 must be a tuple that starts with a tool/.test(wrong.end.message));
    assert.equal(await printedBy(task, "print(gather([]))"), "[]\n");
  });

  it("refuses a gather of more calls than a block may make, before any is made, and keeps the variables", async () => {
    const most = await runBlock(task, `kept = gather([(read_file, str(n)) for n in range(${MAX_CALLS})])`);
    assert.equal(most.end.kind, "completed");
    assert.equal(most.calls.length, MAX_CALLS);
    const source = [
      "import itertools",
      "try: gather((read_file, 'a') for _ in itertools.count())",
      "except CallLimitReached as error: print(error)",
      "print(len(kept))",
      `gather([(read_file, 'a')] * ${MAX_CALLS + 1}, return_exceptions=True)`,
    ].join("\n");
    const { end, calls, printed } = await runBlock(task, source);
    assert.equal(printed, `${callLimitText()}\n${MAX_CALLS}\n`);
    assert.ok(end.kind === "raised" && end.type === "CallLimitReached" && end.message === callLimitText());
    assert.equal(calls.length, 0);
  });

  it("takes tools as values: map, sorted, dictionaries, comprehensions, lambdas, decorators", async () => {
    const { calls, end } = await runBlock(
      task,
      [
        "import functools",
        "list(map(read_file, ['a', 'b']))",
        "sorted(['c'], key=read_file)",
        "{'r': read_file}['r']('d')",
        "[read_file(p) for p in 'ef']",
        "(lambda p: read_file(p))('g')",
        "functools.partial(read_file, limit=1)('h')",
        "print(read_file.__name__, read_file.__doc__)",
      ].join("\n"),
    );
    assert.equal(end.kind, "completed");
    assert.deepEqual(
      calls.map((call) => [call.arguments.path, call.line]),
      [
        ["a", 2],
        ["b", 2],
        ["c", 3],
        ["d", 4],
        ["e", 5],
        ["f", 5],
        ["g", 6],
        ["h", 7],
      ],
    );
  });

  it("describes tools to help() and inspect", async () => {
    const printed = await printedBy(task, "import inspect\nprint(inspect.signature(read_file))\nhelp(read_file)");
    assert.match(printed, /^\(path, start_line=None, limit=100\)\nHelp on function read_file:/);
    assert.match(printed, /Reads a file\./);
  });

  it("catches everything that is printed, whatever printed it", async () => {
    const source = [
      "import sys, logging, warnings, os",
      "print('a', 'b', sep='-', end='.\\n', file=sys.stderr)",
      "sys.stdout.write('c\\n')",
      "sys.stdout.buffer.write('d\\n'.encode())",
      "logging.warning('e')",
      "warnings.warn('f')",
      "os.write(1, b'g\\n')",
      "print('ä😀\\ud800', end='')",
    ].join("\n");
    assert.equal(
      await printedBy(task, source),
      "a-b.\nc\nd\nWARNING:root:e\n<codepilot-control-block>:6: UserWarning: f\n  warnings.warn('f')\ng\nä😀\ud800",
    );
  });

  it("keeps a million characters of a block's prints and counts the rest", async () => {
    const printed = await printedBy(task, "for _ in range(150): print('x' * 9_999)");
    assert.ok(printed.endsWith("\n[500000 more characters were printed and dropped]\n"), printed.slice(-80));
    assert.equal(printed.length, 1_000_000 + 51);
    assert.equal(await printedBy(task, "print('again')"), "again\n");
  });

  it("shows a print at once, while the block goes on computing", async () => {
    let seen: (() => void) | undefined;
    const shown = new Promise<void>((resolve) => {
      seen = resolve;
    });
    const stop = new AbortController();
    const other = await openTask(engine);
    const running = other.run(
      { source: "print('started')\nwhile True: pass", nowMs: 0, cpuLimitMs: 60_000, sleepLimitMs: 0 },
      { call: async () => [], print: () => seen?.() },
      stop.signal,
    );
    await shown;
    stop.abort();
    const end = await running;
    assert.ok(end.kind === "killed" && end.cause === "stopped");
    assert.equal(other.alive, false);
  });

  it("is Python: classes, decorators, generators, match, exceptions groups, format, walrus", async () => {
    const source = `
from dataclasses import dataclass
from contextlib import suppress
import collections, enum, functools, itertools, re, typing
@dataclass(order=True)
class Point:
    x: int
    y: "int" = 2
def shout(f):
    @functools.wraps(f)
    def inner(*args): return f(*args).upper()
    return inner
@shout
def name(p): return f"{p.x:,}-{p.y:>3}"
def pairs():
    yield from itertools.pairwise("abc")
match Point(1_000):
    case Point(x=1000, y=y): print(name(Point(1000)), y, list(pairs()), [1, 2] < [1, 3], {1} <= {1, 2})
try: raise ExceptionGroup("g", [ValueError(1), KeyError("k")])
except* ValueError as group: print(group.exceptions)
except* KeyError: print("key")
with suppress(ZeroDivisionError): 1 / 0
if (n := len("abc")) > 2: print("%d {} %s".format(1) % (n, "s"), re.findall(r"(?<=a)b", "ab"))
print(typing.get_type_hints(Point), collections.Counter("aab").most_common(1), enum.Enum("E", "A B").B)
print(__name__, sorted({"b": 1} | {"a": 2}), sum(map(int, "123")), (lambda *a, k=1: (a, k))(1, k=2))
del n
print("n" in globals())
`;
    assert.equal(
      await printedBy(task, source),
      [
        "1,000-  2 2 [('a', 'b'), ('b', 'c')] True True",
        "(ValueError(1),)",
        "key",
        "3 {} s ['b']".replace("{}", "1"),
        "{'x': <class 'int'>, 'y': <class 'int'>} [('a', 2)] E.B",
        "__main__ ['a', 'b'] 6 ((1,), 2)",
        "False",
        "",
      ].join("\n"),
    );
  });

  it("runs coroutines with asyncio.run, and waits in them", async () => {
    const source = `
import asyncio
async def one(n):
    await asyncio.sleep(n / 100)
    return n
async def all(): return await asyncio.gather(one(2), one(1))
print(asyncio.run(all()))
`;
    assert.equal(await printedBy(task, source), "[2, 1]\n");
  });

  it("says what is not there, and what to use instead", async () => {
    const cases: [source: string, type: string, message: RegExp][] = [
      ["input('name?')", "RuntimeError", /use ask_user/],
      ["open('package.json')", "FileNotFoundError", /no host files .* use read_file/],
      ["open('out.txt', 'w')", "PermissionError", /write with write_file/],
      ["import pathlib\npathlib.Path('out.txt').write_text('x')", "PermissionError", /write with write_file/],
      ["import subprocess\nsubprocess.run(['ls'])", "OSError", /use execute/],
      ["import urllib.request\nurllib.request.urlopen('http://127.0.0.1:1')", "URLError", /no network .* use execute/],
      ['text = """\n# Title\n', "SyntaxError", /line of ``` in it\? .* longer fence/],
      ["compile('x = \"\"\"', 'x.py', 'exec')", "SyntaxError", /^unterminated [^`]*$/],
      ["import requests", "ModuleNotFoundError", /Only the standard library/],
      ["import zoneinfo\nzoneinfo.ZoneInfo('Europe/Berlin')", "ZoneInfoNotFoundError", /Only the standard library/],
      ["kept = bytearray(90_000_000)\nmore = bytearray(90_000_000)", "MemoryError", /earlier blocks .* `del`/],
      ["globals().pop('kept', 0)\nbytearray(500_000_000)", "MemoryError", /100 MB/],
    ];
    for (const [source, type, message] of cases) {
      const { end } = await runBlock(task, source);
      assert.ok(end.kind === "raised", JSON.stringify(end));
      assert.equal(end.type, type);
      assert.match(end.message, message);
    }
  });

  it("has a memory for files of its own, in /tmp", async () => {
    const source =
      "import tempfile\nwith tempfile.TemporaryFile('w+') as f:\n    f.write('x')\n    f.seek(0)\n    print(f.read())";
    assert.equal(await printedBy(task, source), "x\n");
    assert.equal(
      await printedBy(task, "import os, pathlib\nprint(os.getcwd(), pathlib.Path('a').resolve())"),
      "/w/shop /w/shop/a\n",
    );
  });
});
