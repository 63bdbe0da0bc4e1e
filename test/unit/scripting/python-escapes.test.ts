/**
 * Programs that try to get out (test/fixtures/python/escapes.py), judged by what they must not reach and by nothing
 * else: a host file, a new file, the environment, a port, a process, a tool that was not given. How an attempt ends
 * is its own affair, as long as the parent lives and the next task works.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { fromRoot } from "../../../scripts/paths.ts";
import { lockedChildHost } from "../../../src/node/script-host/locked-child-host.ts";
import type { ScriptEngine, ScriptTask } from "../../../src/ports/script-engine.ts";
import type { ChildInput } from "../../../src/scripting/python/child-messages.ts";
import { functions, openTask, printedBy, runBlock, testEngine } from "../../support/python-engine.ts";
import { fileTree, type TempWorkspace } from "../../support/temp-workspace.ts";

const FILE_CANARY = `canary-of-a-host-file-${process.hrtime.bigint()}`;
const ENVIRONMENT_CANARY = `canary-of-the-environment-${process.hrtime.bigint()}`;
const ENVIRONMENT_NAME = "CODEPILOT_TEST_CANARY";

const attempts = readFileSync(fromRoot("test/fixtures/python/escapes.py"), "utf8")
  .split(/^# == /m)
  .slice(1)
  .map((text) => {
    const end = text.indexOf("\n");
    return { name: text.slice(0, end), source: text.slice(end + 1) };
  });

describe(`python: ${attempts.length} ways out that are none`, function () {
  this.timeout(120_000);
  let engine: ScriptEngine;
  let task: ScriptTask | undefined;
  let host: TempWorkspace;
  let server: Server;
  let connections = 0;

  before(async () => {
    process.env[ENVIRONMENT_NAME] = ENVIRONMENT_CANARY;
    host = await fileTree({ "secret.txt": FILE_CANARY });
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    engine = testEngine();
  });
  after(async () => {
    delete process.env[ENVIRONMENT_NAME];
    await engine.dispose();
    await new Promise((resolve) => server.close(resolve));
    await host.dispose();
  });

  const givens = (): string =>
    [
      `SECRET, PWNED = ${JSON.stringify(host.path("secret.txt"))}, ${JSON.stringify(host.path("pwned"))}`,
      `PORT, ENV = ${(server.address() as AddressInfo).port}, ${JSON.stringify(ENVIRONMENT_NAME)}`,
      `BODY = ${JSON.stringify(everything(host, (server.address() as AddressInfo).port))}`,
      "import os, pyodide.ffi, _pyodide._importhook",
      "pj, js = (_pyodide._importhook.jsfinder.jsproxies[name] for name in ('pyodide_js', 'js'))",
      "device = os.open('/dev/codepilot', os.O_RDWR)",
      "def show(function):",
      "    try:",
      "        value = function()",
      "        print(str(value)[:5_000])",
      "        return value",
      "    except Exception as error: print(type(error).__name__, str(error)[:2_000])",
      "def spy(name):",
      "    def called(*values):",
      "        print('called', name, len(values))",
      "        for value in values: show(lambda: value.constructor.constructor(BODY)())",
      "    return pyodide.ffi.create_proxy(called).captureThis()",
      "def patch(target, name):",
      "    value = js.constructor.fromEntries([['value', spy(name)]])",
      "    show(lambda: js.constructor.defineProperty(target, name, value))",
    ].join("\n");

  it("counts what it tries", () => {
    assert.ok(attempts.length >= 60, `${attempts.length}`);
    assert.equal(new Set(attempts.map(({ name }) => name)).size, attempts.length);
  });

  for (const { name, source } of attempts) {
    it(`does not reach a thing: ${name}`, async () => {
      if (!task?.alive) {
        task = await openTask(engine);
        await printedBy(task, givens());
      }
      connections = 0;
      const ran = await runBlock(task, source, { cpuLimitMs: 3_000, sleepLimitMs: 500 });
      const told = JSON.stringify(ran);
      assert.ok(!told.includes(FILE_CANARY), "the content of a host file");
      assert.ok(!told.includes(ENVIRONMENT_CANARY), "the environment");
      assert.ok(!existsSync(host.path("pwned")), "a new file on the host");
      assert.equal(connections, 0, "a connection");
      const known = functions.map((entry) => entry.name);
      assert.ok(
        ran.calls.every(({ tool }) => known.includes(tool)),
        "a tool that was not given",
      );
      assert.equal(({} as Record<string, unknown>).polluted, undefined, "the parent's objects");
      assert.deepEqual(await grandchildren(), [], "a process");
      if (ran.end.kind === "killed" || name.endsWith("!") || !(await stillServes(task))) {
        await task.dispose();
        task = undefined;
      }
    });
  }
});

describe("python: the process of an interpreter", () => {
  it("may do nothing, even to somebody who left the interpreter", async () => {
    await using host = await fileTree({ "secret.txt": FILE_CANARY });
    const folder = fromRoot("src/scripting/python");
    const input: ChildInput = {
      worker: fromRoot("test/support/curious-worker.ts"),
      pyodideFolder: "",
      preludePath: host.path("secret.txt"),
      snapshotPath: null,
      makeSnapshot: false,
      memoryLimitBytes: 0,
      residentLimitBytes: 1e9,
      heapLimitMb: 64,
      stackMb: 4,
    };
    let said = Buffer.alloc(0);
    const program = {
      script: fromRoot("src/scripting/python/child/main.ts"),
      argument: JSON.stringify(input),
      readable: [folder, input.worker, fromRoot("package.json")],
    };
    await new Promise<string>((resolve) => {
      const connection = lockedChildHost.start(program, {
        onBytes(bytes) {
          said = Buffer.concat([said, bytes]);
          if (said.includes("possible:")) connection.kill();
        },
        onGone: resolve,
      });
    });
    assert.match(said.toString("latin1"), /"possible: "/);
    assert.ok(!existsSync(host.path("secret.txt.new")));
  });
});

/** A JavaScript function's body that touches every canary, if it runs where Node is. */
function everything(host: TempWorkspace, port: number): string {
  const quoted = (name: string) => JSON.stringify(host.path(name));
  return [
    "const load = (name) => process.getBuiltinModule(name)",
    `load('net').connect(${port}, '127.0.0.1')`,
    "const fs = load('fs')",
    `try { fs.writeFileSync(${quoted("pwned")}, 'x') } catch {}`,
    `try { load('child_process').execFileSync('touch', [${quoted("pwned")}]) } catch {}`,
    `return JSON.stringify(process.env) + fs.readFileSync(${quoted("secret.txt")}, 'utf8')`,
  ].join("; ");
}

/** An attempt may have broken its own interpreter for good, which is its right. */
async function stillServes(task: ScriptTask): Promise<boolean> {
  const { end, printed, calls } = await runBlock(task, "print(read_file('a'), open('/tmp/t', 'w').write('x'))", {
    cpuLimitMs: 1_000,
  });
  return end.kind === "completed" && printed.endsWith(" 1\n") && calls.length === 1;
}

/** Processes that an interpreter of ours has started. */
async function grandchildren(): Promise<string[]> {
  if (process.platform !== "linux") return [];
  const parents = new Map<string, string>();
  for (const pid of await readdir("/proc")) {
    const status = /^\d+$/.test(pid) ? await readFile(`/proc/${pid}/status`, "utf8").catch(() => "") : "";
    const parent = /^PPid:\t(\d+)$/m.exec(status)?.[1];
    if (parent) parents.set(pid, parent);
  }
  const ours = [...parents].filter(([, parent]) => parent === `${process.pid}`).map(([pid]) => pid);
  return [...parents].filter(([, parent]) => ours.includes(parent)).map(([pid]) => pid);
}
