/**
 * What a model should not send and a program should not do: texts out of all proportion, half characters, targets that
 * are no files, names that mean something elsewhere. Each time: nothing breaks, nothing happens unasked, the next
 * block runs, and what the model is told stays within its bounds.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as z from "zod";
import type { PermissionRequest } from "../../../../src/protocol/permissions.ts";
import { openPythonSession, type PythonSession, reply } from "../../../support/python-session.ts";
import type { Script } from "../../../support/scripted-model.ts";
import { testTool } from "../../../support/session-harness.ts";
import { fileTree, symlinkTo, type Tree } from "../../../support/temp-workspace.ts";

/** The whole result of a block, notes about what was left out included. */
const MAX_RESULT_CHARS = 61_000;
const DONE = "Done.";

type Options = Parameters<typeof openPythonSession>[2];

/** Runs one task and gives the ends of its programs. */
async function outcomes(session: PythonSession) {
  const end = await session.runtime.run("go");
  assert.equal(end.reason, "completed", JSON.stringify(end));
  return session.scripts().map(({ outcome }) => outcome ?? assert.fail("a program without an end"));
}

async function printedBy(tree: Tree, code: string, options: Options = {}): Promise<string> {
  await using session = await openPythonSession(tree, [reply({ code }), DONE], options);
  const [outcome] = await outcomes(session);
  assert.equal(outcome?.status, "completed", outcome?.output);
  return outcome?.printed ?? "";
}

const big = (text: string) => ({ text, deltaSize: 65_536 });
const last = { text: DONE };

describe("texts out of all proportion", function () {
  this.timeout(120_000);

  it("takes 10 MB of prose for an answer", async () => {
    const prose = "word\n".repeat(2_000_000);
    await using session = await openPythonSession({}, [big(prose)]);
    const end = await session.runtime.run("go");
    assert.equal(end.reason, "completed");
    assert.ok(end.text.trim() === prose.trim());
    assert.deepEqual(session.scripts(), []);
  });

  it("writes 10 MB from a payload, and says so in a line", async () => {
    const content = "0123456789abcde\n".repeat(655_360);
    const text = reply({ code: 'write_file("a.txt")', files: [["a.txt", content]] });
    await using session = await openPythonSession({}, [big(text), last]);
    const [outcome] = await outcomes(session);
    assert.ok((await session.workspace.read("a.txt")) === content);
    assert.equal(outcome?.output, "[write_file] a.txt: created, 655360 lines.");
  });

  it("gets through brackets and signs nested 100,000 deep, and runs what comes after", async () => {
    const deep = [`${"(".repeat(100_000)}${")".repeat(100_000)}`, "[".repeat(100_000), `${"-".repeat(100_000)}1`];
    const programs = ["kept = 1", ...deep.map((text) => `x = ${text}`), "print(kept)"];
    await using session = await openPythonSession({}, [...programs.map((code) => big(reply({ code }))), last]);
    const [, ...ends] = await outcomes(session);
    const after = ends.pop();
    for (const { status, output } of ends) {
      assert.equal(status, "failed");
      assert.match(output, /^EXECUTION ERROR \(Control Block.*\): \w+Error: .*(nested|complex|overflow)/);
      assert.match(output, /No statements of this block ran/);
      assert.ok(output.length < 20_000, `${output.length} characters`);
    }
    assert.equal(after?.printed, "1\n");
  });

  it("bounds what is printed, by 100,000 prints and by one of 50 MB, and counts the rest", async () => {
    const programs = [
      'for i in range(100_000): print("line", i)',
      'print("x" * 50_000_000)\nprint("tail")',
      "print(i)",
    ];
    await using session = await openPythonSession({}, [...programs.map((code) => reply({ code })), DONE]);
    const [many, large, after] = await outcomes(session);
    for (const outcome of [many, large]) {
      assert.equal(outcome?.clean, true);
      assert.ok((outcome?.output.length ?? 0) < MAX_RESULT_CHARS);
      assert.match(outcome?.output ?? "", /\[\d+ more characters were printed and dropped\]$/);
    }
    assert.match(many?.output ?? "", /^line 0\nline 1\n/);
    assert.equal(after?.printed, "99999\n");
    const shown = session.events.filter((event) => event.type === "script.output");
    assert.ok(shown.reduce((sum, event) => sum + (event.type === "script.output" ? event.chunk.length : 0), 0) < 2.1e6);
  });

  it("makes 1,000 calls of a program that calls on whatever it is told, and says as much as fits", async () => {
    const spam = [
      "refused = 0",
      "for n in range(3_000):",
      "    try: read_file(f'missing-{n}.txt')",
      "    except CallLimitReached: refused += 1",
      "    except BaseException: pass",
      "print(refused)",
    ].join("\n");
    await using session = await openPythonSession({}, [reply({ code: spam }), reply({ code: "print(refused)" }), DONE]);
    const [spammed, after] = await outcomes(session);
    assert.equal(session.events.filter((event) => event.type === "tool.finished").length, 1_000);
    const output = spammed?.output ?? "";
    assert.ok(output.length < MAX_RESULT_CHARS, `${output.length} characters`);
    assert.match(output, /missing-0\.txt/);
    assert.match(output, /characters omitted/);
    assert.match(output, /missing-999\.txt[\s\S]*\n2000$/);
    assert.equal(after?.printed, "2000\n");
  });
});

