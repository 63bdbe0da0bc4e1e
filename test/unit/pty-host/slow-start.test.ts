/** Terminals of before are found by a process that has much else to do, and by one that meets a slow host. */
import assert from "node:assert/strict";
import { afterLoopTime } from "../../../src/node/pty-host/loop-time.ts";
import { runIn, type TestHost, testHost } from "../../support/pty-host.ts";
import { eventually } from "../../support/terminals.ts";

function blockLoop(ms: number): void {
  for (const until = Date.now() + ms; Date.now() < until; );
}

describe("terminals that are looked for", function () {
  this.timeout(120_000);
  let host: TestHost;

  beforeEach(async () => {
    host = await testHost();
  });
  afterEach(async () => {
    await host.close();
    assert.deepEqual(host.complaints, []);
  });

  it("are found although the loop stands still for longer than the limit", async () => {
    const first = host.client();
    await runIn(first, "true");
    await first.release();
    const next = host.client();
    const looking = next.reconnect();
    blockLoop(2_500);
    await looking;
    assert.deepEqual(
      next.list().map(({ name, status }) => [name, status]),
      [["main", "idle"]],
    );
  });

  it("are told of when their host answers after the limit, but not what was never begun", async () => {
    const first = host.client();
    await first.open({ name: "server", createdBy: "agent" });
    await first.release();
    const pid = (await host.pid()) ?? 0;
    const next = host.client();
    const events: string[] = [];
    next.on((event) => events.push("terminal" in event ? `${event.type} ${event.terminal.name}` : event.type));
    process.kill(pid, "SIGSTOP");
    try {
      await next.reconnect();
    } finally {
      process.kill(pid, "SIGCONT");
    }
    assert.deepEqual(
      next.list().map(({ name, status }) => [name, status]),
      [["main", "not-started"]],
    );
    await eventually("they are told of", () => events.includes("opened server"));
    assert.deepEqual(events, ["opened server"]);
    assert.equal((await runIn(next, "echo there", { terminal: "server" })).output.text, "there\n");
  });

  it("are looked for within a limit that ends after all, unless it was taken back", async () => {
    const acted: string[] = [];
    afterLoopTime(250, () => acted.push("first"));
    const dropped = afterLoopTime(1, () => acted.push("never"));
    blockLoop(300);
    dropped.dispose();
    assert.deepEqual(acted, []);
    await eventually("it ends", () => acted.length > 0);
    assert.deepEqual(acted, ["first"]);
  });
});
