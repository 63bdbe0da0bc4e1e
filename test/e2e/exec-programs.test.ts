/**
 * `codepilot exec --agent` with a model that acts through programs: the jobs that the Python library's own README
 * shows, with its agent file, and a process that is killed in the middle of a block.
 */
import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromRoot } from "../../scripts/paths.ts";
import type { AgentEvent, EventOf, EventType } from "../../src/protocol/events.ts";
import { type FakeModelServer, type FakeReply, startFakeModel } from "../support/fake-model/server.ts";
import { reply } from "../support/python-session.ts";
import { removeFolder } from "../support/remove-folder.ts";
import { type ExecResult, runExec } from "../support/run-exec.ts";

const NODE = `'${process.execPath}'`;
const lines = (...list: readonly string[]) => `${list.join("\n")}\n`;
const say = (text: string): FakeReply => ({ parts: [{ text }], deltaSize: 40 });

function all<T extends EventType>(events: readonly AgentEvent[], type: T): readonly EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

describe("codepilot exec with programs", function () {
  this.timeout(120_000);
  let cwd: string;
  let work: string;
  let home: string;
  let fake: FakeModelServer;

  beforeEach(async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "codepilot-programs-")));
    cwd = join(folder, "agent");
    work = join(cwd, "workspace");
    home = join(folder, "home");
    await mkdir(work, { recursive: true });
    await mkdir(home);
    await copyFile(fromRoot("test/fixtures/agent-files/original.yaml"), join(cwd, "agent.yaml"));
    fake = await startFakeModel([]);
  });
  afterEach(async () => {
    await fake.close();
    await removeFolder(join(cwd, ".."));
  });

  const exec = (args: readonly string[], more: Partial<Parameters<typeof runExec>[0]> = {}): Promise<ExecResult> =>
    runExec({
      args: ["--agent", "agent.yaml", ...args],
      cwd,
      home,
      env: { ANTHROPIC_BASE_URL: fake.baseUrl("anthropic"), ANTHROPIC_API_KEY: "sk-original" },
      timeoutMs: 60_000,
      ...more,
    });

  /** What the model was told last, as text. */
  const told = (body: { messages: readonly { content: unknown }[] } = fake.requests.at(-1)?.body): string => {
    const { content } = body.messages.at(-1) ?? {};
    if (typeof content === "string") return content;
    return (content as readonly { text?: string }[]).map(({ text }) => text ?? "").join("\n");
  };

  const scriptJob = {
    program: lines('write_file("primes.mjs")', `result = execute("main", "${NODE} primes.mjs", timeout=30)`),
    file: lines(
      "const isPrime = (n) => n > 1 && [...Array(n).keys()].slice(2).every((d) => n % d !== 0);",
      'console.log([...Array(20).keys()].filter(isPrime).join(" "));',
    ),
  };

  it("makes a script and runs it, and prints the closing words alone", async () => {
    fake.setScript([
      say(reply({ code: scriptJob.program, files: [["primes.mjs", scriptJob.file]] })),
      say(reply({ words: "It ran.", completion: "primes.mjs prints the primes below 20." })),
    ]);
    const result = await exec(["--yes", "Write a script that prints the primes below 20, and run it."]);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, "primes.mjs prints the primes below 20.\n");
    assert.match(told(), /^2 3 5 7 11 13 17 19$/m);
    assert.equal(await readFile(join(work, "primes.mjs"), "utf8"), scriptJob.file);
    const [first, second] = fake.requests;
    assert.equal(first?.format, "anthropic");
    assert.deepEqual(first?.body.tools ?? [], [], "functions are taught, not offered as tools");
    assert.ok(JSON.stringify(first?.body.system).includes("read_output(session_id"));
    assert.equal(JSON.stringify(second?.body.system), JSON.stringify(first?.body.system));
  });

  it("asks for every write and command as the file says, and does nothing of it where nobody answers", async () => {
    fake.setScript([
      say(reply({ code: scriptJob.program, files: [["primes.mjs", scriptJob.file]], completion: "It is made." })),
      say("I was not allowed to write the file."),
    ]);
    const result = await exec(["--json", "Write it."]);
    assert.equal(result.code, 0, result.stderr);
    assert.match(told(), /PermissionDenied: Denied: nobody is there/);
    assert.match(told(), /completion block was not taken/);
    assert.deepEqual(await readdir(work), []);
    assert.equal(all(result.events, "permission.asked").length, 1);
    assert.equal(all(result.events, "tool.started").length, 0);
    const [finished] = all(result.events, "script.finished");
    assert.deepEqual([finished?.outcome.status, finished?.outcome.clean], ["failed", false]);
  });

  it("tells programs, their calls and their ends with --json", async () => {
    fake.setScript([
      say(reply({ code: scriptJob.program, files: [["primes.mjs", scriptJob.file]], completion: "Made and run." })),
    ]);
    const result = await exec(["--json", "--yes", "Write it."]);
    assert.equal(result.code, 0, result.stderr);
    const { events } = result;
    const order = events.map((event) => event.type).filter((type) => /^(script|tool|turn|permission)\./.test(type));
    assert.deepEqual(
      order.filter((type) => type !== "tool.output"),
      [
        "turn.started",
        "script.started",
        ...["write", "execute"].flatMap(() => [
          "tool.requested",
          "permission.asked",
          "permission.answered",
          "tool.started",
          "tool.finished",
        ]),
        "script.finished",
        "turn.finished",
      ],
    );
    const [script] = all(events, "script.started");
    assert.equal(script?.source, scriptJob.program);
    assert.deepEqual(
      all(events, "tool.requested").map(({ tool, script: place }) => [
        tool,
        place?.scriptId,
        place?.index,
        place?.line,
      ]),
      [
        ["write_file", script?.scriptId, 1, 1],
        ["execute", script?.scriptId, 2, 2],
      ],
    );
    assert.deepEqual(all(events, "script.finished")[0]?.outcome.names, ["result"]);
    assert.equal(all(events, "turn.finished")[0]?.steps, 1);
  });

  it("starts a server in a terminal of its own, asks it, talks to it, and ends it with itself", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const server = lines(
      'import { createServer } from "node:http";',
      'let greeting = "hello";',
      "createServer((_, response) => response.end(`${greeting} from the server\\n`)).listen(" +
        `${port}, "127.0.0.1", () => console.log("ready"));`,
      'process.stdin.on("data", (data) => {',
      "  greeting = String(data).trim();",
      '  console.log("greets with", greeting);',
      "});",
    );
    const wait = (sign: string) =>
      `for _ in range(30):\n    if "${sign}" in screen: break\n    screen = read_output("server", timeout=1)\nelse: raise TimeoutError(screen)\n`;
    const ask = `execute("main", ${JSON.stringify(`curl -sS ${url} || ${NODE} -e 'fetch(process.argv[1]).then((r) => r.text()).then(console.log)' ${url}`)}, timeout=20)`;
    fake.setScript(({ index, body }) => {
      if (index === 0) {
        const code = `write_file("server.mjs")\nscreen = execute("server", "${NODE} server.mjs", new_terminal=True, timeout=1)\n${wait("ready")}${ask}`;
        return say(reply({ code, files: [["server.mjs", server]] }));
      }
      if (index === 1) {
        assert.match(told(body), /^hello from the server$/m);
        assert.match(told(body), /\[TERMINALS\][\s\S]*server/, "the model sees what is open");
        return say(
          reply({ code: `screen = send_input("server", "moin\\n", timeout=1)\n${wait("greets with moin")}${ask}` }),
        );
      }
      assert.match(told(body), /^moin from the server$/m);
      return say(reply({ code: 'terminate_terminal("server")', completion: "It served hello, then moin." }));
    });
    const result = await exec(["--yes", "--json", "Start a server and try it."]);
    assert.equal(result.code, 0, `${result.stderr}\n${told()}`);
    assert.equal(fake.requests.length, 3);
    const opened = all(result.events, "terminal.opened").map(({ terminal }) => terminal.name);
    assert.deepEqual(opened.toSorted(), ["main", "server"]);
    assert.equal(
      all(result.events, "terminal.exited").some(({ terminal }) => terminal === "server"),
      true,
    );
    await assert.rejects(fetch(url), "nothing is left listening");
  });

  it("edits several files by one block, several places of one file by multi_edit", async () => {
    const cart = lines(
      "export const add = (a, b) => a - b;",
      "",
      "export const sum = (list) => list.reduce(add);",
      "",
      "export const mean = (list) => sum(list) * list.length;",
    );
    const main = lines('import { mean } from "./cart.mjs";', "console.log(mean([1, 2, 3]));");
    await writeFile(join(work, "cart.mjs"), cart);
    await writeFile(join(work, "main.mjs"), main);
    fake.setScript([
      say(reply({ code: 'gather([(read_file, "cart.mjs"), (read_file, "main.mjs")])' })),
      say(
        reply({
          code: lines(
            'write_file("cart.mjs", mode="multi_edit", edits=[(1, 1), (3, 3), (5, 5)])',
            'write_file("main.mjs", after_line=1, mode="insert")',
            'write_file("docs/cart.md")',
            'write_file("main.mjs", mode="a")',
            `assert execute("main", "${NODE} main.mjs", timeout=30).output.split() == ["cart:", "2", "done"]`,
          ),
          files: [
            ["main.mjs", 'console.log("cart:");\n'],
            ["cart.mjs", "export const add = (a, b) => a + b;\n"],
            ["cart.mjs", "// Of an empty list: 0.\nexport const sum = (list) => list.reduce(add, 0);\n"],
            ["docs/cart.md", "# Cart\n\n```js\nmean([1, 2, 3]);\n```\n"],
            ["cart.mjs", "export const mean = (list) => sum(list) / list.length;\n"],
            ["main.mjs", 'console.log("done");\n'],
          ],
          completion: "Sum and mean are right.",
        }),
      ),
    ]);
    const result = await exec(["--yes", "The mean is wrong."]);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, "Sum and mean are right.\n");
    const expected = lines(
      "export const add = (a, b) => a + b;",
      "",
      "// Of an empty list: 0.",
      "export const sum = (list) => list.reduce(add, 0);",
      "",
      "export const mean = (list) => sum(list) / list.length;",
    );
    assert.equal(await readFile(join(work, "cart.mjs"), "utf8"), expected);
    assert.equal(await readFile(join(work, "docs/cart.md"), "utf8"), "# Cart\n\n```js\nmean([1, 2, 3]);\n```\n");
  });

  it("ends with 3 when a program's question finds nobody, whatever the program makes of it", async () => {
    const agent = await readFile(join(cwd, "agent.yaml"), "utf8");
    await writeFile(join(cwd, "agent.yaml"), `${agent.trimEnd()}\n    - name: ask_user\n`);
    fake.setScript([
      say(
        reply({
          code: 'try: name = ask_user("Which name?")\nexcept ToolError: name = "guessed"\nprint(name)',
          completion: "I took a guess.",
        }),
      ),
    ]);
    const result = await exec(["--yes", "Ask me."]);
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, /nobody was there to answer/);
    assert.doesNotMatch(result.stdout, /guess/);
  });

  describe("killed in the middle of a block", () => {
    const program = lines(
      'execute("main", "echo one >> effects.log")',
      'write_file("made.txt")',
      'execute("main", "sleep 0.4; echo two >> effects.log; sleep 0.4")',
      'execute("main", "echo three >> effects.log")',
    );
    const repair = lines(
      'done = read_file("effects.log").content.split()',
      'for word in ["one", "two", "three"]:',
      '    if word not in done: execute("main", f"echo {word} >> effects.log")',
    );
    const done = say(reply({ completion: "Everything is done." }));

    const moments: Readonly<Record<string, (event: AgentEvent, finished: number) => boolean>> = {
      "after its first call": (event, finished) => event.type === "tool.finished" && finished === 1,
      "before a write": (event, finished) => event.type === "tool.started" && finished === 1,
      "in a command": (event, finished) => event.type === "tool.started" && finished === 2,
      "after a command": (event, finished) => event.type === "tool.finished" && finished === 3,
      "at its end": (event) => event.type === "script.finished",
    };
    for (const [when, isMoment] of Object.entries(moments)) {
      it(`${when}, it goes on, and every effect is there once`, async () => {
        fake.setScript(({ body }) => {
          if (body.messages.length === 1) return say(reply({ code: program, files: [["made.txt", "made once\n"]] }));
          return /restarted while this command/.test(told(body)) ? say(reply({ code: repair })) : done;
        });
        let text = "";
        const killed = await exec(["--json", "--yes", "Do it all."], {
          onOutput: (child, chunk) => {
            text += chunk;
            const whole = text.slice(0, text.lastIndexOf("\n") + 1);
            const events = whole.split("\n").flatMap((line) => (line ? [JSON.parse(line) as AgentEvent] : []));
            const hit = events.some((event, index) =>
              isMoment(event, all(events.slice(0, index + 1), "tool.finished").length),
            );
            if (hit) child.kill("SIGKILL");
          },
        });
        assert.equal(killed.signal, "SIGKILL", killed.stderr);
        const resumed = await runExec({
          args: ["--resume", "--json", "--yes", "-C", work],
          cwd,
          home,
          env: { ANTHROPIC_BASE_URL: fake.baseUrl("anthropic"), ANTHROPIC_API_KEY: "sk-original" },
          timeoutMs: 60_000,
        });
        assert.equal(resumed.code, 0, `${resumed.stderr}\n${resumed.stdout.slice(-2_000)}`);
        const effects = (await readFile(join(work, "effects.log"), "utf8")).trim().split("\n");
        assert.deepEqual(effects.toSorted(), ["one", "three", "two"]);
        assert.equal(await readFile(join(work, "made.txt"), "utf8"), "made once\n");
        const [turn] = all(resumed.events, "turn.finished");
        assert.equal(turn?.reason, "completed");
        const calls = [...killed.events, ...resumed.events].filter((event) => event.type === "tool.finished");
        const ids = new Set(calls.map((event) => (event.type === "tool.finished" ? event.callId : "")));
        assert.equal(ids.size, calls.length, "a call ended twice");
      });
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