describe("half characters", function () {
  this.timeout(120_000);

  it("are refused in a program and in a file, harmless in arguments, and never in what the model is told", async () => {
    const tries = [
      'print("\\ud800 printed")',
      'for call in [lambda: read_file("\\ud800"), lambda: find("\\udfff"), lambda: payload("t.txt", "a\\ud83db"), lambda: write_file("t.txt")]:',
      "    try: call()",
      "    except ToolError as error: print(type(error).__name__)",
      'raise ValueError("\\ud800 raised")',
    ].join("\n");
    const emoji = 'print("🙂" * 70_000 + "!")\nprint("x" + "🙂" * 70_000)';
    await using session = await openPythonSession({}, [
      reply({ words: "lone \ud800", code: 'print("\udc00")' }),
      reply({ code: 'write_file("s.txt")', files: [["s.txt", "x\udc00y\n"]] }),
      reply({ code: tries }),
      reply({ code: emoji }),
      DONE,
    ]);
    const [program, payload, args] = await outcomes(session);
    assert.match(program?.output ?? "", /UnicodeEncodeError[\s\S]*No statements of this block ran/);
    assert.match(payload?.output ?? "", /broken surrogate pairs\. No file was changed/);
    assert.equal(args?.printed.match(/^ToolError$/gm)?.length, 2, args?.printed);
    assert.match(args?.output ?? "", /ValueError: .* raised/);
    assert.deepEqual(await session.workspace.names(), []);
    for (const { input } of session.model.requests) {
      for (const item of input) {
        if (item.kind === "user") assert.ok(item.text.isWellFormed(), JSON.stringify(item.text.slice(0, 500)));
      }
    }
  });
});

