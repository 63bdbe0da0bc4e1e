import assert from "node:assert/strict";
import { chmod, mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { NodePtySpawner } from "../../../src/node/pty/node-pty-spawner.ts";
import { parseProcStat, parsePs, systemProcessTable } from "../../../src/node/pty/process-table.ts";
import { silentLog } from "../../../src/ports/log.ts";
import type { TerminalEvent } from "../../../src/ports/terminals.ts";
import { removeFolder } from "../../support/remove-folder.ts";
import {
  eventually,
  processesOfHome,
  type TestTerminals,
  type TestTerminalsOptions,
  testTerminals,
} from "../../support/terminals.ts";

describe("terminals in trouble", function () {
  this.timeout(120_000);
  const open: TestTerminals[] = [];
  async function terminals(options: TestTerminalsOptions = {}): Promise<TestTerminals> {
    const made = await testTerminals(options);
    open.push(made);
    return made;
  }
  afterEach(async () => {
    for (const made of open.splice(0)) {
      await made.close();
      assert.deepEqual(await processesOfHome(made.home), []);
    }
  });

  for (const [what, bashrc] of [
    ["prints", "echo noise; printf '\\e]633;D;0\\a'"],
    ["sets errexit and fails softly", "set -e; true"],
    ["sets nounset, noglob, xtrace, posix", "set -uf; set -o posix; set -x"],
    ["traps everything", "trap 'echo debug >/dev/null' DEBUG; trap '' INT; trap 'echo bye' EXIT; trap 'true' ERR"],
    ["owns the prompt", "PS1='$(date) > '; PROMPT_COMMAND='PS1=\"[\\w] \"; false'; PS0='running'; export PS1"],
    ["has a prompt of several lines", "PS1='\\[\\e[32m\\]\\u\\n\\n$ \\[\\e[0m\\]'"],
    ["edits in vi mode", "set -o vi"],
    ["has no line editing", "set +o emacs"],
    ["returns early", "return 1"],
    ["is not valid", "if then ("],
    [
      "has aliases and functions in the way",
      "alias local=x return=x; history() { :; }; printf() { :; }; alias eval=true",
    ],
    [
      "has aliases for what the shell itself knows",
      "alias builtin='echo fake' set='echo fake' for='echo fake' if='echo fake' '[['=false unset=false unalias=true",
    ],
    ["exports functions and arrays", "PROMPT_COMMAND=(true 'echo -n'); f() { :; }; export -f f"],
    ["makes PROMPT_COMMAND and PS1 readonly", "PS1='$ '; readonly PS1"],
    [
      "lets nobody change what is kept of the history",
      "readonly HISTCONTROL=erasedups HISTFILE HISTSIZE HISTTIMEFORMAT=",
    ],
  ] as const) {
    it(`takes commands when the startup file ${what}`, async () => {
      const t = await terminals({ bashrc: `${bashrc}\nFROM_RC=loaded` });
      assert.equal((await t.command("echo one")).output.text.replace(/^\++ .*\n/gm, ""), "one\n");
      const failing = await t.command("(exit 7)");
      assert.deepEqual([failing.status, failing.exitCode], ["completed", 7]);
      const loaded = await t.command("echo ${FROM_RC-}");
      assert.match(loaded.output.text, what === "returns early" || what === "is not valid" ? /.*/ : /loaded\n/);
      const multi = await t.command("cat <<END\na\nEND");
      assert.match(multi.output.text, /^(\++ .*\n)*a\n$/);
    });
  }

  it("keeps its lines out of a history that the startup file has made unchangeable", async () => {
    const bashrc = "readonly HISTCONTROL= HISTSIZE=100 HISTTIMEFORMAT='%F %T '; readonly PROMPT_COMMAND='true'";
    const t = await terminals({ bashrc });
    await t.command("true");
    const events: TerminalEvent[] = [];
    t.terminals.on((event) => events.push(event));
    let seen = "";
    const person = await t.terminals.attach("main", (data) => {
      seen += data;
    });
    await t.command("echo  first");
    await eventually("the prompt is back", () => /633;C[\s\S]*633;B/.test(seen));
    person?.write("echo  second;  (exit 3)\r");
    await eventually("the person's command is told", () => events.some(({ type }) => type === "command-ended"));
    const told = events.find((event) => event.type === "command-ended");
    assert.deepEqual([told?.command.command, told?.command.exitCode], ["echo  second;  (exit 3)", 3]);
    const { output } = await t.command("fc -l -20");
    assert.deepEqual(
      output.text.split("\n").map((line) => line.replace(/^\d+\t\W? ?/, "")),
      ["true", "echo  first", "echo  second;  (exit 3)", "fc -l -20", ""],
    );
    person?.dispose();
  });

  it("starts without a startup file that ends the shell", async () => {
    const t = await terminals({ bashrc: "exit 9" });
    const remarks: string[] = [];
    t.terminals.on((event) => {
      if (event.type === "remarked") remarks.push(`${event.name}: ${event.remark}`);
    });
    assert.equal((await t.command("echo works")).output.text, "works\n");
    const attachment = await t.terminals.attach("main", () => {});
    assert.match(attachment?.snapshot ?? "", /started without it/);
    assert.deepEqual(remarks, ["main: ~/.bashrc ended the shell with exit code 9; started without it"]);
    attachment?.dispose();
  });

  it("is busy while the startup file hangs, and usable afterwards", async () => {
    const t = await terminals({ bashrc: "sleep 3.5" });
    const early = await t.run("echo early", { timeoutMs: 300 });
    assert.ok(early.kind === "busy" && /startup/.test(early.command), JSON.stringify(early));
    assert.equal((await t.command("echo later", { timeoutMs: 10_000 })).output.text, "later\n");
  });

  it("counts the startup as part of the time that a command has", async () => {
    const t = await terminals({ bashrc: "sleep 2.8" });
    const before = performance.now();
    const result = await t.command("sleep 20", { timeoutMs: 4000 });
    const tookMs = performance.now() - before;
    assert.equal(result.status, "running");
    assert.ok(tookMs > 3900 && tookMs < 6500, `${tookMs}`);
  });

  it("works with a startup file that executes another shell", async () => {
    const t = await terminals({ bashrc: "exec sh" });
    const result = await t.command("echo $((6 * 7))", { timeoutMs: 10_000 });
    assert.equal(result.status, "unknown");
    assert.match(result.output.text, /42/);
  });

  for (const shell of ["sh", "dash", "ksh"]) {
    it(`runs ${shell} without knowing the end of a command`, async function () {
      if ((await new NodePtySpawner().findShell(shell)) === null) return this.skip();
      const t = await terminals();
      assert.equal((await t.terminals.open({ name: "other", shell, createdBy: "agent" })).kind, "opened");
      const result = await t.command("echo $((6 * 7))", { terminal: "other" });
      assert.equal(result.status, "unknown");
      assert.match(result.output.text, /42/);
      assert.equal(result.exitCode, null);
      const long = await t.command("/bin/sleep 0.8; echo slept", { terminal: "other" });
      let output = long.output.text;
      await eventually("it slept", async () => {
        const read = await t.read(1000, "other");
        if (read.kind === "read") output += read.output.text;
        return /^(?:# )?slept/m.test(output);
      });
      const running = await t.command("/bin/sleep 50", { terminal: "other", timeoutMs: 300 });
      assert.equal(running.status, "unknown");
      assert.equal((await t.run("echo no", { terminal: "other" })).kind, "busy");
      const ended = await t.command("exit 3", { terminal: "main" });
      assert.equal(ended.exitCode, 3);
    });
  }

  it("says what to do when a shell, a folder or a terminal is missing", async () => {
    const t = await terminals();
    const noShell = await t.terminals.open({ name: "a", shell: "no-such-shell", createdBy: "agent" });
    assert.ok(noShell.kind === "failed" && /no shell no-such-shell/.test(noShell.message));
    const noPath = await t.terminals.open({ name: "a", shell: "/etc/passwd", createdBy: "agent" });
    assert.equal(noPath.kind, "failed");
    const noFolder = await t.terminals.open({ name: "a", cwd: join(t.home, "gone"), createdBy: "agent" });
    assert.ok(noFolder.kind === "failed" && /does not exist/.test(noFolder.message));
    for (const name of ["", "x".repeat(100), "a\nb"]) {
      assert.equal((await t.terminals.open({ name, createdBy: "agent" })).kind, "failed");
    }
    assert.deepEqual(await t.run("true", { terminal: "nowhere" }), { kind: "no-terminal", names: ["main"] });
    assert.equal((await t.read(10, "nowhere")).kind, "no-terminal");
    assert.equal(await t.terminals.attach("nowhere", () => {}), null);
    assert.deepEqual(
      t.terminals.list().map(({ name, status, pid }) => ({ name, status, pid })),
      [{ name: "main", status: "not-started", pid: null }],
    );
  });

  it("fails with cause and next step when the start folder has vanished", async () => {
    const t = await terminals();
    await removeFolder(t.home);
    const result = await t.run("true");
    assert.ok(result.kind === "failed" && /does not exist/.test(result.message));
    await mkdir(t.home);
    assert.equal((await t.command("echo back")).output.text, "back\n");
  });

  it("says so when node-pty can not be loaded", async () => {
    const spawner = new NodePtySpawner(() => Promise.reject(new Error("no native part\nmore")));
    const result = await spawner.spawn({ file: "/bin/sh", args: [], cwd: "/", env: {}, cols: 80, rows: 24 });
    assert.ok(result.kind === "failed" && /node-pty could not be loaded \(no native part\)/.test(result.message));
  });

  it("keeps secrets from the shell and its files from others", async () => {
    const t = await terminals({ env: { OPENAI_API_KEY: "sk-secret", GH_TOKEN: "gh-secret", KEPT: "yes" } });
    const { output } = await t.command("env; tr '\\0' '\\n' < /proc/$$/environ; echo \"file $__cp_file\"");
    assert.doesNotMatch(output.text, /secret/);
    assert.match(output.text, /KEPT=yes/);
    const file = /file (.*)/.exec(output.text)?.[1] ?? "";
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal((await stat(join(file, ".."))).mode & 0o777, 0o700);
  });

  it("leaves no process and no folder after 20 rounds of opening and closing", async () => {
    for (let round = 0; round < 10; round++) {
      const t = await testTerminals();
      for (const name of ["a", "b"]) {
        await t.terminals.open({ name, createdBy: "agent" });
        await t.command("sleep 200 & sleep 201 | cat &", { terminal: name });
      }
      const file = (await t.command('echo "$__cp_file"', { terminal: "b" })).output.text.trim();
      assert.ok((await stat(file)).isFile());
      assert.equal((await stat(dirname(file))).mode & 0o777, 0o700);
      await t.terminals.terminate("a");
      await t.close();
      assert.deepEqual(await processesOfHome(t.home), []);
      await assert.rejects(stat(dirname(dirname(file))), { code: "ENOENT" });
    }
  });

  it("says so when a command can not be handed to the shell", async () => {
    const t = await terminals();
    const file = (await t.command('echo "$__cp_file"')).output.text.trim();
    const folder = dirname(dirname(file));
    // Tidied away it is made again; it is not used when others could write there what the shell then runs.
    await removeFolder(folder);
    assert.equal((await t.command("echo again")).output.text, "again\n");
    await chmod(folder, 0o777);
    const result = await t.run("echo lost");
    assert.ok(result.kind === "failed" && /could not be handed to the shell/.test(result.message));
    assert.equal(t.terminals.list()[0]?.status, "idle");
    assert.equal(await t.terminals.terminate("main"), "terminated");
  });

  it("closes while commands run and shells start", async () => {
    const t = await testTerminals();
    const running = t.run("sleep 100");
    const opening = t.terminals.open({ name: "x", createdBy: "agent" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await t.close();
    const result = await running;
    assert.ok(
      result.kind === "failed" || (result.kind === "command" && result.status === "exited"),
      JSON.stringify(result),
    );
    await opening;
    assert.equal((await t.run("true")).kind, "failed");
    await eventually("all gone", async () => (await processesOfHome(t.home)).length === 0);
  });

  it("runs 300 commands in one terminal without a wrong exit code", async () => {
    const t = await terminals();
    for (let index = 0; index < 300; index++) {
      const expected = (index * 7) % 256;
      const result = await t.command(`echo ${index}; (exit ${expected})`);
      assert.deepEqual(
        [result.status, result.exitCode, result.output.text, result.ordinal],
        ["completed", expected, `${index}\n`, index + 1],
      );
    }
  });

  it("runs commands in many terminals at once", async () => {
    const t = await terminals();
    const names = Array.from({ length: 12 }, (_, index) => `t${index}`);
    await Promise.all(names.map((name) => t.terminals.open({ name, createdBy: "agent" })));
    const results = await Promise.all(
      names.map((name, index) => t.command(`sleep 0.1; (exit ${index})`, { terminal: name })),
    );
    assert.deepEqual(
      results.map(({ exitCode }) => exitCode),
      names.map((_, index) => index),
    );
  });

  it("takes one of two commands given at the same time", async () => {
    const t = await terminals();
    const results = await Promise.all([t.run("sleep 0.2; echo a"), t.run("sleep 0.2; echo b")]);
    assert.deepEqual(results.map(({ kind }) => kind).sort(), ["busy", "command"]);
  });
});

describe("process table", () => {
  it("reads /proc lines whose name holds blanks and parentheses", () => {
    const fields = "S 10 20 30 34816 40 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2";
    assert.deepEqual(parseProcStat(`123 (a) b (c)) ${fields}\n`), {
      pid: 123,
      parent: 10,
      group: 20,
      session: 30,
      foregroundGroup: 40,
      zombie: false,
      startedAt: "987654",
    });
    assert.equal(parseProcStat("garbage"), null);
  });

  it("reads the lines of ps", () => {
    assert.deepEqual(
      parsePs("  1     0     1     1 Ss   Sat Nov 21 04:00:00 2026\n 77 1 77 - Z+ Sat Nov 21 04:00:01 2026\nbad"),
      [
        { pid: 1, parent: 0, group: 1, session: 1, zombie: false, startedAt: "Sat Nov 21 04:00:00 2026" },
        { pid: 77, parent: 1, group: 77, session: 0, zombie: true, startedAt: "Sat Nov 21 04:00:01 2026" },
      ],
    );
  });

  it("knows this process", async () => {
    const table = systemProcessTable(silentLog);
    const self = (await table.list()).find(({ pid }) => pid === process.pid);
    assert.equal(self?.parent, process.ppid);
    assert.match((await table.commandLine(process.pid)) ?? "", /node/);
    assert.equal(await table.commandLine(2 ** 22 + 5), null);
    assert.equal(table.signal(2 ** 22 + 5, "SIGTERM"), false);
  });
});
