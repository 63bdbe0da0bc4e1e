/**
 * The acceptance cases of code as interface: what a reply with a program does, what the model is told, and what it
 * never does. The model's words are given; interpreter, tools, files and shells are real.
 */
import assert from "node:assert/strict";
import { openPythonSession, type PythonSession, reply } from "../../../support/python-session.ts";
import { testTool } from "../../../support/session-harness.ts";
import type { Tree } from "../../../support/temp-workspace.ts";

const DONE = "Done.";

async function withSession(
  tree: Tree,
  replies: readonly string[],
  check: (session: PythonSession, end: Awaited<ReturnType<PythonSession["runtime"]["run"]>>) => Promise<void> | void,
  options: Parameters<typeof openPythonSession>[2] = {},
): Promise<void> {
  await using session = await openPythonSession(tree, replies, options);
  const end = await session.runtime.run("Do it.");
  await check(session, end);
}

/** What the model got before its second reply. */
function toldSecond({ model }: PythonSession): string {
  const input = model.requests[1]?.input ?? [];
  const last = input.filter((entry) => entry.kind === "user").at(-1);
  return last?.kind === "user" ? last.text : "";
}

describe("a reply with a program", function () {
  this.timeout(120_000);

  it("writes a file from its payload, to the byte, and ends with the completion", async () => {
    const content = "def f():\n    return `1`\n\n\n";
    const text = reply({ code: 'write_file("a.py")', files: [["a.py", content]], completion: "Wrote a.py." });
    await withSession({}, [text], async (session, end) => {
      assert.equal(await session.workspace.read("a.py"), content);
      assert.equal(end.reason, "completed");
      assert.equal(end.text, "Wrote a.py.");
      assert.equal(session.model.requests.length, 1);
      const outcome = session.scripts()[0]?.outcome;
      assert.equal(outcome?.clean, true);
    });
  });

  it("takes a payload that holds fences of its own", async () => {
    const content = "# Read me\n\n```js\nrun();\n```\n\nThe end.\n";
    const text = reply({ code: 'write_file("README.md")', files: [["README.md", content]], completion: DONE });
    await withSession({}, [text], async (session) => {
      assert.equal(await session.workspace.read("README.md"), content);
    });
  });

  it("makes an empty file of an empty payload", async () => {
    const text = reply({ code: 'write_file("__init__.py")', files: [["__init__.py", ""]], completion: DONE });
    await withSession({}, [text], async (session) => {
      assert.equal(await session.workspace.read("__init__.py"), "");
    });
  });

  it("writes in a loop over computed paths", async () => {
    const code = 'for name in ["a", "b", "c"]:\n    write_file(f"src/{name}.txt")';
    const files = ["a", "b", "c"].map((name) => [`src/${name}.txt`, `${name}\n`] as const);
    await withSession({}, [reply({ code, files, completion: DONE })], async (session, end) => {
      assert.equal(end.reason, "completed");
      assert.equal(await session.workspace.read("src/b.txt"), "b\n");
    });
  });

  it("writes what the program has computed", async () => {
    const code = 'import json\npayload("d.json", json.dumps({"n": 3}))\nwrite_file("d.json")';
    await withSession({}, [reply({ code, completion: DONE })], async (session) => {
      assert.equal(await session.workspace.read("d.json"), '{"n": 3}');
    });
  });

  it("keeps prints and results in their order", async () => {
    const code = 'print("one")\nread_file("a.txt")\nprint("two")\nread_file("b.txt")\nprint("three")';
    await withSession({ "a.txt": "aaa\n", "b.txt": "bbb\n" }, [reply({ code }), DONE], (session) => {
      const told = toldSecond(session);
      assert.match(told, /^\[EXECUTION RESULT\]\none\n/);
      const places = ["one", "aaa", "two", "bbb", "three"].map((word) => told.indexOf(word));
      assert.deepEqual(
        places,
        [...places].sort((a, b) => a - b),
        told,
      );
      assert.ok(places.every((place) => place >= 0));
    });
  });

  it("keeps variables, functions and imports from block to block, and drops them with the task", async () => {
    await using session = await openPythonSession({}, [
      reply({ code: "import re\nx = 41\ndef more(n): return n + 1" }),
      reply({ code: "print(more(x), re.sub('a', 'b', 'cat'))", completion: DONE }),
      reply({ code: "print(x)" }),
      DONE,
    ]);
    await session.runtime.run("first");
    assert.match(session.scripts()[1]?.outcome?.printed ?? "", /42 cbt/);
    await session.runtime.run("second");
    assert.match(session.result(), /NameError/);
  });

  it("gives results as strings with attributes, and failures as exceptions", async () => {
    const code = [
      'r = read_file("a.txt")',
      "print(isinstance(r, str), r.total_lines, repr(r.content))",
      'c = execute("main", "echo hi; exit_code() { return 3; }; exit_code")',
      "print(c.return_code, repr(c.output))",
      "try:",
      '    read_file("missing.txt")',
      "except ToolError as error:",
      '    print("caught", "missing.txt" in str(error))',
    ].join("\n");
    await withSession({ "a.txt": "x\ny\n" }, [reply({ code }), DONE], (session) => {
      const printed = session.scripts()[0]?.outcome?.printed ?? "";
      assert.match(printed, /True 2 'x\\ny\\n'/);
      assert.match(printed, /^3 'hi'/m);
      assert.match(printed, /caught True/);
      assert.equal(session.scripts()[0]?.outcome?.status, "completed");
    });
  });

  it("runs gathered calls together, with indices and results in list order", async () => {
    const code =
      'a, b = gather([(read_file, "a.txt"), (find, "needle", {"max_results": 5})])\nprint(a.path[-5:], b.matches)';
    await withSession({ "a.txt": "needle\n" }, [reply({ code }), DONE], (session) => {
      assert.match(session.scripts()[0]?.outcome?.printed ?? "", /a\.txt 1/);
      const calls = (session.runtime.state.turns[0]?.entries ?? []).flatMap((entry) =>
        entry.kind === "tool" ? [[entry.tool, entry.script?.index, entry.script?.line]] : [],
      );
      assert.deepEqual(calls, [
        ["read_file", 1, 1],
        ["find", 2, 1],
      ]);
    });
  });
});

