/** What the tools for long jobs need, from the other side of a socket. */
import assert from "node:assert/strict";
import type { RunCommand, Terminals } from "../../../src/ports/terminals.ts";
import { type TestHost, testHost } from "../../support/pty-host.ts";
import { eventually, processesOfHome } from "../../support/terminals.ts";

const signal = new AbortController().signal;

describe("jobs in the pty host", function () {
  this.timeout(120_000);
  let host: TestHost;
  beforeEach(async () => {
    host = await testHost();
  });
  afterEach(async () => {
    await host.close();
    assert.deepEqual(host.complaints, []);
  });
  async function run(terminals: Terminals, command: string, extra: Partial<RunCommand> = {}) {
    const request = { terminal: "main", command, commandId: command, timeoutMs: 8000, signal, maxOutputChars: 40_000 };
    const result = await terminals.run({ ...request, ...extra });
    assert(result.kind === "command", JSON.stringify(result));
    return result;
  }

  it("show any lines of their output, to a later client too", async () => {
    const first = host.client();
    const result = await run(first, "seq 1 100000");
    assert.equal(result.totalLines, 100_000);
    const range = { terminal: "main", fromLine: 50_000, lineCount: 2, maxOutputChars: 1000, signal };
    const read = await first.readSpool(range);
    assert(read.kind === "lines");
    assert.deepEqual(read.pieces, [{ fromLine: 50_000, toLine: 50_001, text: "50000\n50001" }]);
    assert.deepEqual([read.command.command, read.command.status, read.losses], ["seq 1 100000", "completed", []]);
    await first.release();
    const second = host.client();
    await second.reconnect();
    assert.deepEqual(await second.readSpool(range), read);
    assert.deepEqual(await second.readSpool({ ...range, ordinal: 4 }), { kind: "no-command", ordinals: [1] });
  });

  it("are waited for until they are ready, by whoever follows them", async () => {
    const first = host.client();
    const waitFor = { kind: "text", text: "Listening" } as const;
    const command = "sleep 0.5; echo Listening; sleep 60";
    const early = await run(first, command, { timeoutMs: 100, waitFor });
    assert.deepEqual([early.status, early.reached], ["running", false]);
    await first.release();
    const second = host.client();
    await second.reconnect();
    const ready = await second.follow({ commandId: command, timeoutMs: 8000, signal, waitFor });
    assert.deepEqual([ready?.status, ready?.reached, ready?.output.text], ["running", true, "Listening\n"]);
  });

  it("are kept when the session is closed, where that was asked for", async () => {
    const first = host.client();
    const opened = await first.open({ name: "web", createdBy: "agent", keep: true });
    assert.ok(opened.kind === "opened" && opened.terminal.kept === true);
    await run(first, "sleep 300", { terminal: "web", timeoutMs: 200 });
    await run(first, "sleep 301", { timeoutMs: 200 });
    await first.close();
    await eventually("only the kept terminal is left", async () => (await processesOfHome(host.home)).length === 2);
    const second = host.client();
    await second.reconnect();
    const web = second.list().find(({ name }) => name === "web");
    assert.deepEqual([web?.kept, web?.status, web?.command], [true, "running", "sleep 300"]);
    assert.equal(await second.terminate("web"), "terminated");
    await eventually("nothing is left", async () => (await processesOfHome(host.home)).length === 0);
  });
});
