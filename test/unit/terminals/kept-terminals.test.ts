import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeTerminalEngine } from "../../../src/node/pty/node-terminal-engine.ts";
import { silentLog } from "../../../src/ports/log.ts";
import type { TerminalEngine } from "../../../src/terminals/terminal-engine.ts";
import { removeFolder } from "../../support/remove-folder.ts";
import { eventually, processesOfHome } from "../../support/terminals.ts";

describe("terminals that are kept", function () {
  this.timeout(120_000);
  let home: string;
  let engine: TerminalEngine;
  const open = (outlives: boolean) => {
    const environment = () => ({ PATH: process.env.PATH ?? "", HOME: home });
    engine = nodeTerminalEngine({ cwd: home, log: silentLog, environment, outlives });
  };
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "codepilot-kept-"));
  });
  afterEach(async () => {
    await engine.close();
    await removeFolder(home);
    assert.deepEqual(await processesOfHome(home), []);
  });
  const run = (terminal: string, command: string, timeoutMs = 8000) =>
    engine.run({
      terminal,
      command,
      commandId: `${terminal} ${command}`,
      timeoutMs,
      signal: new AbortController().signal,
      maxOutputChars: 40_000,
    });
  const names = () => engine.list().map(({ name, status, kept }) => ({ name, status, kept }));

  it("stay when the session ends, with what runs in them; all others end", async () => {
    open(true);
    await engine.open({ name: "web", createdBy: "agent", keep: true });
    await engine.open({ name: "other", createdBy: "agent" });
    await run("main", "true");
    await run("web", "sleep 300", 300);
    await run("other", "sleep 301", 300);
    await engine.close({ keepKept: true });
    assert.deepEqual(names(), [
      { name: "main", status: "not-started", kept: undefined },
      { name: "web", status: "running", kept: true },
    ]);
    await eventually("only the kept shell and its command are left", async () => {
      return (await processesOfHome(home)).length === 2;
    });
    // Whoever comes next finds it in use.
    const busy = await run("web", "true");
    assert.ok(busy.kind === "busy" && busy.command === "sleep 300");
    await engine.terminate("web");
    await engine.close({ keepKept: true });
    const over = await run("main", "true");
    assert.equal(over.kind, "failed");
  });

  it("end where nothing outlives the session, and say so beforehand", async () => {
    open(false);
    const opened = await engine.open({ name: "web", createdBy: "agent", keep: true });
    assert.ok(opened.kind === "opened" && opened.terminal.kept === undefined);
    await run("web", "sleep 300", 300);
    await engine.close({ keepKept: true });
    assert.deepEqual(await processesOfHome(home), []);
  });

  it("end when everything does", async () => {
    open(true);
    await engine.open({ name: "web", createdBy: "agent", keep: true });
    await engine.close();
    assert.deepEqual(await processesOfHome(home), []);
  });
});
