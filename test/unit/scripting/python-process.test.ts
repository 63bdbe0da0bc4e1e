/** The processes behind the Python engine: ready ahead, gone afterwards, and their memory image under bad conditions. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, cp, mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fromRoot } from "../../../scripts/paths.ts";
import { asNobody } from "../../support/as-nobody.ts";
import { openTask, printedBy, runBlock, sharedHome, testEngine } from "../../support/python-engine.ts";
import { fileTree } from "../../support/temp-workspace.ts";

/** Interpreters below a process: pid and resident kilobytes. */
async function interpretersOf(parent: number): Promise<{ pid: number; rssKb: number }[]> {
  const found: { pid: number; rssKb: number }[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = await readFile(`/proc/${name}/status`, "utf8").catch(() => "");
    const command = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    if (!status.includes(`PPid:\t${parent}\n`) || !command.includes("python/child/main")) continue;
    if (!/^State:\tZ/m.test(status))
      found.push({ pid: Number(name), rssKb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) });
  }
  return found;
}

async function until(condition: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await condition()) return true;
    await delay(50);
  }
  return false;
}

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

describe("python: processes", function () {
  this.timeout(120_000);

  before(async function () {
    if (process.platform !== "linux") this.skip();
    // The very first start makes the memory image, in a process of its own.
    const engine = testEngine();
    await (await openTask(engine)).dispose();
    await engine.dispose();
    assert.ok(await until(async () => (await interpretersOf(process.pid)).length === 0));
  });

  it("starts one ahead, gives it to the task that asks, and has none while nobody needs one", async () => {
    const engine = testEngine();
    assert.deepEqual(await interpretersOf(process.pid), []);
    engine.warmUp();
    engine.warmUp();
    assert.ok(await until(async () => (await interpretersOf(process.pid)).length === 1));
    const [spare] = await interpretersOf(process.pid);
    const task = await openTask(engine);
    assert.deepEqual(
      (await interpretersOf(process.pid)).map(({ pid }) => pid),
      [spare?.pid],
    );
    assert.equal(await printedBy(task, "print(1)"), "1\n");
    await task.dispose();
    assert.deepEqual(await interpretersOf(process.pid), []);
    assert.equal(task.alive, false);
    await engine.dispose();
    await assert.rejects(openTask(engine), { code: "closed" });
    engine.warmUp();
    assert.deepEqual(await interpretersOf(process.pid), []);
  });

  it("ends a spare one that nobody uses, and one that is opened for nobody", async () => {
    const { createNodePythonEngine } = await import("../../../src/node/script-host/python-engine.ts");
    const engine = createNodePythonEngine({ home: sharedHome, idleMs: 100 });
    engine.warmUp();
    assert.ok(await until(async () => (await interpretersOf(process.pid)).length === 1));
    assert.ok(await until(async () => (await interpretersOf(process.pid)).length === 0));
    const stop = new AbortController();
    const opening = engine.open({ seed: "", functions: [], workDir: "/" }, stop.signal);
    stop.abort(new Error("not needed"));
    await assert.rejects(opening, /not needed/);
    assert.ok(await until(async () => (await interpretersOf(process.pid)).length === 0));
    engine.warmUp();
    await engine.dispose();
    assert.deepEqual(await interpretersOf(process.pid), []);
  });

  it("takes a new one when the spare one was killed by somebody else", async () => {
    const engine = testEngine();
    engine.warmUp();
    const task = await openTask(engine);
    const [busy] = await interpretersOf(process.pid);
    engine.warmUp();
    const ready = async () => (await interpretersOf(process.pid)).find(({ pid }) => pid !== busy?.pid);
    assert.ok(await until(async () => (await ready()) !== undefined));
    process.kill((await ready())!.pid, "SIGKILL");
    assert.ok(await until(async () => (await interpretersOf(process.pid)).length === 1));
    const other = await openTask(engine);
    assert.equal(await printedBy(other, "print(2)"), "2\n");
    const running = runBlock(task, "while True: pass");
    process.kill(busy!.pid, "SIGKILL");
    const { end } = await running;
    assert.ok(end.kind === "killed" && end.cause === "crashed" && /SIGKILL/.test(end.message), JSON.stringify(end));
    await engine.dispose();
  });

  it("leaves no process behind when its parent is killed, however busy it is", async () => {
    const program = `
      const { testEngine, openTask, runBlock } = await import(${JSON.stringify(fromRoot("test/support/python-engine.ts"))});
      const engine = testEngine(${JSON.stringify(sharedHome)});
      const [busy, waiting] = [await openTask(engine), await openTask(engine)];
      engine.warmUp();
      void runBlock(busy, "print('x')\\nsum(range(10**12))", { cpuLimitMs: 60_000 });
      void runBlock(waiting, "read_file('x')", { answer: () => new Promise(() => {}) });
      setTimeout(() => process.stdout.write("ready\\n"), 1_500);
      setInterval(() => {}, 1_000);
    `;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => parent.stdout.once("data", resolve));
    const children = await interpretersOf(parent.pid!);
    assert.equal(children.length, 3);
    parent.kill("SIGKILL");
    assert.ok(await until(async () => children.every(({ pid }) => isGone(pid))));
  });

  it("keeps below 250 MB while it runs blocks", async () => {
    const engine = testEngine();
    const task = await openTask(engine);
    await runBlock(task, "import json\nlines = [f'line {n}' for n in range(100_000)]\nprint(len(json.dumps(lines)))");
    for (let round = 0; round < 5; round += 1)
      await runBlock(task, "read_file('x')", { answer: () => ({ text: "x".repeat(500_000) }) });
    const [child] = await interpretersOf(process.pid);
    assert.ok(child && child.rssKb < 250_000, `${child?.rssKb} kB`);
    await engine.dispose();
  });
});

