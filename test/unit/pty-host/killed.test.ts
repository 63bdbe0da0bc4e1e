import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemProcessTable } from "../../../src/node/pty/process-table.ts";
import { silentLog } from "../../../src/ports/log.ts";
import type { Terminals } from "../../../src/ports/terminals.ts";
import { endLeftSessions } from "../../../src/terminals/process-control.ts";
import { isAlive } from "../../support/end-pty-hosts.ts";
import { runIn, type TestHost, testHost } from "../../support/pty-host.ts";
import { eventually, processesOfHome } from "../../support/terminals.ts";

const never = new AbortController().signal;

describe("terminals when somebody is killed", function () {
  this.timeout(120_000);
  let host: TestHost;

  beforeEach(async () => {
    host = await testHost();
  });
  afterEach(async () => {
    await host.close();
    assert.deepEqual(host.complaints, []);
  });

  async function killHost(): Promise<void> {
    const pid = await host.pid();
    assert.ok(pid);
    process.kill(pid, "SIGKILL");
    await eventually("it is dead", () => !isAlive(pid));
  }

  const lost = () => {
    const told = host.complaints.splice(0);
    assert.deepEqual([...new Set(told)], told.length === 0 ? [] : ["the pty host was lost"]);
    return told.length;
  };
  const noneLeft = () => eventually("nothing is left", async () => (await processesOfHome(host.home)).length === 0);

  // Each of these minds neither the end of its terminal nor a polite word.
  const seconds = 1_000 + Math.floor(Math.random() * 8_000);
  const stubborn = [
    "trap '' HUP INT TERM",
    `nohup sleep ${seconds}1 >/dev/null 2>&1 &`,
    `setsid sleep ${seconds}2 &`,
    "(setsid sh -c 'trap \"\" HUP INT TERM; while :; do sleep 0.2; done' &)",
    `sh -c 'trap "" HUP; sleep ${seconds}3 & sleep ${seconds}4' & disown -a`,
    `env -i sh -c 'trap "" HUP; sleep ${seconds}5; :' &`,
    "true",
  ].join("\n");

  it("are ended by the client that notices, daemons and all", async () => {
    const client = host.client();
    await runIn(client, stubborn);
    await killHost();
    await noneLeft();
    await eventually(
      "env -i is gone, too",
      async () => !(await commandLines()).some((line) => line.includes(`sleep ${seconds}`)),
    );
    await eventually("the loss is told", () => host.complaints.length > 0);
    assert.equal(lost(), 1);
  });

  it("are ended by the next host before it is ready, where no client has noticed", async () => {
    const client = host.clientProcess(
      `await run(${JSON.stringify(stubborn)}); say("ready"); setInterval(() => {}, 1000);`,
    );
    await eventually("they run", () => client.said.length === 1);
    client.child.kill("SIGKILL");
    await killHost();
    await sleep(100);
    assert.ok((await processesOfHome(host.home)).length > 0);
    const next = host.client("next");
    const { pid } = await runIn(next, "true");
    assert.deepEqual(await processesOfHome(host.home), [pid]);
  });

  it("are not taken for processes that have got their numbers since", async () => {
    await runIn(host.client(), "true");
    const read = async () => JSON.parse(await readFile(host.place.shellsFile, "utf8"));
    await eventually("the shell is recorded", async () => (await read()).shells.length === 1);
    const record = await read();
    const signalled: number[] = [];
    const table = {
      ...systemProcessTable(silentLog),
      signal: (pid: number) => signalled.push(pid) > 0,
    };
    const leaders = [
      { pid: record.shells[0].pid, startedAt: "1" },
      { pid: process.pid, startedAt: "1" },
    ];
    assert.equal(await endLeftSessions(table, { markPrefix: "x".repeat(18), leaders, recent: true }, 0), true);
    assert.deepEqual(signalled, []);
  });

  it("at any moment: every request resolves, the loss is told once, and the session goes on", async () => {
    for (let round = 0; round < 6; round += 1) {
      const clients = [host.client("a"), host.client("a"), host.client("b")];
      const told = clients.map(() => ({ exits: [] as string[], remarks: 0 }));
      for (const [index, client] of clients.entries()) {
        client.on((event) => {
          const counts = told[index];
          if (counts === undefined) return;
          if (event.type === "exited") counts.exits.push(event.name);
          else if (event.type === "remarked") counts.remarks += 1;
        });
      }
      const working = clients.map((client, index) => work(client, index));
      // From before the first shell is there to long after.
      await sleep(round * 120);
      const pid = await host.pid();
      if (pid !== null) process.kill(pid, "SIGKILL");
      const kinds = await Promise.all(working);
      assert.ok(
        kinds.every((each) => each.length === 4),
        JSON.stringify(kinds),
      );
      for (const client of clients) {
        const result = await retried(client, "echo alive");
        assert.equal(result, "alive\n");
      }
      for (const { exits, remarks } of told) {
        assert.deepEqual(exits, [...new Set(exits)]);
        assert.ok(remarks <= Math.min(1, exits.length), JSON.stringify(told));
      }
      lost();
      for (const client of clients) await client.close();
      await noneLeft();
      lost();
    }
  });

  /** Whatever becomes of it, every request has an answer. */
  async function work(client: Terminals, index: number): Promise<string[]> {
    const kinds: string[] = [];
    const look = { terminal: "main", timeoutMs: 300, signal: never, maxOutputChars: 1_000 };
    const steps = [
      () =>
        client.run({ ...look, command: "sleep 0.2; echo x", commandId: `w${index}${Math.random()}`, timeoutMs: 2_000 }),
      () => client.read(look),
      () => client.write({ ...look, text: "echo typed\r" }),
      () => client.open({ name: "more", createdBy: "agent" }),
    ];
    for (const step of steps) kinds.push((await step()).kind);
    return kinds;
  }

  /** Another client of the same session may be using the shell. */
  async function retried(client: Terminals, command: string): Promise<string> {
    for (let attempt = 0; ; attempt += 1) {
      const commandId = `r${Math.random()}`;
      const result = await client.run({
        terminal: "main",
        command,
        commandId,
        timeoutMs: 5_000,
        signal: never,
        maxOutputChars: 99,
      });
      if (result.kind === "command") return result.output.text;
      const mayPass =
        result.kind === "busy" || (result.kind === "failed" && /was ended, and with it/.test(result.message));
      assert.ok(mayPass && attempt < 50, JSON.stringify(result));
      await sleep(50);
    }
  }

  it("are told of as lost although somebody else was quicker to start the next host", async () => {
    const [one, other] = [host.client(), host.client()];
    await runIn(one, "true");
    await other.reconnect();
    const exits: string[] = [];
    other.on((event) => event.type === "exited" && exits.push(event.name));
    await killHost();
    assert.equal((await runIn(one, "echo mine")).output.text, "mine\n");
    assert.equal((await runIn(other, "echo yours")).output.text, "yours\n");
    assert.deepEqual(exits, ["main"]);
    assert.equal(lost(), 2);
  });

  /** A command that goes on until the test lets it. */
  const until = (name: string) => `until [ -e ${name} ]; do sleep 0.05; done`;
  const allow = (name: string) => writeFile(join(host.home, name), "");
  const sayRunning = `terminals.on((event) => event.type === "changed" && event.terminal.status === "running" && say("running"));`;

  it("go on when their client is killed, and tell the next one of the command", async () => {
    const command = `${until("go")}; echo result; (exit 5)`;
    const first = host.clientProcess(`${sayRunning}
      await run(${JSON.stringify(command)}, { commandId: "slow", timeoutMs: 60_000 });`);
    await eventually("it runs", () => first.said.length > 0);
    first.child.kill("SIGKILL");
    await first.ended;
    const next = host.client();
    await next.reconnect();
    assert.ok(next.knows("slow"));
    const following = next.follow({ commandId: "slow", timeoutMs: 8_000, signal: never });
    await allow("go");
    const followed = await following;
    assert.deepEqual([followed?.status, followed?.exitCode, followed?.output.text], ["completed", 5, "result\n"]);
  });

  it("keep for the next one what nobody has got", async () => {
    const look = { terminal: "main", signal: never, timeoutMs: 5_000, maxOutputChars: 10_000 };
    const follower = host.client();
    await runIn(follower, "true");
    await runIn(follower, `${until("go")}; echo later; ${until("then")}`, { timeoutMs: 50 });
    const dying = host.clientProcess(`
      await terminals.reconnect();
      setTimeout(() => say("waiting"), 300);
      await terminals.read({ terminal: "main", timeoutMs: 60_000, maxOutputChars: 10_000, signal: new AbortController().signal });`);
    await eventually("it waits", () => dying.said.length === 1);
    dying.child.kill("SIGKILL");
    await dying.ended;
    await allow("go");
    // One that is cancelled has not got it either.
    await follower.read({ ...look, signal: AbortSignal.timeout(500) });
    await allow("then");
    const result = await follower.read(look);
    assert.ok(result.kind === "read" && result.output.text === "later\n", JSON.stringify(result));
    const empty = await follower.read(look);
    assert.ok(empty.kind === "read" && empty.output.text === "", JSON.stringify(empty));
  });

  it("give the output of a command to the next read when whoever waited for it is gone", async () => {
    const dying = host.clientProcess(`${sayRunning}
      await run(${JSON.stringify(`echo early; ${until("go")}; echo late`)}, { timeoutMs: 60_000 });`);
    await eventually("it waits", () => dying.said.length > 0);
    dying.child.kill("SIGKILL");
    await dying.ended;
    await sleep(300);
    await allow("go");
    const next = host.client();
    const result = await next.read({ terminal: "main", signal: never, timeoutMs: 5_000, maxOutputChars: 1_000 });
    assert.ok(result.kind === "read" && /^(early\n)?late\n$/.test(result.output.text), JSON.stringify(result));
  });

  async function commandLines(): Promise<string[]> {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
    return lines.map((line) => line.replaceAll("\0", " "));
  }
});
