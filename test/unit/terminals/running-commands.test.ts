import assert from "node:assert/strict";
import { eventually, processesOfHome, type TestTerminals, testTerminals } from "../../support/terminals.ts";

describe("commands that run", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  beforeEach(async () => {
    t = await testTerminals();
  });
  afterEach(async () => {
    await t.close();
    assert.deepEqual(t.complaints, []);
  });

  it("are reported running at the timeout, and end in a read", async () => {
    const first = await t.command("echo begun; sleep 0.6; echo ended; (exit 3)", { timeoutMs: 200 });
    assert.equal(first.status, "running");
    assert.equal(first.output.text, "begun\n");
    const busy = await t.run("echo not typed");
    assert.equal(busy.kind, "busy");
    assert.ok(busy.kind === "busy" && busy.command.startsWith("echo begun"));
    const read = await t.read();
    assert.ok(read.kind === "read");
    assert.equal(read.command?.status, "completed");
    assert.equal(read.command.exitCode, 3);
    assert.equal(read.command.output.text, "begun\nended\n");
    assert.equal(read.output.text, "ended\n");
    const again = await t.read();
    assert.ok(again.kind === "read" && again.output.text === "", JSON.stringify(again));
    assert.equal((await t.command("echo free")).output.text, "free\n");
  });

  it("show what no call waits for to whoever watches, coalesced and bounded", async () => {
    const seen: string[] = [];
    const watch = t.terminals.watchOutput(({ terminal, chunk }) => seen.push(`${terminal} ${chunk}`));
    const text = () => seen.join("");
    await t.command("echo asked for; seq 1 1000");
    await t.command("echo soon; sleep 0.3; echo later", { timeoutMs: 100 });
    await eventually("the rest of a command", () => text().includes("main later"));
    await t.command("(sleep 0.2; echo from behind) &");
    await eventually("a program in the background", () => text().includes("from behind"));
    assert.doesNotMatch(text(), /asked for|1000|soon/);

    seen.length = 0;
    await t.command("(sleep 0.2; seq 1 400000; echo end of flood) &");
    await eventually("the end of a flood", () => text().includes("end of flood"));
    assert.match(text(), /characters skipped/);
    const longest = Math.max(...seen.map((chunk) => chunk.length));
    assert.ok(longest < 17_000, `${longest}`);

    watch.dispose();
    const { length } = seen;
    await t.command("(sleep 0.1; echo unseen) & sleep 0.2");
    await t.command("true");
    assert.equal(seen.length, length);
  });

  for (const [command, input, output] of [
    ["cat", "typed\n\x04", /typed/],
    ['read -r x; echo "got $x"', "value\n", /got value/],
    ["python3 -q", "print(6 * 7)\nexit()\n", /42/],
    ["sh", "echo inner $((1 + 1))\nexit 0\n", /inner 2/],
  ] as const) {
    it(`wait for input: ${command}`, async () => {
      const started = await t.command(command, { timeoutMs: command.startsWith("python") ? 1200 : 400 });
      assert.equal(started.status, "running", started.output.text);
      await t.write(input);
      const read = await t.read(8000);
      assert.ok(read.kind === "read");
      assert.equal(read.command?.status, "completed", JSON.stringify(read));
      assert.equal(read.command.exitCode, 0);
      assert.match(read.command.output.text, output);
    });
  }

  it("get answers from the terminal although nobody looks", async () => {
    const ask = (query: string) =>
      `python3 -c 'import os,sys,tty,termios; old=termios.tcgetattr(0); tty.setcbreak(0); os.write(1,b"ab${query}"); ` +
      `print(repr(os.read(0,50))); termios.tcsetattr(0,termios.TCSADRAIN,old)'`;
    assert.match((await t.command(ask("\\x1b[c"))).output.text, /\[\?1;2c/);
    assert.match((await t.command(ask("\\x1b[6n"))).output.text, /\[\d+;3R/);
  });

  it("show their screen to a write, and leave nothing of it in the text", async () => {
    await t.command("seq 1 500 > numbers");
    const started = await t.command("less numbers", { timeoutMs: 1000 });
    assert.equal(started.status, "running");
    const moved = await t.write("G");
    assert.ok(moved.kind === "read");
    assert.match(moved.output.text, /499\n500\n.*END/);
    assert.equal(moved.output.text.split("\n").length, 30);
    const quit = await t.write("q");
    assert.ok(quit.kind === "read");
    assert.equal(quit.command?.status, "completed");
    assert.doesNotMatch(quit.command.output.text, /499/);
  });

  it("let the shell take several writes and reads while a full-screen editor is open", async () => {
    const started = await t.command("vi -u NONE -N new.txt", { timeoutMs: 1000 });
    assert.equal(started.status, "running");
    const typed = await t.write("ihello from the agent\x1b");
    assert.ok(typed.kind === "read");
    assert.match(typed.output.text, /hello from the agent/);
    const saved = await t.write(":wq\r");
    assert.ok(saved.kind === "read");
    assert.equal(saved.command?.status, "completed", JSON.stringify(saved));
    assert.equal((await t.command("cat new.txt")).output.text, "hello from the agent\n");
  });

  it("end with the shell: exit, kill, set -e", async () => {
    for (const [command, exitCode] of [
      ["exit 3", 3],
      ["kill -9 $$", null],
      ["set -e; false; echo not reached", 1],
      ["exec true", 0],
    ] as const) {
      const result = await t.command(command);
      assert.deepEqual([result.status, result.exitCode], ["exited", exitCode], command);
      // The next need starts a new shell.
      assert.equal((await t.command("echo back")).output.text, "back\n");
    }
  });

  it("tell the end of the shell once to a read", async () => {
    await t.command("echo last words; exit 4");
    const read = await t.read();
    assert.deepEqual([read.kind, read.kind === "exited" && read.exitCode], ["exited", 4]);
    assert.equal((await t.read()).kind, "read");
  });

  it("become unknown when another program takes the place of the shell", async () => {
    const replaced = await t.command("exec sh");
    assert.equal(replaced.status, "unknown");
    assert.equal(t.terminals.list()[0]?.status, "unknown");
    const next = await t.command("echo in sh");
    assert.equal(next.status, "unknown");
    assert.match(next.output.text, /in sh/);
  });

  it("are interrupted by an abort, and the shell lives on", async () => {
    const { pid } = await t.command("true");
    for (const command of [
      "sleep 100",
      "cat",
      "read x",
      "while :; do :; done",
      "sh -c 'trap \"\" INT; sleep 100'",
      "less /etc/passwd",
    ]) {
      const abort = new AbortController();
      const running = t.command(command, { signal: abort.signal, timeoutMs: 20_000 });
      await eventually(
        `${command} runs`,
        () => t.terminals.list()[0]?.command === command && t.terminals.list()[0]?.status === "running",
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      abort.abort();
      const result = await running;
      assert.equal(result.status, "completed", command);
      assert.notEqual(result.exitCode, 0, command);
      assert.equal((await t.command("echo alive")).pid, pid, command);
    }
  });

  it("end even when they and the shell ignore every polite signal", async () => {
    const abort = new AbortController();
    const running = t.command("trap '' INT TERM HUP; while :; do sleep 1; done", { signal: abort.signal });
    await eventually("it runs", () => t.terminals.list()[0]?.status === "running");
    await new Promise((resolve) => setTimeout(resolve, 200));
    abort.abort();
    const result = await running;
    assert.equal(result.status, "exited");
    assert.equal((await t.command("echo back")).output.text, "back\n");
  });

  it("are ended by the person: the waiting call and the next read tell, and the shell lives on", async () => {
    const { pid } = await t.command("true");
    const running = t.command("echo begun; sleep 100", { timeoutMs: 20_000, commandId: "waited" });
    await eventually("it runs", () => t.terminals.list()[0]?.commandId === "waited");
    assert.equal(await t.terminals.interrupt({ terminal: "main", commandId: "another", by: "person" }), "idle");
    assert.equal(await t.terminals.interrupt({ terminal: "main", commandId: "waited", by: "person" }), "interrupted");
    const result = await running;
    assert.deepEqual([result.status, result.endedBy], ["completed", "person"]);
    assert.ok((result.exitCode ?? 0) > 128);

    const server = await t.command("trap '' INT; sleep 100", { timeoutMs: 100, commandId: "server" });
    assert.deepEqual([server.status, server.endedBy], ["running", undefined]);
    assert.equal(await t.terminals.interrupt({ terminal: "main", commandId: "server", by: "person" }), "interrupted");
    assert.deepEqual(
      t.terminals.list().map(({ status, commandId }) => [status, commandId]),
      [["idle", "server"]],
    );
    const read = await t.read();
    assert.ok(read.kind === "read" && read.command);
    assert.deepEqual([read.command.status, read.command.endedBy], ["completed", "person"]);
    assert.notEqual(read.command.exitCode, 0);

    assert.equal(await t.terminals.interrupt({ terminal: "main", commandId: "server", by: "person" }), "idle");
    assert.equal(await t.terminals.interrupt({ terminal: "none" }), "no-terminal");
    const after = await t.command("echo alive");
    assert.deepEqual([after.pid, after.endedBy], [pid, undefined]);
  });

  it("never begin when they are aborted before", async () => {
    const result = await t.run("touch begun", { signal: AbortSignal.abort() });
    assert.equal(result.kind, "failed");
    assert.equal((await t.command("ls")).output.text, "");
  });

  it("never begin when they are aborted while they are typed", async () => {
    await t.command("true");
    for (let round = 0; round < 20; round++) {
      const abort = new AbortController();
      const running = t.run(`echo ${round} >> log; sleep 5`, { signal: abort.signal });
      await new Promise((resolve) => setTimeout(resolve, round / 4));
      abort.abort();
      const result = await running;
      assert.ok(
        result.kind === "failed" || (result.kind === "command" && result.status !== "running"),
        JSON.stringify(result),
      );
      assert.equal((await t.command("echo next")).output.text, "next\n");
    }
  });

  it("are gone after terminate, whatever they ignore and wherever they hide", async () => {
    await t.terminals.open({ name: "server", createdBy: "agent" });
    await t.command(
      "trap '' INT TERM HUP; sleep 300 & nohup sleep 301 >/dev/null 2>&1 & setsid -w sleep 302 & (trap '' TERM; sleep 303) &",
      {
        terminal: "server",
      },
    );
    const looping = await t.command("while :; do sleep 0.2; done", { terminal: "server", timeoutMs: 300 });
    assert.equal(looping.status, "running");
    assert.ok((await processesOfHome(t.home)).length >= 5);
    const before = performance.now();
    assert.equal(await t.terminals.terminate("server"), "terminated");
    assert.ok(performance.now() - before < 30_000);
    await eventually("no process is left", async () => (await processesOfHome(t.home)).length === 0);
    assert.deepEqual(
      t.terminals.list().map(({ name }) => name),
      ["main"],
    );
    assert.equal(await t.terminals.terminate("server"), "no-terminal");
  });

  it("are found by their output as it comes, at most 20 times a second", async () => {
    const chunks: string[] = [];
    const result = await t.command("for i in $(seq 1 300); do echo line $i; sleep 0.003; done", {
      onOutput: (chunk) => chunks.push(chunk),
    });
    assert.equal(chunks.join(""), Array.from({ length: 300 }, (_, i) => `line ${i + 1}\r\n`).join(""));
    assert.ok(
      chunks.length > 3 && chunks.length <= 2 + result.durationMs / 50,
      `${chunks.length} in ${result.durationMs}`,
    );
    const flood: string[] = [];
    await t.command("seq 1 300000", { onOutput: (chunk) => flood.push(chunk) });
    assert.ok(flood.every((chunk) => chunk.length < 20_000));
    assert.match(flood.join(""), /characters skipped/);
    assert.match(flood.at(-1) ?? "", /300000\r\n$/);
  });
});
