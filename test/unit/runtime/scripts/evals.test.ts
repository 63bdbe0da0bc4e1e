/**
 * Twelve small jobs done whole in the python interface: files, an edit that goes wrong, a question, commands, a server
 * and a game. The model is scripted like a sensible one, which decides by the results it is shown. What is left is
 * checked by running it, and each job may take only so many replies and failed calls.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import type { TurnResult } from "../../../../src/embed/index.ts";
import { openPythonSession, type PythonSession, reply } from "../../../support/python-session.ts";
import type { Tree } from "../../../support/temp-workspace.ts";

/** The Node that runs the tests: there on every machine, unlike an interpreter on the PATH. */
const NODE = `'${process.execPath}'`;

interface Job {
  readonly tree?: Tree;
  readonly task: string;
  /** What the model says; `told` is what it was shown last. */
  readonly play: (told: string, step: number) => string;
  readonly most: { readonly steps: number; readonly failedCalls?: number; readonly rejected?: number };
  readonly check: (session: PythonSession, end: TurnResult) => Promise<void> | void;
}

async function work({ tree = {}, task, play, most, check }: Job): Promise<void> {
  await using session = await openPythonSession(tree, ({ input }, step) => {
    const last = input.findLast((item) => item.kind === "user");
    return { text: play(last?.kind === "user" ? last.text : "", step) };
  });
  const end = await session.runtime.run(task);
  const said = JSON.stringify(session.model.requests.at(-1)?.input, null, 1);
  assert.equal(end.reason, "completed", said);
  assert.ok(end.steps <= most.steps, `${end.steps} steps, at most ${most.steps}: ${said}`);
  const failed = session.events.filter((event) => event.type === "tool.finished" && event.outcome.status !== "done");
  assert.ok(failed.length <= (most.failedCalls ?? 0), JSON.stringify(failed));
  const rejected = said.match(/PROTOCOL ERROR/g)?.length ?? 0;
  assert.ok(rejected <= (most.rejected ?? 0), said);
  await check(session, end);
}

/** What `code` prints when it runs as a module beside the files. */
async function printed({ workspace }: PythonSession, code: string): Promise<string> {
  const args = ["--input-type=module", "-e", code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: workspace.root, timeout: 20_000 });
  return stdout.trim();
}

const lines = (...list: readonly string[]) => `${list.join("\n")}\n`;

const ran = (session: PythonSession) => session.scripts().map((script) => script.outcome?.status);

