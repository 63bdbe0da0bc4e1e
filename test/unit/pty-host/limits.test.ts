import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TerminalEvent, Terminals } from "../../../src/ports/terminals.ts";
import { runIn, type TestHost, type TestHostOptions, testHost } from "../../support/pty-host.ts";
import { removeFolder } from "../../support/remove-folder.ts";
import { eventually, processesOfHome } from "../../support/terminals.ts";

const shell = promisify(execFile);
const never = new AbortController().signal;

describe("the pty host at its limits", function () {
  this.timeout(120_000);
  let host: TestHost;
  const clean: (() => Promise<unknown>)[] = [];

  async function made(options: TestHostOptions = {}): Promise<TestHost> {
    host = await testHost(options);
    return host;
  }
  afterEach(async () => {
    await host.close();
    for (const each of clean.splice(0).reverse()) await each();
    assert.deepEqual(host.complaints, []);
  });

  const descriptors = async (pid: number) => (await readdir(`/proc/${pid}/fd`)).length;
  /** Folders for the files of shells that this host has made. */
  async function folders(pid: number): Promise<string[]> {
    const names = (await readdir(tmpdir())).filter((name) => name.startsWith("codepilot-"));
    const open = await Promise.all(
      (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")),
    );
    return names.filter((name) => open.some((path) => path.includes(name)));
  }

  describe("ends", () => {
    for (const [what, command] of [
      [
        "a shell and a child that mind no polite signal",
        "trap '' INT TERM HUP; (trap '' INT TERM HUP; while :; do sleep 0.1; done)",
      ],
      [
        "children that were forked twice and began a session of their own",
        "(setsid sleep 1000 & setsid sh -c 'setsid sleep 1000 & sleep 1000' &); sleep 1000",
      ],
      ["stopped jobs", "sleep 1000 & kill -STOP $!; sh -c 'trap \"\" HUP INT TERM; kill -STOP $$'; sleep 1000"],
      ["a program that leaves the dead unburied", "bash -c 'for i in 1 2 3; do (exit) & done; exec sleep 1000'"],
      ["a shell that has become another program", "exec sh -c 'trap \"\" HUP INT TERM; while :; do sleep 0.1; done'"],
    ] as const) {
      it(what, async () => {
        await made();
        const client = host.client();
        await runIn(client, "true");
        await client.run({
          terminal: "main",
          command,
          commandId: "c",
          timeoutMs: 400,
          signal: never,
          maxOutputChars: 10,
        });
        assert.ok((await processesOfHome(host.home)).length > 0);
        assert.equal(await client.terminate("main"), "terminated");
        assert.deepEqual(await processesOfHome(host.home), []);
        assert.equal((await runIn(client, "echo next")).output.text, "next\n");
      });
    }
  });

  it("leaves nothing after fifty sessions with two terminals each: no process, socket, file or descriptor", async () => {
    await made();
    const keeper = host.client("keeper");
    await runIn(keeper, "true");
    const pid = await host.pid();
    assert.ok(pid);
    const cycle = async (index: number) => {
      const client = host.client(`cycle-${index}`);
      await client.open({ name: "second", createdBy: "agent" });
      const attached = await client.attach("second", () => {});
      assert.equal((await runIn(client, "head -c 200000 /dev/zero | tr '\\0' x; echo $((6*7))")).exitCode, 0);
      attached?.dispose();
      if (index % 2 === 0) await client.terminate("second");
      await client.close();
    };
    await cycle(0);
    const before = { descriptors: await descriptors(pid), files: (await readdir(host.place.folder)).sort() };
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([1, 2, 3, 4, 5].map((index) => cycle(round * 5 + index)));
    }
    await eventually("the descriptors are closed", async () => (await descriptors(pid)) <= before.descriptors);
    assert.deepEqual((await readdir(host.place.folder)).sort(), before.files);
    assert.equal((await processesOfHome(host.home)).length, 1);
    await eventually("the folders of the sessions are closed", async () => (await folders(pid)).length <= 1);
  });

  it("has two hundred terminals and one more", async () => {
    await made();
    const client = host.client();
    const names = Array.from({ length: 200 }, (_, index) => `t${index}`);
    for (let from = 0; from < names.length; from += 20) {
      const opened = await Promise.all(
        names.slice(from, from + 20).map((name) => client.open({ name, createdBy: "agent" })),
      );
      assert.ok(
        opened.every(({ kind }) => kind === "opened"),
        JSON.stringify(opened.find(({ kind }) => kind !== "opened")),
      );
    }
    const outputs = await Promise.all(
      ["main", ...names].map(async (terminal, index) => {
        const { output } = await runIn(client, `echo $((${index} * 2))`, { terminal, timeoutMs: 30_000 });
        return Number(output.text);
      }),
    );
    assert.deepEqual(
      outputs,
      outputs.map((_, index) => index * 2),
    );
    assert.equal((await processesOfHome(host.home)).length, 201);
    await client.close();
    assert.deepEqual(await processesOfHome(host.home), []);
  });

  it("gives new shells the environment of the newest client", async () => {
    await made();
    const old = host.client("s", { WHO: "old", ONLY_OLD: "1" });
    assert.equal((await runIn(old, "echo $WHO")).output.text, "old\n");
    const next = host.client("s", { WHO: "new" });
    await next.reconnect();
    assert.equal((await runIn(next, "echo $WHO")).output.text, "old\n");
    await next.open({ name: "later", createdBy: "agent" });
    assert.equal((await runIn(next, "echo $WHO${ONLY_OLD-}", { terminal: "later" })).output.text, "new\n");
    await old.open({ name: "by the old", createdBy: "agent" });
    assert.equal((await runIn(old, "echo $WHO", { terminal: "by the old" })).output.text, "new\n");
  });

  it("knows no secrets of the process that has started it", async () => {
    await made({
      env: { OPENAI_API_KEY: "sk-1", GITHUB_TOKEN: "gh-2", MY_SECRET: "s-3", NODE_OPTIONS: "--max-old-space-size=300" },
    });
    const { output } = await runIn(host.client(), "cat /proc/self/environ /proc/$PPID/environ | tr '\\0' '\\n'");
    assert.match(output.text, /^HOME=/m);
    assert.doesNotMatch(output.text, /sk-1|gh-2|s-3|OPENAI|GITHUB_TOKEN|NODE_OPTIONS/);
    assert.doesNotMatch(output.text, new RegExp(await readFile(host.place.tokenFile, "utf8")));
  });

  it("holds nobody up for what is typed into programs that do not read, after a flood of theirs too", async () => {
    await made();
    const client = host.client();
    // More than Node has threads for files.
    const names = Array.from({ length: 6 }, (_, index) => `deaf-${index}`);
    for (const terminal of names) {
      await client.open({ name: terminal, createdBy: "agent" });
      await runIn(client, "seq 1 300000", { terminal });
      await runIn(client, "sleep 1000", { terminal, timeoutMs: 100 });
      (await client.attach(terminal, () => undefined))?.write(`${"typed ".repeat(15)}\n`.repeat(5_000));
    }
    assert.equal((await runIn(client, "echo heard", { timeoutMs: 20_000 })).output.text, "heard\n");
    for (const name of names) assert.equal(await client.terminate(name), "terminated");
  });

  it("goes on when somebody tidies up the temporary files", async () => {
    await made();
    const client = host.client();
    const { output } = await runIn(client, 'echo "$__cp_file"; seq 100000', { maxOutputChars: 1_000 });
    const folder = join(output.text.split("\n")[0] ?? "", "../..");
    assert.match(folder, /^\/.*\/codepilot-[0-9a-f]+$/);
    await removeFolder(folder);
    const after = await runIn(client, "echo taken; seq 100000; (exit 3)");
    assert.deepEqual([after.exitCode, after.status, after.output.text.slice(0, 8)], [3, "completed", "taken\n1\n"]);
    await client.open({ name: "new", createdBy: "agent" });
    assert.equal((await runIn(client, "echo new", { terminal: "new" })).output.text, "new\n");
    // Not where somebody else has put something in its stead.
    await removeFolder(folder);
    await mkdir(folder);
    await chmod(folder, 0o777);
    const refused = await client.run({
      terminal: "main",
      command: "true",
      commandId: "r",
      timeoutMs: 2_000,
      signal: never,
      maxOutputChars: 9,
    });
    assert.ok(refused.kind === "failed" && /not a private folder/.test(refused.message), JSON.stringify(refused));
    await chmod(folder, 0o700);
    assert.equal((await runIn(client, "echo again")).output.text, "again\n");
  });

  it("goes on when the temporary directory itself is taken away, and without one", async () => {
    const TMPDIR = join(await mkdtemp(join(tmpdir(), "cp-tmp-")), "of", "a shell");
    clean.push(() => removeFolder(join(TMPDIR, "../..")));
    await made({ env: { TMPDIR } });
    const client = host.client();
    assert.equal((await runIn(client, "echo first")).output.text, "first\n");
    await removeFolder(join(TMPDIR, "../.."));
    const after = await runIn(client, "echo taken; seq 100000; (exit 3)");
    assert.deepEqual([after.exitCode, after.output.text.slice(0, 8)], [3, "taken\n1\n"]);
    await client.open({ name: "new", createdBy: "agent" });
    assert.equal((await runIn(client, "echo new", { terminal: "new" })).output.text, "new\n");
    assert.equal((await stat(TMPDIR)).mode & 0o777, 0o700);
  });

  it("says so when a command can not be handed to the shell because the disk is full", async function () {
    const disk = await smallDisk();
    if (disk === null) {
      await made();
      return this.skip();
    }
    await made({ env: { TMPDIR: disk } });
    const client = host.client();
    await runIn(client, "true");
    await writeFile(join(disk, "filler"), Buffer.alloc(65_536)).catch(() => undefined);
    const command = `: ${"x".repeat(9_000)}`;
    const refused = await client.run({
      terminal: "main",
      command,
      commandId: "r",
      timeoutMs: 2_000,
      signal: never,
      maxOutputChars: 9,
    });
    assert.ok(refused.kind === "failed" && /ENOSPC.*Free space/.test(refused.message), JSON.stringify(refused));
    await rm(join(disk, "filler"));
    assert.equal((await runIn(client, `${command}; echo $((6*7))`)).output.text, "42\n");
  });

  async function smallDisk(): Promise<string | null> {
    const disk = join(tmpdir(), `cp-disk-${process.pid}`);
    await mkdir(disk);
    clean.push(() => removeFolder(disk));
    try {
      await shell("mount", ["-t", "tmpfs", "-o", "size=64k,mode=0700", "none", disk]);
    } catch {
      return null;
    }
    clean.push(() => shell("umount", [disk]));
    return disk;
  }

  describe("is done without, and that is said once,", () => {
    async function fallsBack(reason: RegExp, terminals: Terminals = host.lasting()): Promise<void> {
      const remarks: string[] = [];
      terminals.on((event: TerminalEvent) => event.type === "remarked" && remarks.push(event.remark));
      const [first, second] = await Promise.all([
        runIn(terminals, "echo in-process $PPID"),
        terminals.open({ name: "second", createdBy: "agent" }),
      ]);
      assert.equal(first.output.text, `in-process ${process.pid}\n`);
      assert.equal(second.kind, "opened");
      assert.equal(remarks.length, 1);
      assert.match(remarks[0] ?? "", reason);
      assert.equal(host.complaints.length, 1);
      assert.match(host.complaints.splice(0)[0] ?? "", /the pty host can not be used/);
      await terminals.close();
    }

    for (const [what, path, reason] of [
      ["there is no program to start", "/nowhere/node", /ENOENT/],
      ["the program may not be executed", "/etc/passwd", /EACCES/],
      ["the program fails", "/bin/false", /it ended \(1\)/],
    ] as const) {
      it(`when ${what}`, async () => {
        await made();
        const { execPath } = process;
        clean.push(async () => {
          process.execPath = execPath;
        });
        process.execPath = path;
        await fallsBack(reason);
      });
    }

    it("when the disk of its folder is full", async function () {
      const disk = await smallDisk();
      if (disk === null) {
        await made();
        return this.skip();
      }
      await made({ env: { XDG_RUNTIME_DIR: disk } });
      await writeFile(join(disk, "filler"), Buffer.alloc(65_536)).catch(() => undefined);
      await fallsBack(/ENOSPC|no space/i);
    });

    it("when it was lost and can not be started again", async () => {
      await made();
      const terminals = host.lasting();
      await runIn(terminals, "true");
      const pid = await host.pid();
      assert.ok(pid);
      const { execPath } = process;
      clean.push(async () => {
        process.execPath = execPath;
      });
      process.execPath = "/nowhere/node";
      process.kill(pid, "SIGKILL");
      await eventually("the loss is told", () => host.complaints.length === 1);
      assert.deepEqual(host.complaints.splice(0), ["the pty host was lost"]);
      await fallsBack(/ENOENT/, terminals);
    });

    it("when this process has no descriptors left", async () => {
      await made();
      const source = (path: string) => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);
      const program = `
        import { openSync, closeSync } from "node:fs";
        import { lastingTerminals } from ${source("src/node/pty-host/lasting-terminals.ts")};
        import { silentLog } from ${source("src/ports/log.ts")};
        process.env.XDG_RUNTIME_DIR = ${JSON.stringify(host.home)};
        const terminals = lastingTerminals({ session: "s", cwd: ${JSON.stringify(host.home)}, log: silentLog });
        let remarks = 0;
        terminals.on(({ type }) => { if (type === "remarked") remarks += 1; });
        const signal = new AbortController().signal;
        const run = () => terminals.run({ terminal: "main", command: "echo x", commandId: String(Math.random()), timeoutMs: 5000, signal, maxOutputChars: 99 });
        const held = [];
        try { for (;;) held.push(openSync("/dev/null")); } catch {}
        const first = await run();
        for (const fd of held) closeSync(fd);
        const second = await run();
        console.log(JSON.stringify([first.kind, second.output?.text, remarks]));
        await terminals.close();
        process.exit(0);`;
      const { stdout } = await shell("bash", [
        "-c",
        'ulimit -n 64; exec "$0" --input-type=module -e "$1"',
        process.execPath,
        program,
      ]);
      assert.deepEqual(JSON.parse(stdout), ["failed", "x\n", 1]);
    });
  });
});