describe("a reply that breaks the protocol", function () {
  this.timeout(120_000);

  it("asks for the payload of a write that has none, and the next reply may recover", async () => {
    const replies = [
      reply({ code: 'write_file("a.txt")' }),
      reply({ code: 'write_file("a.txt")', files: [["a.txt", "hello\n"]], completion: DONE }),
    ];
    await withSession({}, replies, async (session, end) => {
      assert.match(toldSecond(session), /filename=a\.txt/);
      assert.equal(end.reason, "completed");
      assert.equal(await session.workspace.read("a.txt"), "hello\n");
    });
  });

  it("does not take a payload without filename= for a file", async () => {
    const text = `Writing.\n\n\`\`\`codepilot\nwrite_file("a.txt")\n\`\`\`\n\n\`\`\`text\nhello\n\`\`\`\n`;
    await withSession({}, [text, DONE], async (session) => {
      assert.match(toldSecond(session), /filename=/);
      assert.deepEqual(await session.workspace.names(), []);
    });
  });

  for (const name of ["content", "payload", "text", "data"]) {
    it(`never takes content as the argument ${name}`, async () => {
      await withSession({}, [reply({ code: `write_file("a.txt", ${name}="x")` }), DONE], async (session) => {
        assert.match(toldSecond(session), /never accepts file content/);
        assert.deepEqual(await session.workspace.names(), []);
      });
    });
  }

  it("names an invalid mode as the cause, and changes nothing", async () => {
    const text = reply({ code: 'write_file("a.txt", mode="multi-edit")', files: [["a.txt", "x\n"]] });
    await withSession({ "a.txt": "old\n" }, [text, DONE], async (session) => {
      assert.match(toldSecond(session), /invalid mode 'multi-edit'/);
      assert.match(toldSecond(session), /No file was changed/);
      assert.equal(await session.workspace.read("a.txt"), "old\n");
    });
  });

  it("says which payload was not used, and does not take the completion", async () => {
    const text = reply({
      code: 'write_file("a.txt")',
      files: [
        ["a.txt", "a\n"],
        ["b.txt", "b\n"],
      ],
      completion: "All written.",
    });
    await withSession({}, [text, DONE], async (session, end) => {
      assert.match(toldSecond(session), /b\.txt/);
      assert.match(toldSecond(session), /completion block was not taken/);
      assert.equal(end.text, DONE);
      assert.deepEqual(await session.workspace.names(), ["a.txt"]);
    });
  });

  it("runs nothing of a reply with two programs, an unclosed one, or one that was cut", async () => {
    const two = '```codepilot\nwrite_file("a.txt")\n```\n\n```codepilot\nexecute("main", "touch b")\n```\n';
    const open = 'Now.\n\n```codepilot\nexecute("main", "touch c")\n';
    await using session = await openPythonSession({}, [
      { text: two },
      { text: open },
      { text: '```codepilot\nexecute("main", "touch d")\n```\n\n```text filename=x', stop: "truncated" },
      { text: DONE },
    ]);
    const end = await session.runtime.run("go");
    assert.equal(end.reason, "completed");
    assert.deepEqual(await session.workspace.names(), []);
    const told = session.model.requests.slice(1).map((request) => {
      const last = request.input.filter((entry) => entry.kind === "user").at(-1);
      return last?.kind === "user" ? last.text : "";
    });
    for (const text of told) {
      assert.match(text, /^\[EXECUTION RESULT\]\nPROTOCOL ERROR: /);
      assert.match(text, /No tool code from the previous response ran/);
    }
    assert.equal(session.scripts().length, 0);
  });

  it("corrects a foreign tool call twice at most, then takes it for an answer", async () => {
    const foreign = '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.txt"}}\n</tool_call>';
    await using session = await openPythonSession({}, [foreign, foreign, foreign]);
    const end = await session.runtime.run("go");
    assert.equal(end.reason, "completed");
    assert.equal(session.model.requests.length, 3);
    assert.match(toldSecond(session), /NOTHING was executed/);
  });

  it("does not take a task for done whose program was never one", async () => {
    const glued = "I write it: ```codepilot\nwrite_file('a.txt')\n```\n\n```\n\n```completion\nDone.\n```\n";
    await using session = await openPythonSession({}, [glued, DONE]);
    const end = await session.runtime.run("go");
    assert.equal(end.reason, "completed");
    assert.equal(session.model.requests.length, 2);
    assert.match(toldSecond(session), /NOTHING was executed/);
  });

  it("never runs what stands in the thinking", async () => {
    await using session = await openPythonSession({}, [
      { reasoning: '```codepilot\nexecute("main", "touch x")\n```', text: DONE },
    ]);
    await session.runtime.run("go");
    assert.equal(session.scripts().length, 0);
    assert.deepEqual(await session.workspace.names(), []);
  });
});