describe("targets that are no files of the workspace", function () {
  this.timeout(120_000);

  it("are refused with a reason, or asked for and left alone", async () => {
    await using outside = await fileTree({ "secret.txt": "secret\n" });
    const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 1, 2, 3]);
    const tree = {
      "p.png": png,
      "dir/": "",
      link: symlinkTo(outside.path("secret.txt")),
      folder: symlinkTo(outside.root),
    };
    const targets = ["dir", "fifo", "a\\x00b", "", "   ", "x".repeat(301)];
    const strangers = [
      outside.path("new.txt"),
      `../${outside.root.split("/").at(-1)}/new.txt`,
      "link",
      "folder/new.txt",
    ];
    const code = [
      `for path in [${[...targets, ...strangers].map((path) => `"${path}"`).join(", ")}]:`,
      "    try:",
      '        payload(path or "nameless", "hello\\n")',
      "        print(write_file(path))",
      "    except ToolError as error:",
      "        print(type(error).__name__, '|', str(error).splitlines()[0][-150:])",
      'for mode in [{"mode": "a"}, {"mode": "edit", "start_line": 1, "end_line": 1}, {"mode": "insert", "after_line": 0}]:',
      "    try:",
      '        payload("p.png", "hello\\n")',
      '        print(write_file("p.png", **mode))',
      "    except ToolError as error:",
      "        print('png', type(error).__name__, '|', str(error).splitlines()[0][-150:])",
      'for path in ["fifo", "dir", "link"]:',
      "    try: print(read_file(path))",
      "    except ToolError as error: print(type(error).__name__, '|', error)",
    ].join("\n");
    const asked: PermissionRequest[] = [];
    await using session = await openPythonSession(tree, [reply({ code, completion: "All written." }), DONE], {
      allowAll: false,
      onPermission: async (request) => {
        asked.push(request);
        return { decision: "denied", note: "not there" };
      },
    });
    execFileSync("mkfifo", [session.workspace.path("fifo")]);
    const end = await session.runtime.run("go");
    assert.equal(end.text, DONE, "the completion was not taken");
    const printed = session.scripts()[0]?.outcome?.printed ?? "";
    const lines = printed.split("\n");
    const reasons = [/folder/, /regular file/, /NUL|path|can not/i, /path/, /empty|path/, /too long/];
    for (const [index, reason] of reasons.entries()) {
      assert.match(lines[index] ?? "", /^(ToolError|PayloadError) /, printed);
      assert.match(lines[index] ?? "", reason, printed);
    }
    for (const line of lines.slice(6, 10)) assert.match(line, /^PermissionDenied .*not there/, printed);
    assert.equal(printed.match(/^png ToolError/gm)?.length, 3, printed);
    assert.match(printed, /^ToolError .*fifo is not a regular file/m);
    for (const { access } of asked) assert.ok("insideWorkspace" in access && !access.insideWorkspace);
    assert.deepEqual(await outside.names(), ["secret.txt"]);
    assert.equal(await outside.read("secret.txt"), "secret\n");
    assert.deepEqual(new Uint8Array(await session.workspace.bytes("p.png")), png);
    assert.deepEqual(await session.workspace.names(), ["dir", "fifo", "folder", "link", "p.png"]);
  });
});

describe("names that mean something elsewhere", function () {
  this.timeout(120_000);

  const names = ["__proto__", "constructor", "toString", "valueOf", "hasOwnProperty"];

  it("are names of files, payloads, variables and keys like any other", async () => {
    const code = [
      `names = ${JSON.stringify(names)}`,
      "assert [read_file(name).content for name in names] == [name + '\\n' for name in names]",
      "for name in reversed(names): write_file(name)",
      "payload('__proto__', 'again\\n')",
      "write_file('__proto__')",
      "echo({name: 1 for name in names})",
      "__proto__ = constructor = 1",
    ].join("\n");
    const files = names.map((name) => [name, `new ${name}\n`] as const);
    const tree = Object.fromEntries(names.map((name) => [name, `${name}\n`]));
    await using session = await openPythonSession(tree, [
      reply({ code, files }),
      reply({ code: "print(__proto__, constructor)" }),
      DONE,
    ]);
    const seen: unknown[] = [];
    session.runtime.registerTool({
      ...testTool({ name: "echo" }),
      input: z.object({ value: z.unknown() }),
      plan: async (input) => {
        seen.push(JSON.stringify(input));
        return {
          kind: "planned",
          call: {
            access: { kind: "none" },
            recovery: { kind: "repeat" },
            run: async () => ({ status: "done", output: "ok" }),
          },
        };
      },
    });
    const [first, second] = await outcomes(session);
    assert.equal(first?.clean, true, first?.output);
    assert.equal(second?.printed, "1 1\n");
    for (const name of names) {
      assert.equal(await session.workspace.read(name), name === "__proto__" ? "again\n" : `new ${name}\n`);
    }
    assert.deepEqual(seen, [`{"value":{${names.map((name) => `"${name}":1`).join(",")}}}`]);
    assert.equal(({} as Record<string, unknown>).value, undefined);
  });

  it("are no arguments of functions, and are refused by name", async () => {
    const code = [
      `for key in ${JSON.stringify([...names, "self", "__class__"])}:`,
      "    for function in (read_file, find, execute, payload, write_file, gather):",
      "        try:",
      '            function("main", "x", **{key: 1})',
      "            print('taken', key, function)",
      "        except (TypeError, ToolError) as error:",
      "            assert key in str(error), str(error)",
    ].join("\n");
    assert.equal(await printedBy({ main: "x\n" }, code), "");
  });
});

