import assert from "node:assert/strict";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { HostedTerminals } from "../../../src/node/pty-host/hosted-terminals.ts";
import { startHost } from "../../../src/node/pty-host/start-host.ts";
import { isAlive } from "../../support/end-pty-hosts.ts";
import { rawClient, runIn, type TestHost, testHost } from "../../support/pty-host.ts";
import { removeFolder } from "../../support/remove-folder.ts";
import { eventually, processesOfHome } from "../../support/terminals.ts";

const idleMs = 250;

describe("the life of the pty host", function () {
  this.timeout(120_000);
  let host: TestHost;

  afterEach(async () => {
    await host.close();
    assert.deepEqual(host.complaints, []);
  });

  async function started(
    command = "true",
    options: { idleMs?: number } = { idleMs },
  ): Promise<[number, HostedTerminals]> {
    host = await testHost(options);
    const client = host.client();
    await runIn(client, command);
    const pid = await host.pid();
    assert.ok(pid);
    return [pid, client];
  }

  async function staysFor(ms: number, pid: number): Promise<void> {
    await sleep(ms);
    assert.ok(isAlive(pid), "it has ended");
  }

  async function isGone(pid: number): Promise<void> {
    await eventually("it ends", () => !isAlive(pid));
    await assert.rejects(stat(host.place.folder), { code: "ENOENT" });
    assert.deepEqual(await readdir(dirname(host.place.folder)), []);
    assert.deepEqual(await processesOfHome(host.home), []);
  }

  it("does not begin before the first need", async () => {
    host = await testHost();
    const client = host.client();
    await client.reconnect();
    client.list();
    assert.equal(await client.interrupt({ terminal: "main" }), "idle");
    assert.equal(client.knows("x"), false);
    await client.close();
    assert.deepEqual(await readdir(host.home), []);
  });

  it("ends when nobody looks and nothing runs", async () => {
    const [pid, client] = await started();
    await staysFor(2 * idleMs, pid);
    await client.release();
    await isGone(pid);
  });

  it("ends with shells that somebody has left at a prompt, not with those in which a command runs", async () => {
    const [pid, client] = await started();
    assert.equal(
      (await runIn(client, "sleep 1.2; echo done", { commandId: "long", timeoutMs: 100 })).status,
      "running",
    );
    await client.release();
    await staysFor(3 * idleMs, pid);
    await isGone(pid);
  });

  it("ends although a job goes on in the background: that is no running command", async () => {
    const [pid, client] = await started("sleep 1000 & sleep 1000 & true");
    await client.release();
    await isGone(pid);
  });

  it("waits for the foreground program of a shell without markers", async () => {
    const [pid, client] = await started();
    await client.open({ name: "plain", shell: "sh", createdBy: "agent" });
    assert.equal((await runIn(client, "/bin/sleep 1.2", { terminal: "plain", timeoutMs: 100 })).status, "unknown");
    await client.release();
    await staysFor(3 * idleMs, pid);
    await isGone(pid);
  });

  it("stays for somebody who looks through a data socket", async () => {
    const [pid, client] = await started();
    const { lines, socket: lookup } = await rawClient(host.place, { type: "lookup" });
    await eventually("it answers", () => lines.length === 1);
    lookup.destroy();
    const [{ terminals }] = JSON.parse(lines[0] ?? "").sessions;
    const viewer = connect(terminals[0].socketPath).resume();
    await client.release();
    await staysFor(3 * idleMs, pid);
    viewer.destroy();
    await isGone(pid);
  });

  it("does not stay for those who only asked, or say nothing, or do not hang up", async () => {
    const [pid, client] = await started();
    const asked = await rawClient(host.place, { type: "lookup" });
    const refused = await rawClient(host.place, { type: "lookup", token: "wrong" });
    await asked.line(0);
    await refused.line(0);
    await client.release();
    await isGone(pid);
  });

  it("ends when the last session is closed, long before it would when idle", async () => {
    const [pid, client] = await started("true", {});
    const other = host.client("other");
    await runIn(other, "sleep 1000", { timeoutMs: 100 });
    await client.close();
    await staysFor(600, pid);
    await other.close();
    await isGone(pid);
  });

  it("ends by itself when whoever has started it never comes", async () => {
    host = await testHost();
    assert.deepEqual(await startHost(host.place), { kind: "ready" });
    const pid = await host.pid();
    assert.ok(pid);
    await sleep(3_000);
    await isGone(pid);
  });

  for (const [what, take] of [
    ["is removed", (folder: string) => removeFolder(folder)],
    ["is moved", (folder: string) => rename(folder, `${folder}-moved`)],
    ["loses its socket", (folder: string) => rm(`${folder}/control.sock`)],
  ] as const) {
    it(`ends when its folder ${what}, and leaves the one of the next alone`, async () => {
      const [pid, client] = await started("true", {});
      await runIn(client, "trap '' HUP TERM INT; sleep 1000", { timeoutMs: 100 });
      await take(host.place.folder);
      const next = host.client("next");
      assert.equal((await runIn(next, "echo next")).output.text, "next\n");
      await eventually("the old one ends", () => !isAlive(pid));
      assert.equal((await runIn(next, "echo still")).output.text, "still\n");
      assert.equal((await runIn(host.client("another"), "echo too")).output.text, "too\n");
      await removeFolder(`${host.place.folder}-moved`);
    });
  }

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    it(`ends orderly at ${signal}: with its shells, and every client knows`, async () => {
      const [pid, client] = await started(signal === "SIGTERM" ? "(trap '' HUP INT TERM; sleep 1000) & true" : "true");
      const exits: string[] = [];
      client.on((event) => event.type === "exited" && exits.push(event.name));
      const running = runIn(client, "sleep 1000", { commandId: "c" });
      await eventually("it runs", () => client.list()[0]?.status === "running");
      process.kill(pid, signal);
      assert.equal((await running).status, "exited");
      await isGone(pid);
      assert.deepEqual(exits, ["main"]);
      assert.equal((await runIn(client, "echo again")).output.text, "again\n");
      assert.deepEqual(host.complaints, []);
    });
  }

  it("never loses a client that comes just as it ends", async () => {
    host = await testHost({ idleMs: 1 });
    for (let round = 0; round < 12; round += 1) {
      const client = host.client(`s${round % 3}`);
      assert.equal((await runIn(client, `echo ${round}`)).output.text, `${round}\n`);
      if (round % 2 === 0) await client.close();
      else await client.release();
      // From before it notices to after it is gone.
      await sleep(round * 35);
    }
  });
});
