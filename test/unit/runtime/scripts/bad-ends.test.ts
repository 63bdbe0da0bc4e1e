/**
 * Blocks that end in unusual ways, and what comes in between while one runs: exceptions that are no errors, names taken
 * away, questions nobody answers, late answers, stops, words of the person, limits, another model, a failing one.
 */
import assert from "node:assert/strict";
import type { EventOf } from "../../../../src/embed/index.ts";
import { openPythonSession, type PythonSession, reply } from "../../../support/python-session.ts";

const DONE = "Done.";

/** The texts that the model was shown, newest last. */
function told({ model }: PythonSession, request = -1): readonly string[] {
  return (model.requests.at(request)?.input ?? []).flatMap((item) => (item.kind === "user" ? [item.text] : []));
}

const ended = (session: PythonSession) => session.scripts().map(({ outcome }) => outcome ?? assert.fail("no end"));

function effects(session: PythonSession): readonly string[] {
  return session.events.flatMap((event) => (event.type === "tool.started" ? [event.callId] : []));
}

describe("blocks that end in unusual ways", function () {
  this.timeout(120_000);

  it("take every exception for an end of the block only, and no completion with it", async () => {
    const programs: readonly (readonly [code: string, pattern: RegExp])[] = [
      ['class Mine(SystemExit): pass\nkept = 1\nraise Mine("bye")', /ended itself with exit code bye/],
      ['raise KeyboardInterrupt("kb")', /line 1\): KeyboardInterrupt: kb/],
      ["raise GeneratorExit", /line 1\): GeneratorExit/],
      ['class Base(BaseException): pass\nraise Base("base")', /line 2\): Base: base/],
      ["def f():\n    raise SystemError\ntry: f()\nfinally: 1 / 0", /line 4\): ZeroDivisionError/],
      [
        'class Evil(Exception):\n    def __str__(self): raise SystemExit("in str")\n    __repr__ = __str__\nraise Evil',
        /line 4\): Evil: <no text: SystemExit>/,
      ],
      ['raise ExceptionGroup("g", [ValueError("v"), KeyError("k")])', /ExceptionGroup: g/],
    ];
    const replies = programs.map(([code]) => reply({ code, completion: "All is well." }));
    await using session = await openPythonSession({}, [...replies, reply({ code: "print(kept)" }), DONE]);
    const end = await session.runtime.run("go");
    assert.equal(end.text, DONE);
    const ends = ended(session);
    for (const [index, [, pattern]] of programs.entries()) {
      const output = ends[index]?.output ?? "";
      assert.match(output, pattern);
      assert.match(output, /completion block was not taken/);
      assert.doesNotMatch(output, /_pyodide|<codepilot>/, "nothing of the machinery");
    }
    assert.equal(ends.at(-1)?.printed, "1\n", "one interpreter all along");
  });

  it("complete by sys.exit(0), and run what stands in finally", async () => {
    const code = 'import sys\ntry: sys.exit(0)\nfinally: write_file("a.txt")';
    await using session = await openPythonSession({}, [
      reply({ code, files: [["a.txt", "x\n"]], completion: "Out by exit." }),
    ]);
    assert.equal((await session.runtime.run("go")).text, "Out by exit.");
    assert.equal(await session.workspace.read("a.txt"), "x\n");
  });

  it("leave the next block its builtins and functions, whatever this one did to them", async () => {
    const replies = [
      'read_file = None\nfind = 3\nkept = 1\nexecute = lambda *a: "faked"',
      'find("x")',
      "del find, read_file, execute",
      'print(read_file("a.txt").content, type(find).__name__)',
      'import builtins, sys\nbuiltins.len = None\nbuiltins.ToolError = ValueError\ndel builtins.print\nsys.modules.pop("__main__")',
      'print(len("abc"), issubclass(ToolError, ValueError), kept)',
      "import sys\nsys.stdout = None\nsys.modules.clear()",
      "x = 1 / 0",
      'print("here", kept)',
    ].map((code) => reply({ code }));
    await using session = await openPythonSession({ "a.txt": "1\n" }, [...replies, DONE]);
    assert.equal((await session.runtime.run("go")).reason, "completed");
    const [, hidden, , back, , builtins, , raised, last] = ended(session);
    assert.match(hidden?.output ?? "", /not callable\nVariables hide the functions execute, find, read_file; .*`del`/);
    assert.equal(back?.printed, "1\n function\n");
    assert.equal(builtins?.printed, "3 False 1\n");
    assert.match(raised?.output ?? "", /ZeroDivisionError/);
    assert.equal(last?.printed, "here 1\n");
  });

  it("do not add up: 200 blocks in one task, one process, no request longer than what was said", async () => {
    const code = (index: number) => `x${index} = list(range(1_000))\nread_file("a.txt")\nprint(${index})`;
    await using session = await openPythonSession(
      { "a.txt": "1\n" },
      (_request, index) => ({ text: index < 200 ? reply({ code: code(index) }) : DONE }),
      { maxSteps: 250 },
    );
    assert.equal((await session.runtime.run("go")).reason, "completed");
    const ends = ended(session);
    assert.equal(ends.length, 200);
    assert.ok(ends.every((end, index) => end.clean && end.printed === `${index}\n`));
    assert.equal(ends.at(-1)?.names?.length, 200);
    const lengths = session.model.requests.map(({ input }) => JSON.stringify(input).length);
    const grown = lengths.map((length, index) => length - (lengths[index - 1] ?? 0));
    assert.ok(Math.max(...grown) < 1_000, `${Math.max(...grown)} characters in one step`);
  });
});

