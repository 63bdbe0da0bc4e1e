import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostPlace } from "../../../src/node/pty-host/host-place.ts";
import { silentLog } from "../../../src/ports/log.ts";
import { ShellRecord } from "../../../src/pty-host/shell-record.ts";
import type { PtyExit, PtySpawner } from "../../../src/terminals/pty.ts";
import { removeFolder } from "../../support/remove-folder.ts";
import { eventually } from "../../support/terminals.ts";

describe("the record of shells", () => {
  let folder: string;
  let shellsFile: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "codepilot-test-"));
    shellsFile = join(folder, "shells");
  });
  afterEach(() => removeFolder(folder));

  /** A shell that is this process, and what its record said each time that something was typed into it. */
  async function spawned(file: string) {
    const typed: { data: string; recorded: boolean }[] = [];
    let exit: (exit: PtyExit) => void = () => undefined;
    const spawner: PtySpawner = {
      findShell: async () => null,
      spawn: async () => ({
        kind: "spawned",
        pty: {
          pid: process.pid,
          onData: () => undefined,
          onExit: (listener) => {
            exit = listener;
          },
          write: (data) => typed.push({ data, recorded: isRecorded() }),
          resize: () => undefined,
        },
      }),
    };
    const record = new ShellRecord({ shellsFile: file } as HostPlace, "prefix".repeat(3), silentLog);
    const result = await record
      .recording(spawner)
      .spawn({ file: "bash", args: [], cwd: folder, env: {}, cols: 80, rows: 24 });
    assert.ok(result.kind === "spawned");
    result.pty.onExit(() => undefined);
    return { record, pty: result.pty, typed, end: () => exit({ exitCode: 0, signal: null }) };
  }

  const isRecorded = () => existsSync(shellsFile) && readFileSync(shellsFile, "utf8").includes(`"pid":${process.pid},`);

  it("is on disk before anything is typed into a shell, and what was typed comes in its order", async () => {
    const { record, pty, typed, end } = await spawned(shellsFile);
    pty.write("a");
    pty.write("b");
    assert.deepEqual(typed, []);
    await eventually("it is typed", () => typed.length === 2);
    pty.write("c");
    assert.deepEqual(
      typed,
      ["a", "b", "c"].map((data) => ({ data, recorded: true })),
    );
    end();
    await eventually("it is forgotten", () => !isRecorded());
    await record.close();
  });

  it("keeps nobody waiting when it can not be written", async () => {
    const { record, pty, typed } = await spawned(join(folder, "nowhere", "shells"));
    pty.write("a");
    await eventually("it is typed", () => typed.length === 1);
    await record.close();
  });
});