describe("python: memory image", function () {
  this.timeout(120_000);

  const image = async (home: string): Promise<string> => {
    const folder = join(home, "cache/python");
    const [key] = await readdir(folder);
    return join(folder, key ?? "", "memory.bin");
  };
  const works = async (home: string): Promise<void> => {
    const engine = testEngine(home);
    const task = await openTask(engine);
    assert.equal(await printedBy(task, "import random\nprint(6 * 7)"), "42\n");
    await engine.dispose();
  };

  it("is made at the first use, whole and private, and used from then on", async () => {
    await using home = await fileTree();
    await works(home.root);
    const file = await image(home.root);
    assert.ok(await until(async () => (await stat(file).catch(() => null)) !== null));
    const made = await stat(file);
    assert.ok(made.size > 20_000_000);
    assert.equal(made.mode & 0o077, 0);
    assert.deepEqual(await readdir(join(file, "..")), ["memory.bin"]);
    await works(home.root);
    assert.equal((await stat(file)).mtimeMs, made.mtimeMs);
  });

  const faults: Record<string, (file: string) => Promise<void>> = {
    "is cut off": (file) => truncate(file, 9_000_000),
    "has one wrong byte": async (file) => {
      const bytes = await readFile(file);
      bytes[20_000_000] = (bytes[20_000_000] ?? 0) ^ 1;
      await writeFile(file, bytes);
    },
  };
  for (const [fault, break_] of Object.entries(faults)) {
    it(`is made anew when it ${fault}`, async () => {
      await using home = await fileTree();
      await cp(join(sharedHome, "cache"), home.path("cache"), { recursive: true });
      const file = await image(home.root);
      const whole = await readFile(file);
      await break_(file);
      const { mtimeMs } = await stat(file);
      await works(home.root);
      assert.ok(await until(async () => (await stat(file)).mtimeMs !== mtimeMs));
      // To the byte: a task may be replayed on an image that another boot made.
      assert.ok(whole.equals(await readFile(file)));
    });
  }

  it("is done without where nothing can be written", async () => {
    await using home = await fileTree();
    await chmod(home.root, 0o555);
    const url = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
    const output = await asNobody(`
      const { testEngine, openTask, printedBy } = await import(${url("../../support/python-engine.ts")});
      const engine = testEngine(${JSON.stringify(home.root)});
      process.stdout.write(await printedBy(await openTask(engine), "print('cold')"));
      await engine.dispose();
    `);
    assert.equal(output, "cold\n");
    assert.deepEqual(await readdir(home.root), []);
  });

  it("is made by two at once", async () => {
    await using home = await fileTree();
    await mkdir(home.path("cache"));
    await Promise.all([works(home.root), works(home.root)]);
    const file = await image(home.root);
    assert.ok(await until(async () => (await readdir(join(file, ".."))).join() === "memory.bin"));
    await works(home.root);
  });
});