describe("calls that get in each other's way", function () {
  this.timeout(120_000);

  it("refuses a second edit by lines that the first has moved, until the program has read the file again", async () => {
    const code = [
      'read_file("a.txt")',
      'moved = write_file("a.txt", after_line=0, mode="insert")',
      'assert "Old line 1 is now line 3" in moved, moved',
      'try: write_file("./a.txt", start_line=1, end_line=1, mode="edit")',
      "except ToolError as error: print(error)",
      'line = read_file("a.txt").content.split("\\n").index("1") + 1',
      'write_file("a.txt", start_line=line, end_line=line, mode="edit")',
      'write_file("./a.txt", mode="a")',
      'write_file("b.txt")',
      'write_file("b.txt", start_line=1, end_line=1, mode="edit")',
      'read_file("c.txt")',
      'write_file("c.txt", mode="multi_edit", edits=[(1, 1), (3, 3)])',
    ].join("\n");
    const files = [
      ["a.txt", "zero\nhalf\n"],
      ["a.txt", "1 by its old number\n"],
      ["a.txt", "ONE\n"],
      ["a.txt", "five\n"],
      ["b.txt", "new\nlines\n"],
      ["b.txt", "newer\n"],
      ["c.txt", "1a\n1b\n"],
      ["c.txt", "3a\n3b\n"],
    ] as const;
    await using session = await openPythonSession({ "a.txt": "1\n2\n3\n4\n", "c.txt": "1\n2\n3\n" }, [
      reply({ code, files }),
      DONE,
    ]);
    const [outcome] = await outcomes(session);
    assert.equal(outcome?.status, "completed", outcome?.output);
    assert.match(outcome?.printed ?? "", /An earlier call of this reply has .*a\.txt.*No file was changed/);
    assert.equal(await session.workspace.read("a.txt"), "zero\nhalf\nONE\n2\n3\n4\nfive\n");
    assert.equal(await session.workspace.read("b.txt"), "newer\nlines\n");
    assert.equal(await session.workspace.read("c.txt"), "1a\n1b\n2\n3a\n3b\n");
  });

  it("gathers what works beside what fails and what is denied, and refuses what is no call before any is made", async () => {
    const code = [
      'calls = [(read_file, "a.txt"), (read_file, "nope"), (execute, "main", "touch denied"), (write_file, "w.txt"), (write_file, "none.txt"), (read_file, "b.txt")]',
      "try: gather(calls)",
      "except ToolError as error: print('raised', type(error).__name__, 'nope' in str(error))",
      "payload('w.txt', 'x\\n')",
      "made = gather(calls, return_exceptions=True)",
      "print([type(one).__name__ for one in made])",
      'for wrong in ([("read_file", "a.txt")], [(print, "x")], [(read_file,)], [(read_file, "a.txt", {"nope": 1})], [lambda: 1], [(read_file, "a.txt"), 5]):',
      "    try: print(gather(wrong))",
      "    except TypeError as error: print('TypeError', error)",
      "print(gather([]))",
    ].join("\n");
    await using session = await openPythonSession(
      { "a.txt": "a\n", "b.txt": "b\n" },
      [reply({ code, files: [["w.txt", "x\n"]] }), DONE],
      {
        allowAll: false,
        onPermission: async ({ tool }) => ({ decision: tool === "execute" ? "denied" : "allowed" }),
      },
    );
    const [outcome] = await outcomes(session);
    const printed = outcome?.printed ?? "";
    assert.match(printed, /^raised ToolError True$/m);
    const kinds = ["ToolText", "ToolError", "PermissionDenied", "ToolText", "PayloadError", "ToolText"];
    assert.ok(printed.includes(`[${kinds.map((kind) => `'${kind}'`).join(", ")}]`), printed);
    assert.equal(printed.match(/^TypeError /gm)?.length, 6, printed);
    assert.match(printed, /\[\]\n$/);
    assert.equal(outcome?.clean, false, "a write was not done");
    assert.equal(session.events.filter((event) => event.type === "tool.requested").length, 12);
    assert.deepEqual(await session.workspace.names(), ["a.txt", "b.txt", "w.txt"]);
  });
});