describe("a program that fails", function () {
  this.timeout(120_000);

  it("names the syntax error's line, and says that nothing ran", async () => {
    await withSession({}, [reply({ code: 'print("a"\nx = = 1', completion: "Fine." }), DONE], (session, end) => {
      const told = toldSecond(session);
      assert.match(told, /Control Block, line 1/);
      assert.match(told, /SyntaxError/);
      assert.match(told, /No statements of this block ran/);
      assert.equal(end.text, DONE, "the completion beside it was not taken");
    });
  });

  it("keeps what was printed, names line and exception, and says what stands", async () => {
    await withSession({}, [reply({ code: 'print("before")\nmissing_name' }), DONE], (session) => {
      const told = toldSecond(session);
      assert.match(told, /before/);
      assert.match(told, /line 2/);
      assert.match(told, /NameError/);
      assert.match(told, /Statements before line 2 have run/);
    });
  });

  for (const [what, call, pattern] of [
    ["a missing file", 'read_file("nope.txt")', /nope\.txt/],
    ["start_line 0", 'read_file("a.txt", start_line=0)', /start_line/],
    ["an end before the start", 'read_file("a.txt", start_line=2, end_line=1)', /before start_line/],
    ["a start beyond the end", 'read_file("a.txt", start_line=9)', /has only 2 lines/],
    ["an end that is no number", 'read_file("a.txt", end_line="x")', /end_line/],
  ] as const) {
    it(`is told what is wrong with ${what}`, async () => {
      await withSession({ "a.txt": "1\n2\n" }, [reply({ code: call }), DONE], (session) => {
        assert.match(toldSecond(session), pattern);
        assert.match(toldSecond(session), /ToolError/);
      });
    });
  }

  it("leaves a file byte-identical when an edit is out of range", async () => {
    const code = 'read_file("a.txt")\nwrite_file("a.txt", start_line=5, end_line=6, mode="edit")';
    const before = "1\r\n2\r\n";
    await withSession({ "a.txt": before }, [reply({ code, files: [["a.txt", "x\n"]] }), DONE], async (session) => {
      assert.equal(await session.workspace.read("a.txt"), before);
      assert.match(toldSecond(session), /read_file|Read/);
    });
  });

  it("does not take a completion when a write was denied, even when the program caught it", async () => {
    const code = 'try:\n    write_file("a.txt")\nexcept PermissionDenied as error:\n    print("denied")';
    const text = reply({ code, files: [["a.txt", "x\n"]], completion: "Written." });
    await withSession(
      {},
      [text, DONE],
      async (session, end) => {
        assert.equal(session.scripts()[0]?.outcome?.clean, false);
        assert.match(session.scripts()[0]?.outcome?.printed ?? "", /denied/);
        assert.equal(end.text, DONE);
        assert.deepEqual(await session.workspace.names(), []);
      },
      { allowAll: false, onPermission: async () => ({ decision: "denied" }) },
    );
  });

  for (const [what, code] of [
    ["exit()", 'print("a")\nexit()\nprint("b")'],
    ["SystemExit", 'print("a")\nraise SystemExit\nprint("b")'],
    ["sys.exit(0)", 'import sys\nprint("a")\nsys.exit(0)\nprint("b")'],
  ] as const) {
    it(`ends the block with ${what}, never the host`, async () => {
      await withSession({}, [reply({ code }), DONE], (session, end) => {
        assert.equal(session.scripts()[0]?.outcome?.printed.trim(), "a");
        assert.equal(end.reason, "completed");
      });
    });
  }

  it("goes on after a crash of its interpreter, with the variables of earlier blocks", async () => {
    const replies = [
      reply({ code: 'import random\nx = [random.random() for _ in range(3)]\nprint(x)\nread_file("a.txt")' }),
      reply({ code: "import os\ny = 1\nos._exit(3)" }),
      reply({ code: "print(x)\nprint('y' in globals())", completion: DONE }),
    ];
    await withSession({ "a.txt": "1\n" }, replies, (session, end) => {
      const [first, second, third] = session.scripts();
      assert.equal(second?.outcome?.status, "failed");
      assert.match(second?.outcome?.output ?? "", /Variables that this block set are gone/);
      assert.equal(third?.outcome?.printed, `${first?.outcome?.printed}False\n`);
      assert.equal(end.reason, "completed");
      const reads = session.events.filter((event) => event.type === "tool.requested" && event.tool === "read_file");
      assert.equal(reads.length, 1, "the rebuilt block's call was answered from the journal");
    });
  });

  it("may make 1,000 calls and not one more", async () => {
    const code =
      "n = 0\ntry:\n    for _ in range(100_000):\n        tick()\n        n += 1\nexcept CallLimitReached as error:\n    print(n, error)";
    await using session = await openPythonSession({}, [reply({ code }), DONE]);
    session.runtime.registerTool(testTool({ name: "tick" }));
    await session.runtime.run("go");
    assert.match(session.scripts()[0]?.outcome?.printed ?? "", /^1000 One block may make 1000 calls/);
    assert.equal(session.events.filter((event) => event.type === "tool.finished").length, 1_000);
    assert.ok(session.result().length < 70_000);
  });
});

describe("stopping", function () {
  this.timeout(120_000);

  it("ends an endless program, and the turn with it", async () => {
    await using session = await openPythonSession({}, [reply({ code: "while True: pass" })]);
    const running = session.runtime.run("go");
    await new Promise<void>((resolve) => {
      session.runtime.on("script.started", () => setTimeout(resolve, 1_500));
    });
    await session.runtime.interrupt();
    const end = await running;
    assert.equal(end.reason, "interrupted");
    assert.equal(session.scripts()[0]?.outcome?.status, "cancelled");
  });

  it("ends one program when the person stops it, and the turn goes on", async () => {
    await using session = await openPythonSession({}, [reply({ code: 'print("in")\nwhile True: pass' }), DONE]);
    const running = session.runtime.run("go");
    const scriptId = await new Promise<string>((resolve) => {
      session.runtime.on("script.output", (event) => resolve(event.scriptId));
    });
    assert.equal((await session.runtime.submit({ type: "script.stop", scriptId })).kind, "accepted");
    const end = await running;
    assert.equal(end.reason, "completed");
    assert.match(toldSecond(session), /the person stopped this block/);
    assert.equal((await session.runtime.submit({ type: "script.stop", scriptId })).kind, "refused");
  });
});