describe("questions and permissions of a block", function () {
  this.timeout(120_000);

  const ask =
    'try: print("got", ask_user("Which?", choices=["a", "b"]))\nexcept ToolError as error: print(error)\nprint("on")';

  it("get an answer as a string", async () => {
    await using session = await openPythonSession({}, [reply({ code: ask }), DONE], {
      onQuestion: async ({ question, choices }) => (question === "Which?" && choices?.includes("b") ? "b" : null),
    });
    await session.runtime.run("go");
    assert.match(session.scripts()[0]?.outcome?.printed ?? "", /^got .*b\non\n$/);
  });

  it("can be cancelled, and the block goes on", async () => {
    await using session = await openPythonSession({}, [reply({ code: ask }), DONE], { attended: true });
    session.runtime.on("question.asked", ({ question }) => {
      void session.runtime.submit({ type: "question.cancel", questionId: question.questionId });
    });
    const end = await session.runtime.run("go");
    assert.equal(end.reason, "completed");
    assert.match(session.scripts()[0]?.outcome?.printed ?? "", /Nobody answered[\s\S]*\non\n$/);
  });

  it("end the turn when nobody is there, whatever the block catches", async () => {
    await using session = await openPythonSession({}, [reply({ code: ask, completion: "Guessed." })]);
    const end = await session.runtime.run("go");
    assert.equal(end.reason, "failed");
    assert.equal(end.error?.class, "unanswered");
    assert.doesNotMatch(end.text, /Guessed/);
  });

  it("wait for a late answer, which counts for one call only", async () => {
    const code = 'write_file("a.txt")\nprint("between")\nwrite_file("b.txt")';
    const files = [
      ["a.txt", "a\n"],
      ["b.txt", "b\n"],
    ] as const;
    await using session = await openPythonSession({}, [reply({ code, files, completion: "Both." }), DONE], {
      allowAll: false,
      attended: true,
    });
    const answers = ["allowed", "denied"] as const;
    let asked = 0;
    session.runtime.on("permission.asked", ({ request: { permissionId } }) => {
      const decision = answers[asked++] ?? "denied";
      const answer = { type: "permission.answer", permissionId, decision, scope: "once" } as const;
      setTimeout(() => void session.runtime.submit(answer), 700);
    });
    const end = await session.runtime.run("go");
    assert.equal(end.text, DONE);
    assert.equal(asked, 2);
    assert.deepEqual(await session.workspace.names(), ["a.txt"]);
    assert.match(session.scripts()[0]?.outcome?.output ?? "", /line 3\): PermissionDenied/);
  });
});