describe("tools of an embedding program in Python", function () {
  this.timeout(120_000);

  const clashing = [
    "print",
    "open",
    "class",
    "my-tool",
    "my_tool",
    "gather",
    "payload",
    "ToolError",
    "WORK_DIR",
    "len",
    "None",
  ];
  const odd = ["x y", "__builtins__", "1tool", "a.b", "é", "bind", "make", "tool\nname", "match"];

  async function offered(tools: readonly string[], script: Script | readonly string[]) {
    const session = await openPythonSession({}, script);
    for (const name of tools) session.runtime.registerTool(testTool({ name }));
    return session;
  }

  it("have a name of their own where theirs is taken or can not be written, and nothing else is shadowed", async () => {
    const code = [
      "calls = [print_, open_, class_, my_tool, my_tool_, gather_, payload_, ToolError_, WORK_DIR_, len_, None_]",
      "calls += [x_y, tool___builtins__, tool_1tool, a_b, é, bind, make, tool_name, match]",
      "print([str(call()) for call in calls])",
      "print(len([str(one) for one in gather([(call,) for call in calls])]))",
      'print(open("/tmp/x", "w").write("abc"), issubclass(ToolError, Exception), type(WORK_DIR).__name__, __builtins__ is not None)',
    ].join("\n");
    await using session = await offered([...clashing, ...odd], [reply({ code }), DONE]);
    const [outcome] = await outcomes(session);
    assert.equal(outcome?.clean, true, outcome?.output);
    const names = [...clashing, ...odd];
    const ran = names.map((name) => `'${name.replace("\n", "\\n")} ran'`).join(", ");
    assert.ok(outcome?.printed.startsWith(`[${ran}]\n${names.length}\n3 True str True\n`), outcome?.printed);
    const called = session.events.flatMap((event) => (event.type === "tool.requested" ? [event.tool] : []));
    assert.deepEqual(called, [...names, ...names], "the journal has the tools' own names");
    const { instructions } = session.model.requests[0] ?? assert.fail();
    for (const signature of ["print_()", "class_()", "my_tool()", "my_tool_()", "x_y()"]) {
      assert.ok(instructions.includes(`\n${signature}\n`), signature);
    }
  });

  it("get arguments by their own names, and free-form input as it is", async () => {
    const seen: unknown[] = [];
    const tool = (name: string, input: z.ZodType) => ({
      ...testTool({
        name,
        run: (given) => {
          seen.push(given);
          return { status: "done", output: "ok" };
        },
      }),
      input,
    });
    const code = [
      'move("a", "b", arg__id=3)',
      'move(from_="c", to="d", max_size=4)',
      'patch("*** Begin \\"Patch\\"\\n")',
      "try: move('a', 'b', wrong=1)",
      "except TypeError as error: print(error)",
    ].join("\n");
    await using session = await openPythonSession({}, [reply({ code }), DONE]);
    session.runtime.registerTool(
      tool(
        "move",
        z.object({ from: z.string(), to: z.string(), "max-size": z.optional(z.number()), _id: z.optional(z.number()) }),
      ),
    );
    session.runtime.registerTool({ ...tool("patch", z.object({ input: z.string() })), custom: {} });
    const [outcome] = await outcomes(session);
    assert.equal(outcome?.clean, true, outcome?.output);
    assert.match(outcome?.printed ?? "", /move\(\) got an unexpected keyword argument 'wrong'/);
    assert.deepEqual(seen, [
      { from: "a", to: "b", _id: 3 },
      { from: "c", to: "d", "max-size": 4 },
      { input: '*** Begin "Patch"\n' },
    ]);
  });
});
