import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import type { CommandResult, RunCommand, TerminalEvent, Terminals } from "../../../src/ports/terminals.ts";
import { isAlive } from "../../support/end-pty-hosts.ts";
import { type TestHost, testHost } from "../../support/pty-host.ts";
import { fileTree } from "../../support/temp-workspace.ts";
import { eventually } from "../../support/terminals.ts";
import { toolbox } from "../../support/toolbox.ts";

const never = new AbortController().signal;

async function run(terminals: Terminals, command: string, extra: Partial<RunCommand> = {}): Promise<CommandResult> {
  const commandId = extra.commandId ?? `c-${Math.random()}`;
  const defaults = { terminal: "main", command, commandId, timeoutMs: 8_000, signal: never, maxOutputChars: 40_000 };
  const result = await terminals.run({ ...defaults, ...extra });
  if (result.kind !== "command") throw new Error(`${command}: ${JSON.stringify(result)}`);
  return result;
}

describe("terminals that outlive their client", function () {
  this.timeout(120_000);
  let host: TestHost;

  beforeEach(async () => {
    host = await testHost();
  });
  afterEach(async () => {
    await host.close();
    assert.deepEqual(host.complaints, []);
  });

  it("run commands as in-process ones do, and nothing is started before the first need", async () => {
    const terminals = host.client();
    await terminals.reconnect();
    assert.equal(await host.pid(), null);
    assert.deepEqual(
      terminals.list().map(({ name, status }) => [name, status]),
      [["main", "not-started"]],
    );
    const heard: string[] = [];
    const result = await run(terminals, "cd / && echo one; (exit 3)", { onOutput: (chunk) => heard.push(chunk) });
    assert.deepEqual([result.status, result.exitCode, result.cwd, result.output.text], ["completed", 3, "/", "one\n"]);
    assert.equal(heard.join(""), "one\r\n");
    assert.equal(terminals.list()[0]?.cwd, "/");
  });

  it("are asked for where the next shell starts as soon as a command has ended theirs", async () => {
    const terminals = host.client();
    await using workspace = await fileTree();
    await using box = await toolbox({ terminals, workspace: { ...workspace, root: host.home } });
    for (let round = 0; round < 5; round += 1) {
      await run(terminals, "cd /");
      assert.equal((await run(terminals, "exit")).status, "exited");
      const { access } = await box.plan("execute", { command: "pwd" });
      assert(access.kind === "execute");
      assert.equal(access.cwd, host.home);
      assert.match((await box.call("execute", { command: "pwd" })).output, new RegExp(`^${host.home}$`, "m"));
    }
  });

  it("go on when the client is gone, and tell the next one how a command ended", async () => {
    const first = host.client();
    assert.equal(
      (await run(first, "sleep 1; echo late; (exit 4)", { commandId: "slow", timeoutMs: 200 })).status,
      "running",
    );
    await first.release();

    const second = host.client();
    assert.equal(second.knows("slow"), false);
    await second.reconnect();
    assert.equal(second.knows("slow"), true);
    assert.equal(second.list()[0]?.status, "running");
    const heard: string[] = [];
    const ended = await second.follow({
      commandId: "slow",
      timeoutMs: 8_000,
      signal: never,
      onOutput: (chunk) => heard.push(chunk),
    });
    assert.deepEqual([ended?.status, ended?.exitCode, ended?.output.text], ["completed", 4, "late\n"]);
    assert.equal(heard.join(""), "late\r\n");
    assert.equal((await run(second, "echo same shell")).pid, ended?.pid);
  });

  it("are told apart by session, and shared by the clients of one", async () => {
    const [one, other, also] = [host.client("one"), host.client("two"), host.client("one")];
    await run(one, "export WHO=one");
    await run(other, "export WHO=two");
    await also.reconnect();
    const events: TerminalEvent[] = [];
    also.on((event) => events.push(event));
    assert.equal((await run(one, "echo $WHO")).output.text, "one\n");
    assert.equal((await run(other, "echo $WHO")).output.text, "two\n");
    await eventually("the other client hears of it", () =>
      events.some((event) => event.type === "changed" && event.terminal.command === "echo $WHO"),
    );
    assert.equal(events.filter((event) => "terminal" in event && event.terminal.status === "idle").length, 1);
  });

  it("are lost with a host that is killed; the session goes on with a new one", async () => {
    const terminals = host.client();
    const events: TerminalEvent[] = [];
    terminals.on((event) => events.push(event));
    const running = terminals.run({
      terminal: "main",
      command: "sleep 60",
      commandId: "cut",
      timeoutMs: 60_000,
      signal: never,
      maxOutputChars: 100,
    });
    await eventually("it runs", () => terminals.list()[0]?.status === "running");
    const pid = await host.pid();
    assert.ok(pid);
    process.kill(pid, "SIGKILL");
    const cut = await running;
    assert.ok(cut.kind === "failed", JSON.stringify(cut));
    assert.match(cut.message, /was ended, and with it every shell.*look at its effects first/);
    await eventually("the loss is told", () => events.some(({ type }) => type === "remarked"));
    assert.ok(events.some((event) => event.type === "exited" && event.name === "main" && event.exitCode === null));
    assert.equal(terminals.knows("cut"), false);
    assert.equal((await run(terminals, "echo anew")).output.text, "anew\n");
    assert.notEqual(await host.pid(), pid);
    assert.deepEqual(host.complaints.splice(0), ["the pty host was lost"]);
  });

  it("end with the session, and the host soon after the last", async () => {
    const terminals = host.client();
    await run(terminals, "trap '' INT TERM HUP; (trap '' INT TERM HUP; sleep 1000) & echo $!");
    const pid = await host.pid();
    assert.ok(pid);
    await terminals.close();
    await eventually("the host ends", () => !isAlive(pid));
    await assert.rejects(stat(host.place.folder), { code: "ENOENT" });
  });

  it("are shown to several viewers, each of which types and hears", async () => {
    const terminals = host.client();
    await run(terminals, "PS1='$ '; echo before");
    const [seenBy, attached] = [["", ""], []] as [string[], Awaited<ReturnType<Terminals["attach"]>>[]];
    for (const index of [0, 1]) {
      const attachment = await terminals.attach("main", (data) => {
        seenBy[index] += data;
      });
      assert.match(attachment?.snapshot ?? "", /before\r\n\$ /);
      attached.push(attachment);
    }
    attached[0]?.write("echo from $((0+1)) ü€😀\r");
    await eventually("both see it", () => seenBy.every((seen) => seen.includes("from 1 ü€😀\r\n")));
    attached[1]?.resize(90, 20);
    await eventually("it has that size", async () => (await run(terminals, "stty size")).output.text === "20 90\n");
    let ended = 0;
    for (const attachment of attached) void attachment?.ended.then(() => ended++);
    attached[1]?.write("exit 7\r");
    await eventually("both are told of the end", () => ended === 2);
    assert.deepEqual(
      terminals.list().map(({ status, exitCode }) => [status, exitCode]),
      [["exited", 7]],
    );
  });

  it("have one host, however many want to be the first to start it", async () => {
    const clients = Array.from({ length: 6 }, (_, index) => host.client(`session-${index}`));
    await Promise.all(clients.map((client, index) => run(client, `echo ${index}`)));
    const pids = await Promise.all(clients.map(async (client) => (await run(client, "echo $PPID")).output.text));
    assert.equal(new Set(pids).size, 1);
    assert.equal(Number(pids[0]), await host.pid());
  });
});
