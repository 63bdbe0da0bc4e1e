/** The terminal tools over real pseudoterminals: what the model sees of programs that take input. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NodePtySpawner } from "../../../src/node/pty/node-pty-spawner.ts";
import { type TestTerminals, testTerminals } from "../../support/terminals.ts";
import { type Toolbox, toolbox } from "../../support/toolbox.ts";

describe("terminal tools over real terminals", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  let box: Toolbox;
  beforeEach(async () => {
    t = await testTerminals({ env: { PAGER: "less", EDITOR: "vi", LESS: "" } });
    box = await toolbox({ terminals: t.terminals });
  });
  afterEach(async () => {
    await box[Symbol.asyncDispose]();
    await t.close();
    assert.deepEqual(t.complaints, []);
  });

  async function call(tool: string, input: object): Promise<string> {
    const result = await box.call(tool, input);
    assert.equal(result.status, "done", result.output);
    return result.output;
  }
  const execute = (command: string, more: object = {}) => call("execute", { command, timeout: 20, ...more });
  const send = (text: string, timeout = 5) => call("send_input", { session_id: "main", text, timeout });
  const read = (more: object = {}) => call("read_output", { session_id: "main", ...more });
  const has = async (program: string) => (await new NodePtySpawner().findShell(program)) !== null;

  it("python: what is typed is answered on the screen, what is read is new", async () => {
    const started = await execute("python3 -q", { timeout: 10, wait_for: ">>>" });
    assert.match(started, /\[status: running/);
    assert.match(started, /Ready: it has printed ">>>"\.$/);
    const product = await send("6 * 7\n");
    assert.match(product, /^\[terminal:main:cmd1\] \$ python3 -q \(after input: "6 \* 7\\n"\)\n/);
    assert.match(product, />>> 6 \* 7\n42\n>>>/);
    assert.match(await send("def f(x):\n    return x + 1\n\nf(41)\n"), /\n42\n>>>/);
    const news = await read({ timeout: 0.2 });
    assert.match(news, /\(continued output\)\n[\s\S]*42[\s\S]*\n42\n>>>/);
    assert.match(await read({ timeout: 0.2 }), /\(continued output\)\n\(no output\)\n\[status: running/);
    await send("print('only ' + 'this')\n");
    const next = await read({ timeout: 0.2 });
    assert.match(next, /only this/);
    assert.doesNotMatch(next, /42/);
    assert.match(await send("\u0004"), /\[status: completed \| return_code: 0/);
  });

  it("read: a prompt, with and without echo", async () => {
    const started = await execute("read -p 'Name: ' name; read -s -p 'Word: ' word; echo; echo \"$name/$word\"", {
      wait_for: "Name:",
    });
    assert.match(started, /\nName:\n\[status: running/);
    const word = await send("Ada\n");
    assert.match(word, /Name: Ada\nWord:\n\[status: running/);
    const end = await send("hidden\n");
    assert.match(end, /Word:\nAda\/hidden\n/);
    assert.match(end, /\[status: completed \| return_code: 0/);
  });

  it("prompts one after another, as npm init asks them", async () => {
    await writeFile(
      join(t.home, "init.cjs"),
      `const rl = require("readline").createInterface({ input: process.stdin, output: process.stdout });
       rl.question("package name: (demo) ", (name) => rl.question("version: (1.0.0) ", (version) => {
         console.log(JSON.stringify({ name: name || "demo", version: version || "1.0.0" }));
         rl.question("Is this OK? (yes) ", (answer) => { rl.close(); process.exit(answer === "no" ? 1 : 0); });
       }));`,
    );
    assert.match(
      await execute("node init.cjs", { wait_for: "package name:" }),
      /package name: \(demo\)\n\[status: running/,
    );
    assert.match(await send("shop\n"), /package name: \(demo\) shop\nversion: \(1\.0\.0\)\n/);
    assert.match(await send("\n"), /\{"name":"shop","version":"1\.0\.0"\}\nIs this OK\? \(yes\)\n/);
    assert.match(await send("no\n"), /\[status: completed \| return_code: 1/);
  });

  it("less: pages, a search, the way out", async function () {
    if (!(await has("less"))) return this.skip();
    await execute("seq 1 500 > numbers");
    assert.match(await execute("less numbers", { timeout: 1 }), /\[status: running/);
    assert.match(await send(" "), /\n30\n31\n/);
    assert.match(await send("/^321$\n"), /\n321\n322\n/);
    const end = await send("q");
    assert.match(end, /\[status: completed \| return_code: 0/);
    // What it painted is not output.
    const whole = await read({ command: 2, from_line: 1 });
    assert.doesNotMatch(whole, /321/);
  });

  it("vi: a file is written", async function () {
    if (!(await has("vi"))) return this.skip();
    assert.match(await execute("vi -u NONE note.txt", { timeout: 1.5 }), /\[status: running/);
    const typed = await send("ifirst line\nsecond\u001b");
    assert.match(typed, /\nfirst line\nsecond\n~\n/);
    assert.match(await send(":wq\n"), /\[status: completed \| return_code: 0/);
    assert.match(await execute("cat note.txt"), /first line\nsecond\n/);
  });

  it("the next call works where a program was interrupted", async () => {
    await execute("cat", { timeout: 0.3 });
    assert.match(await send("\u0003"), /\[status: completed \| return_code: 130/);
    assert.match(await execute("echo free"), /\nfree\n/);
  });

  it("a long output leads to the rest of it, as the text says", async () => {
    const first = await execute("seq 1 20000");
    const [, from, to] = /from_line=(\d+), to_line=(\d+)\) shows them/.exec(first) ?? [];
    const lines: string[] = [];
    for (let next: number | null = Number(from); next !== null; ) {
      const part: string = await read({ command: 1, from_line: next, to_line: Number(to) });
      lines.push(...(/^\[.*\n([\s\S]*)\n\[status: completed/.exec(part)?.[1]?.split("\n") ?? []));
      const more: RegExpExecArray | null = /\[More: read_output\(session_id="main", command=1, from_line=(\d+)/.exec(
        part,
      );
      next = more === null ? null : Number(more[1]);
    }
    const [head = "", tail = ""] = first.split(/\n\[… \d+ characters omitted …\]\n/);
    assert.equal(lines.length, Number(to) - Number(from) + 1);
    assert.deepEqual(
      lines,
      Array.from({ length: lines.length }, (_, index) => `${Number(from) + index}`),
    );
    // With what was shown it is all: the lines at both cuts are whole here.
    assert.ok(Number(head.split("\n").at(-2)) >= Number(from) - 1);
    assert.ok(Number(tail.split("\n")[1]) <= Number(to) + 1);
  });

  it("a server in its own terminal is ready when the call returns, and gone when it is ended", async () => {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const program = `require("http").createServer((_, r) => r.end("hello")).listen(${port}, "127.0.0.1")`;
    const web = { session_id: "web", new_terminal: true };
    const started = await execute(`node -e '${program}'`, { ...web, wait_for_port: port, keep: true });
    assert.match(started, new RegExp(`Ready: port ${port} takes connections\\.\\nThe terminal can not be kept here`));
    assert.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), "hello");
    const again = await box.call("execute", { command: "true", wait_for_port: port });
    assert.match(again.output, /takes connections at port \d+ already, so nothing was run/);
    assert.match(await call("terminate_terminal", { session_id: "web" }), /was ended/);
    await assert.rejects(fetch(`http://127.0.0.1:${port}`));
  });
});