describe("files made and changed by programs", function () {
  this.timeout(120_000);

  it("F01: a module is made, and works", () =>
    work({
      task: "Create search.mjs with a binary search.",
      play: () =>
        reply({
          code: 'write_file("search.mjs")',
          files: [
            [
              "search.mjs",
              lines(
                "export function search(sorted, wanted) {",
                "  let [low, high] = [0, sorted.length - 1];",
                "  while (low <= high) {",
                "    const middle = (low + high) >> 1;",
                "    if (sorted[middle] === wanted) return middle;",
                "    if (sorted[middle] < wanted) low = middle + 1;",
                "    else high = middle - 1;",
                "  }",
                "  return -1;",
                "}",
              ),
            ],
          ],
          completion: "search.mjs has it.",
        }),
      most: { steps: 2 },
      check: async (session, end) => {
        assert.equal(end.text, "search.mjs has it.");
        const tries = "[[1, 3, 5], 3], [[1, 3, 5], 1], [[1, 3, 5], 5], [[1, 3, 5], 4], [[], 1]";
        const code = `import { search } from "./search.mjs"; console.log(String([${tries}].map((a) => search(...a))))`;
        assert.equal(await printed(session, code), "1,0,2,-1,-1");
      },
    }));

  const mathFile = lines(
    "export const square = (n) => n * 3;",
    "",
    "export const cube = (n) => n * n * n;",
    "",
    "export const half = (n) => n * 2;",
    "",
    "export const twice = (n) => n + 2;",
  );

  it("F02: one function is mended, and the one beside it is not touched", () =>
    work({
      tree: { "math.mjs": mathFile },
      task: "square() is wrong.",
      play: (told, step) => {
        if (step === 0) return reply({ code: 'read_file("math.mjs")' });
        const line = Number(/^ *(\d+) \| export const square/m.exec(told)?.[1]);
        return reply({
          code: `write_file("math.mjs", start_line=${line}, end_line=${line}, mode="edit")`,
          files: [["math.mjs", "export const square = (n) => n * n;\n"]],
          completion: "Mended.",
        });
      },
      most: { steps: 2 },
      check: async (session) => {
        assert.equal(await session.workspace.read("math.mjs"), mathFile.replace("n * 3", "n * n"));
        const code = 'import { square, cube } from "./math.mjs"; console.log(square(4), cube(2))';
        assert.equal(await printed(session, code), "16 8");
      },
    }));

  it("F03: three mistakes in one file are mended by one reply", () =>
    work({
      tree: { "math.mjs": mathFile },
      task: "square, half and twice are wrong.",
      play: (told, step) => {
        if (step === 0) return reply({ code: 'read_file("math.mjs")' });
        const at = (name: string) => Number(new RegExp(`^ *(\\d+) \\| export const ${name}`, "m").exec(told)?.[1]);
        const edits = ["square", "half", "twice"].map((name) => `(${at(name)}, ${at(name)})`).join(", ");
        return reply({
          code: `write_file("math.mjs", mode="multi_edit", edits=[${edits}])`,
          files: [
            ["math.mjs", "export const square = (n) => n * n;\n"],
            ["math.mjs", "export const half = (n) => n / 2;\n"],
            ["math.mjs", "export const twice = (n) => n * 2;\n"],
          ],
          completion: "All three.",
        });
      },
      most: { steps: 2 },
      check: async (session) => {
        const code =
          'import { square, cube, half, twice } from "./math.mjs"; console.log(square(5), cube(2), half(8), twice(5))';
        assert.equal(await printed(session, code), "25 8 4 10");
      },
    }));

  it("F04: two files are made and a third is changed by one reply", () =>
    work({
      tree: { "main.mjs": lines("// greets", 'console.log("TODO");') },
      task: "Split the greeting into two modules.",
      play: (told, step) => {
        if (step === 0) return reply({ code: 'read_file("main.mjs")' });
        const line = Number(/^ *(\d+) \| .*TODO/m.exec(told)?.[1]);
        return reply({
          code: lines(
            'for name in ["hello", "name"]:',
            '    write_file(f"words/{name}.mjs")',
            `write_file("main.mjs", start_line=${line}, end_line=${line}, mode="edit")`,
          ),
          // The payloads of a path have an order, paths among each other have none.
          files: [
            [
              "main.mjs",
              lines(
                'import hello from "./words/hello.mjs";',
                'import name from "./words/name.mjs";',
                "",
                "console.log(`${hello} ${name}`);",
              ),
            ],
            ["words/name.mjs", 'export default "world";\n'],
            ["words/hello.mjs", 'export default "Hello";\n'],
          ],
          completion: "Split.",
        });
      },
      most: { steps: 2 },
      check: async (session) => {
        assert.match(await session.workspace.read("main.mjs"), /^\/\/ greets\nimport/);
        assert.equal(await printed(session, 'import "./main.mjs"'), "Hello world");
      },
    }));

  it("F05: an edit whose place is not unique changes nothing, and both places are found after it", () => {
    const before = lines(
      "export function first() {",
      "  // the value",
      "  return 0;",
      "}",
      "",
      "export function second() {",
      "  // the value",
      "  return 0;",
      "}",
    );
    return work({
      tree: { "both.mjs": before },
      task: "first() is to return 1, second() 2.",
      play: (told, step) => {
        if (step === 0) {
          return reply({
            code: lines(
              'source = read_file("both.mjs").content.split("\\n")',
              '[line] = [n for n, text in enumerate(source, 1) if "// the value" in text]',
              'write_file("both.mjs", start_line=line + 1, end_line=line + 1, mode="edit")',
            ),
            files: [["both.mjs", "  return 1;\n"]],
            completion: "Changed.",
          });
        }
        if (step === 1) {
          assert.match(told, /ValueError: too many values to unpack/);
          assert.match(told, /completion block was not taken/);
          const places = [...told.matchAll(/^ *(\d+) \| {3}return 0/gm)].map((match) => Number(match[1]));
          assert.equal(places.length, 2, told);
          return reply({
            code: `write_file("both.mjs", mode="multi_edit", edits=${JSON.stringify(places.map((at) => [at, at]))})`,
            files: [
              ["both.mjs", "  return 1;\n"],
              ["both.mjs", "  return 2;\n"],
            ],
          });
        }
        return reply({ code: 'read_file("both.mjs")', completion: "Both changed." });
      },
      most: { steps: 3, failedCalls: 1, rejected: 1 },
      check: async (session, end) => {
        assert.equal(end.text, "Both changed.");
        assert.deepEqual(ran(session), ["failed", "completed", "completed"]);
        const expected = before.replace("return 0", "return 1").replace("return 0", "return 2");
        assert.equal(await session.workspace.read("both.mjs"), expected);
        const code = 'import { first, second } from "./both.mjs"; console.log(first(), second())';
        assert.equal(await printed(session, code), "1 2");
      },
    });
  });

  it("E01: a docstring is put in although its indentation was wrong at first", () => {
    const sort = lines(
      "def sort(items):",
      "    items = list(items)",
      "    for end in range(len(items) - 1, 0, -1):",
      "        for at in range(end):",
      "            if items[at] > items[at + 1]:",
      "                items[at], items[at + 1] = items[at + 1], items[at]",
      "    return items",
    );
    const check = 'compile(read_file("sort.py").content, "sort.py", "exec")';
    return work({
      tree: { "sort.py": sort },
      task: "Give sort() a docstring.",
      play: (told, step) => {
        if (step === 0) {
          return reply({
            code: lines('read_file("sort.py")', 'write_file("sort.py", after_line=1, mode="insert")', check),
            files: [["sort.py", '  """Sorts."""\n']],
            completion: "Documented.",
          });
        }
        if (step === 1) {
          assert.match(told, /File "sort\.py", line 3[\s\S]*IndentationError/);
          assert.match(told, /Statements before line 3 have run/);
          const bad = Number(/^ *(\d+) \| {3}"""Sorts/m.exec(told)?.[1]);
          return reply({
            code: lines(`write_file("sort.py", start_line=${bad}, end_line=${bad}, mode="edit")`, check),
            files: [["sort.py", '    """Sorts."""\n']],
          });
        }
        return reply({
          code: lines(
            "scope = {}",
            'exec(read_file("sort.py").content, scope)',
            'assert scope["sort"]([3, 1, 2]) == [1, 2, 3] and scope["sort"].__doc__ == "Sorts."',
          ),
          completion: "Documented, and it still sorts.",
        });
      },
      most: { steps: 3 },
      check: async (session, end) => {
        assert.equal(end.text, "Documented, and it still sorts.");
        assert.deepEqual(ran(session), ["failed", "completed", "completed"]);
        const [head = "", ...rest] = sort.split("\n");
        assert.equal(await session.workspace.read("sort.py"), [head, '    """Sorts."""', ...rest].join("\n"));
      },
    });
  });

  it("P01: a text file has the words and nothing of the fences around them", () =>
    work({
      task: "Put my two notes into notes.txt.",
      play: () =>
        [
          "```codepilot",
          'write_file("notes.txt")',
          "```",
          "",
          "~~~text filename=notes.txt",
          "milk",
          "bread",
          "~~~",
          "",
          "```completion",
          "Noted.",
          "```",
        ].join("\n"),
      most: { steps: 2 },
      check: async (session, end) => {
        assert.equal(end.text, "Noted.");
        assert.equal(await session.workspace.read("notes.txt"), "milk\nbread\n");
      },
    }));

  it("C01: a question is answered, with code to look at, and nothing is run or made", () => {
    const answer = 'A set has no order:\n\n```python\nset([2, 1])\nwrite("x")\n```\n\nUse `sorted` on it.';
    return work({
      task: "Why is my set not in order?",
      play: () => answer,
      most: { steps: 1 },
      check: async (session, end) => {
        assert.equal(end.text, answer);
        assert.deepEqual(session.scripts(), []);
        assert.deepEqual(await session.workspace.names(), []);
      },
    });
  });
});

describe("terminals used by programs", function () {
  this.timeout(120_000);

  it("T01: a command's end is known by its code", () =>
    work({
      task: "Does Node run here?",
      play: (told, step) =>
        step === 0
          ? reply({ code: `version = execute("main", "${NODE} --version")\nprint("code", version.return_code)` })
          : `It does: ${/^v\d+\S*$/m.exec(told)?.[0]}, code ${/^code (\d+)$/m.exec(told)?.[1]}.`,
      most: { steps: 2 },
      check: (_session, end) => assert.equal(end.text, `It does: ${process.version}, code 0.`),
    }));

  it("T02: a script that fails is read, mended and run again", () =>
    work({
      tree: {
        "report.mjs": lines(
          "const rows = [1, 2, 3];",
          "const sum = rows.reduce((a, b) => a + b);",
          "console.log(`sum ${summ}`);",
        ),
      },
      task: "report.mjs does not run.",
      play: (told, step) => {
        const run = `execute("main", "${NODE} report.mjs", timeout=20)`;
        if (step === 0) return reply({ code: run });
        if (step === 1) {
          assert.match(told, /return_code: 1 /);
          assert.match(told, /ReferenceError: summ is not defined/);
          const line = Number(/report\.mjs:(\d+)/.exec(told)?.[1]);
          return reply({ code: `read_file("report.mjs", start_line=${line}, end_line=${line})` });
        }
        if (step === 2) {
          const [, line, text = ""] = /^ *(\d+) \| (.*summ.*)$/m.exec(told) ?? [];
          return reply({
            code: `write_file("report.mjs", start_line=${line}, end_line=${line}, mode="edit")\n${run}`,
            files: [["report.mjs", `${text.replace("summ", "sum")}\n`]],
          });
        }
        assert.match(told, /^sum 6$/m);
        assert.match(told, /return_code: 0 /);
        return "It runs: sum 6.";
      },
      most: { steps: 4, failedCalls: 1 },
      check: async (session) => {
        assert.equal(await printed(session, 'await import("./report.mjs")'), "sum 6");
      },
    }));

  it("T03: a server runs in a terminal of its own and is asked from another, and ends with the session", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    await work({
      task: "Start a server and see that it answers.",
      play: (told, step) => {
        if (step === 0) {
          return reply({
            code: lines(
              'write_file("server.mjs")',
              `server = execute("server", "${NODE} server.mjs", timeout=0.5, new_terminal=True)`,
              "for _ in range(20):",
              '    if "listening" in server: break',
              '    server = read_output("server", timeout=1)',
              "else: raise TimeoutError(server)",
              "print(server.status)",
            ),
            files: [
              [
                "server.mjs",
                lines(
                  'import { createServer } from "node:http";',
                  "createServer((request, response) => {",
                  "  console.log(request.method, request.url);",
                  '  response.end("pong\\n");',
                  `}).listen(${port}, "127.0.0.1", () => console.log("listening"));`,
                ),
              ],
            ],
          });
        }
        if (step === 1) {
          assert.match(told, /^running$/m);
          const ask = `curl -sS ${url} || ${NODE} -e 'fetch(process.argv[1]).then((r) => r.text()).then(console.log)' ${url}`;
          return reply({
            code: `answer = execute("main", ${JSON.stringify(ask)}, timeout=20)\nread_output("server", timeout=1)`,
          });
        }
        assert.match(told, /^pong$/m);
        assert.match(told, /^GET \/$/m, "what the server printed meanwhile");
        return "It answers pong, and is left running.";
      },
      most: { steps: 4 },
      check: async () => {
        assert.equal(await (await fetch(url)).text(), "pong\n");
      },
    });
    await assert.rejects(fetch(url), "the server is gone with its session");
  });

  const game = lines(
    'import { createInterface } from "node:readline";',
    'import { writeFileSync } from "node:fs";',
    "const secret = 73;",
    "let guesses = 0;",
    'console.log("I think of a number from 1 to 100.");',
    'createInterface({ input: process.stdin }).on("line", (line) => {',
    "  guesses += 1;",
    "  const guess = Number(line);",
    '  if (guess < secret) return console.log(guess, "is too low");',
    '  if (guess > secret) return console.log(guess, "is too high");',
    '  console.log(guess, "is right");',
    '  writeFileSync("won.txt", String(guesses));',
    "  process.exit(0);",
    "});",
  );
  const start = `screen = execute("game", "${NODE} game.mjs", timeout=0.5, new_terminal=True)
for _ in range(20):
    if "I think" in screen: break
    screen = read_output("game", timeout=1)
`;
  const won = async (session: PythonSession) => {
    const guesses = Number(await session.workspace.read("won.txt"));
    assert.ok(guesses >= 1 && guesses <= 7, `${guesses} guesses`);
  };

  it("T04: a game is played reply by reply, by what its screen shows", () => {
    let [low, high] = [1, 100];
    return work({
      tree: { "game.mjs": game },
      task: "Win the game.",
      play: (told, step) => {
        if (step === 0) return reply({ code: start });
        const [, number, verdict] = [...told.matchAll(/^(\d+) is (right|too low|too high)/gm)].at(-1) ?? [];
        if (verdict === "right") return reply({ completion: `It is ${number}.` });
        if (verdict === "too low") low = Number(number) + 1;
        if (verdict === "too high") high = Number(number) - 1;
        const guess = Math.floor((low + high) / 2);
        return reply({
          code: lines(
            `screen = send_input("game", "${guess}\\n", timeout=1)`,
            "for _ in range(20):",
            `    if "${guess} is" in screen: break`,
            '    screen = read_output("game", timeout=1)',
          ),
        });
      },
      most: { steps: 10 },
      check: async (session, end) => {
        assert.equal(end.text, "It is 73.");
        await won(session);
      },
    });
  });

  it("T04: a game is played by one program", () =>
    work({
      tree: { "game.mjs": game },
      task: "Win the game.",
      play: () =>
        reply({
          code: `${start}
low, high = 1, 100
while True:
    guess = (low + high) // 2
    screen = send_input("game", f"{guess}\\n", timeout=0.5)
    for _ in range(20):
        if f"{guess} is" in screen: break
        screen = read_output("game", timeout=1)
    if f"{guess} is right" in screen: break
    if f"{guess} is too low" in screen: low = guess + 1
    else: high = guess - 1
`,
          completion: "Won.",
        }),
      most: { steps: 2 },
      check: async (session, end) => {
        assert.equal(end.text, "Won.");
        await won(session);
      },
    }));
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
