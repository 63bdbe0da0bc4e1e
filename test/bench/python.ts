/** Figures of the Python engine as it is shipped (dist/python): boot, a block with five calls, memory. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { lockedChildHost } from "../../src/node/script-host/locked-child-host.ts";
import { openSnapshotFiles } from "../../src/node/script-host/snapshot-files.ts";
import { silentLog } from "../../src/ports/log.ts";
import type { ScriptEngine, ScriptHost } from "../../src/ports/script-engine.ts";
import { createPythonEngine } from "../../src/scripting/python/index.ts";
import { removeFolder } from "../support/remove-folder.ts";
import { spreadOf } from "./measure.ts";

const BLOCKS = 200;
const SOURCE = [
  "names = []",
  "for n in range(5):",
  "    text = read_file(f'a.txt', start_line=n)",
  "    names.append(text.splitlines()[0].upper())",
  "print(len(names), names[0])",
].join("\n");

export interface PythonFigures {
  /** First use ever: boot from nothing, memory image, boot from it. */
  readonly firstMs: readonly number[];
  readonly bootMs: readonly number[];
  /** A block with five calls, without the time that the calls took in the host. */
  readonly blockMs: readonly number[];
  readonly nativeMs: readonly number[];
  /** `python3 -c` with the same work; empty where there is none. */
  readonly systemMs: readonly number[];
  readonly readyMb: number;
  readonly runningMb: number;
  readonly peakMb: number;
  readonly processesWhenUnused: number;
}

export async function measurePython(runs: number): Promise<PythonFigures> {
  const folder = await mkdtemp(join(tmpdir(), "codepilot-bench-python-"));
  const file = join(folder, "a.txt");
  await writeFile(file, "a line of text\n".repeat(40));
  const firstMs: number[] = [];
  const bootMs: number[] = [];
  for (let run = 0; run < Math.min(runs, 3); run += 1) {
    const home = join(folder, `home${run}`);
    firstMs.push(await timeToOpen(home));
    for (let boot = 0; boot < 3; boot += 1) bootMs.push(await timeToOpen(home));
  }

  const engine = engineIn(join(folder, "home0"));
  const task = await engine.open(task0, AbortSignal.timeout(60_000));
  const readyMb = (await childMemory()).residentMb;
  const blockMs: number[] = [];
  const nativeMs: number[] = [];
  for (let block = 0; block < BLOCKS; block += 1) {
    let inHostMs = 0;
    const host: ScriptHost = {
      async call(calls) {
        const startedAt = performance.now();
        const text = await readFile(file, "utf8");
        inHostMs += performance.now() - startedAt;
        const reply = {
          kind: "returned",
          text,
          attributes: { lines: 40 },
          nowMs: Date.now(),
          replayed: false,
        } as const;
        return calls.map(() => reply);
      },
      print: () => undefined,
    };
    const startedAt = performance.now();
    const limits = { nowMs: Date.now(), cpuLimitMs: 10_000, sleepLimitMs: 0 };
    const end = await task.run({ source: SOURCE, ...limits }, host, AbortSignal.timeout(10_000));
    if (end.kind !== "completed") throw new Error(JSON.stringify(end));
    blockMs.push(performance.now() - startedAt - inHostMs);
    nativeMs.push(inHostMs);
  }
  const memory = await childMemory();
  await engine.dispose();
  const processesWhenUnused = (await children()).length;
  const systemMs = await timeSystemPython(file, Math.min(runs, 5));
  await removeFolder(folder);
  return {
    firstMs,
    bootMs,
    // The first blocks warm up the compilers of both sides.
    blockMs: blockMs.slice(10),
    nativeMs: nativeMs.slice(10),
    systemMs,
    readyMb,
    runningMb: memory.residentMb,
    peakMb: memory.peakMb,
    processesWhenUnused,
  };
}

/** As lines for the table of the bench. */
export function showPython(figures: PythonFigures): string {
  const show = (values: readonly number[]): string => {
    const { min, median, max } = spreadOf(values);
    return `${median.toFixed(1)} ms (${min.toFixed(1)}–${max.toFixed(1)})`;
  };
  return [
    "python block, five calls, warm   [budget: ≤ 5 ms beyond the calls]",
    `  beyond the calls           ${show(figures.blockMs)}`,
    `  the five calls             ${show(figures.nativeMs)}`,
    `  python3 -c, the same work  ${figures.systemMs.length > 0 ? show(figures.systemMs) : "not on this machine"}`,
    "python engine   [budget: ≤ 250 MB while it runs, 0 when unused]",
    `  first use ever             ${show(figures.firstMs)}`,
    `  ready from memory image    ${show(figures.bootMs)}`,
    `  memory                     ${figures.readyMb.toFixed(0)} MB ready, ${figures.runningMb.toFixed(0)} MB running, ${figures.peakMb.toFixed(0)} MB at most, ${figures.processesWhenUnused} processes when unused`,
    "",
  ].join("\n");
}

const task0 = {
  seed: "bench",
  workDir: "/w",
  functions: [
    { name: "read_file", doc: "Reads.", parameters: [{ name: "path" }, { name: "start_line", default: null }] },
  ],
};

function engineIn(home: string): ScriptEngine {
  const folder = fileURLToPath(new URL("../../dist/python/", import.meta.url)).replace(/[/\\]$/, "");
  const files = {
    script: join(folder, "main.mjs"),
    worker: join(folder, "worker.mjs"),
    prelude: join(folder, "prelude.py"),
    pyodideFolder: folder,
    readable: [folder],
  };
  const snapshots = openSnapshotFiles(join(home, "cache", "python"), "bench", silentLog);
  return createPythonEngine({ host: lockedChildHost, log: silentLog, files: async () => ({ files, snapshots }) });
}

async function timeToOpen(home: string): Promise<number> {
  const engine = engineIn(home);
  const startedAt = performance.now();
  await engine.open(task0, AbortSignal.timeout(60_000));
  const elapsed = performance.now() - startedAt;
  await engine.dispose();
  return elapsed;
}

async function timeSystemPython(file: string, runs: number): Promise<number[]> {
  const source = SOURCE.replace(/^/, "import sys\ndef read_file(path, start_line): return open(sys.argv[1]).read()\n");
  const times: number[] = [];
  try {
    for (let run = 0; run < runs; run += 1) {
      const startedAt = performance.now();
      await promisify(execFile)("python3", ["-c", source, file]);
      times.push(performance.now() - startedAt);
    }
  } catch {
    return [];
  }
  return times;
}

/** Interpreters of this process, by what the kernel tells of them; none where it is not Linux. */
async function children(): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc").catch(() => [])) {
    const status = /^\d+$/.test(pid) ? await readFile(`/proc/${pid}/status`, "utf8").catch(() => "") : "";
    if (status.includes(`PPid:\t${process.pid}\n`) && status.includes("VmRSS:")) found.push(status);
  }
  return found;
}

async function childMemory(): Promise<{ residentMb: number; peakMb: number }> {
  // The kernel counts with a delay.
  await delay(100);
  const statuses = await children();
  const sum = (field: RegExp) =>
    statuses.reduce((total, status) => total + Number(field.exec(status)?.[1] ?? 0) / 1_000, 0);
  return { residentMb: sum(/VmRSS:\s+(\d+)/), peakMb: sum(/VmHWM:\s+(\d+)/) };
}
