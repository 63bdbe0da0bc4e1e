/** One host for a user and a workspace, although its clients do not have the same environment. */
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { endTerminals } from "../../../src/node/pty-host/end-terminals.ts";
import { hostPlace } from "../../../src/node/pty-host/host-place.ts";
import { HostedTerminals } from "../../../src/node/pty-host/hosted-terminals.ts";
import { silentLog } from "../../../src/ports/log.ts";
import { runIn, type TestHost, testHost } from "../../support/pty-host.ts";
import { removeFolder } from "../../support/remove-folder.ts";
import { eventually } from "../../support/terminals.ts";

const never = new AbortController().signal;

describe("the pty host of a workspace, for a client with another environment", function () {
  this.timeout(120_000);
  let host: TestHost;
  /** A window that was started without a runtime folder; the host of the other one is in `temporary`. */
  let temporary: string;
  let bare: NodeJS.ProcessEnv;
  let full: NodeJS.ProcessEnv;
  const clients: HostedTerminals[] = [];

  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), "cp-t-"));
    host = await testHost({ env: { TMPDIR: temporary } });
    const { XDG_RUNTIME_DIR: _, ...rest } = process.env;
    bare = { ...rest, TMPDIR: temporary };
    full = { ...bare, XDG_RUNTIME_DIR: host.home };
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await host.close();
    await removeFolder(temporary);
    assert.deepEqual(host.complaints, []);
  });

  function client(hostEnvironment: NodeJS.ProcessEnv, session = "session-1"): HostedTerminals {
    const shells = { PATH: process.env.PATH ?? "", HOME: host.home };
    const made = new HostedTerminals({
      session,
      workspace: host.home,
      cwd: host.home,
      environment: shells,
      hostEnvironment,
      log: silentLog,
    });
    clients.push(made);
    return made;
  }
  const parent = async (terminals: HostedTerminals) => (await runIn(terminals, "echo $PPID")).output.text;
  const hostsIn = (folder: string) =>
    readdir(folder).then(
      (names) => names.length,
      () => 0,
    );

  it("is joined where the session is, and its commands are known there", async () => {
    const first = client(bare);
    const begun = await runIn(first, "until [ -e go ]; do sleep 0.05; done; echo done", {
      commandId: "slow",
      timeoutMs: 100,
    });
    assert.equal(begun.status, "running");
    const next = client(full);
    await next.reconnect();
    assert.ok(next.knows("slow"));
    await writeFile(join(host.home, "go"), "");
    const ended = await next.follow({ commandId: "slow", timeoutMs: 8_000, signal: never });
    assert.equal(ended?.output.text, "done\n");
    const attached = await next.attach("main", () => undefined);
    assert.ok(attached !== null);
    attached.dispose();
    assert.equal(await hostsIn(dirname(host.place.folder)), 0);
  });

  it("takes new sessions too", async () => {
    const first = await parent(client(bare, "one"));
    assert.equal(await parent(client(full, "two")), first);
    assert.equal(await hostsIn(dirname(host.place.folder)), 0);
  });

  it("is started in the own place when the one elsewhere hangs, and is the first choice from then on", async () => {
    const pid = Number(await parent(client(bare, "one")));
    process.kill(pid, "SIGSTOP");
    try {
      assert.notEqual(Number(await parent(client(full, "two"))), pid);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    assert.equal(await hostsIn(dirname(host.place.folder)), 1);
    assert.notEqual(Number(await parent(client(full, "three"))), pid);
    assert.equal(Number(await parent(client(full, "one"))), pid);
  });

  it("is not looked for where others could have put one", async () => {
    const first = await parent(client(bare, "one"));
    const place = await hostPlace(host.home, bare);
    for (const [folder, mode] of [
      [place.folder, 0o755],
      [dirname(place.folder), 0o750],
      [temporary, 0o777],
    ] as const) {
      await chmod(folder, mode);
      const own = client(full, `own-${mode}`);
      await own.reconnect();
      assert.equal(own.connected, false);
      assert.notEqual(await parent(own), first);
      await own.close();
      await chmod(folder, 0o700);
      await eventually("the own one has ended", async () => (await hostsIn(dirname(host.place.folder))) === 0);
    }
    await removeFolder(join(host.home, "codepilot"));
    await mkdir(join(host.home, "codepilot"), { mode: 0o700 });
    assert.equal(await parent(client(full, "two")), first);
  });

  it("is told when a session is deleted, in every place that has it", async () => {
    const [here, there] = [client(bare), client(full)];
    await here.open({ name: "server", createdBy: "agent" });
    await here.release();
    // As it came to be where nobody looked elsewhere.
    await chmod(temporary, 0o777);
    await there.open({ name: "server", createdBy: "agent" });
    await there.release();
    await chmod(temporary, 0o700);
    const pids = async () => [
      await hostsIn(dirname(host.place.folder)),
      await hostsIn(dirname((await hostPlace(host.home, bare)).folder)),
    ];
    assert.deepEqual(await pids(), [1, 1]);
    await endTerminals({ session: "session-1", cwd: host.home, log: silentLog, env: full });
    for (const env of [bare, full]) {
      const after = client(env);
      await after.reconnect();
      assert.equal(after.connected, false);
    }
    await eventually("both have ended", async () => (await pids()).every((count) => count === 0));
  });
});