describe("what happens while a block runs", function () {
  this.timeout(120_000);

  it("stops it in a call, at once: the rest does not run and its completion is not the answer", async () => {
    const code = 'execute("main", "echo started; sleep 60", timeout=60)\nwrite_file("a.txt")';
    await using session = await openPythonSession({}, [
      reply({ words: "I wait.", code, files: [["a.txt", "x\n"]], completion: "Written." }),
    ]);
    let stoppedAt = 0;
    session.runtime.on("tool.output", () => {
      if (stoppedAt > 0) return;
      stoppedAt = Date.now();
      void session.runtime.interrupt();
    });
    const end = await session.runtime.run("go");
    assert.ok(Date.now() - stoppedAt < 30_000);
    assert.equal(end.reason, "interrupted");
    assert.equal(end.text, "I wait.");
    assert.equal(session.scripts()[0]?.outcome?.status, "cancelled");
    assert.equal(effects(session).length, 1);
    assert.deepEqual(await session.workspace.names(), []);
  });

  it("stops it alone while it calls and catches without end", async () => {
    const spam = "while True:\n    try: read_file('a.txt')\n    except BaseException: pass";
    await using session = await openPythonSession({ "a.txt": "1\n" }, [reply({ code: spam }), DONE]);
    session.runtime.on("tool.finished", () => {
      const [script] = session.scripts();
      const calls = session.events.filter((event) => event.type === "tool.finished").length;
      if (script && calls === 20) void session.runtime.submit({ type: "script.stop", scriptId: script.scriptId });
    });
    const end = await session.runtime.run("go");
    assert.equal(end.reason, "completed");
    assert.equal(session.scripts()[0]?.outcome?.status, "cancelled");
    assert.match(told(session).at(-1) ?? "", /the person stopped this block/);
  });

  it("puts words of the person after its result, and goes on although it was to be the last", async () => {
    await using session = await openPythonSession({}, [
      reply({ code: 'execute("main", "sleep 0.3")\nprint("result")', completion: "All done." }),
      "The cat, too.",
    ]);
    session.runtime.on("tool.started", () => void session.runtime.steer("Also mind the cat."));
    const end = await session.runtime.run("go");
    assert.equal(end.text, "The cat, too.");
    const [result, steer] = told(session).slice(-2);
    assert.match(result ?? "", /^\[EXECUTION RESULT\]\n[\s\S]*result/);
    assert.equal(steer, "[USER MESSAGE]\nAlso mind the cat.");
  });

  it("ends a turn at its last step without taking a completion that was not earned", async () => {
    const failing = reply({ words: "Last try.", code: "1 / 0", completion: "All is well." });
    await using session = await openPythonSession({}, [reply({ code: "print(1)" }), failing], { maxSteps: 2 });
    const end = await session.runtime.run("go");
    assert.deepEqual([end.reason, end.text, end.steps], ["limit", "Last try.", 2]);
    await using earned = await openPythonSession({}, [reply({ code: "1", completion: "Done." })], { maxSteps: 1 });
    const done = await earned.runtime.run("go");
    assert.deepEqual([done.reason, done.text], ["completed", "Done."]);
  });

  it("takes the next turn to another model with the same words, and with new variables", async () => {
    await using session = await openPythonSession({}, [
      reply({ code: "x = 1", completion: "One." }),
      reply({ code: "print('x' in globals())", completion: "Two." }),
    ]);
    assert.equal((await session.runtime.run("one")).text, "One.");
    const selected = await session.runtime.submit({ type: "model.select", model: "scripted/other" });
    assert.equal(selected.kind, "accepted");
    assert.equal((await session.runtime.run("two")).text, "Two.");
    assert.equal(session.scripts()[0]?.outcome?.printed, "False\n");
    const [first, second] = session.model.requests;
    assert.equal(second?.instructions, first?.instructions);
    assert.deepEqual(second?.input.slice(0, first?.input.length), first?.input);
  });

  it("keeps variables over a failing model, and runs nothing of a reply that broke off", async () => {
    const half = 'Half.\n\n```codepilot\nwrite_file("b.txt")\n```\n\n```text filename=b.txt\nx\n```\n';
    const failure = { class: "network", message: "the line was cut", retryable: true, retryAfterMs: 1 } as const;
    await using session = await openPythonSession({}, [
      { text: reply({ code: 'x = 5\nwrite_file("a.txt")', files: [["a.txt", "a\n"]] }) },
      { text: half, failure },
      { text: reply({ code: "print(x)", completion: "Whole." }) },
    ]);
    const end = await session.runtime.run("go");
    assert.deepEqual([end.reason, end.text], ["completed", "Whole."]);
    assert.equal(ended(session).at(-1)?.printed, "5\n");
    assert.deepEqual(await session.workspace.names(), ["a.txt"]);
    assert.equal(session.scripts().length, 2);
    const retrying = session.events.find(
      (event): event is EventOf<"model.retrying"> => event.type === "model.retrying",
    );
    assert.ok(retrying);
  });

  it("ends the turn with a model that fails for good, keeps what was done, and lets the person go on", async () => {
    const failure = { class: "auth", message: "wrong key", retryable: false } as const;
    await using session = await openPythonSession({}, [
      { text: reply({ code: 'write_file("a.txt")', files: [["a.txt", "a\n"]] }) },
      { text: reply({ code: 'execute("main", "touch b")', completion: "Claimed." }), failure },
      { text: reply({ code: 'print(read_file("a.txt").content)', completion: "Whole." }) },
    ]);
    const end = await session.runtime.run("go");
    assert.deepEqual([end.reason, end.error?.class], ["failed", "auth"]);
    assert.doesNotMatch(end.text, /Claimed/);
    assert.equal((await session.runtime.run("go on")).text, "Whole.");
    assert.deepEqual(await session.workspace.names(), ["a.txt"]);
    assert.ok(told(session).some((text) => /\[EXECUTION RESULT\]\n\[write_file\] a\.txt: created/.test(text)));
  });
});
