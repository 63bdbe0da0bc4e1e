/**
 * `npm run bench`: the process-level rows of the budgets, side by side with floor-node (a minimal loop over the same
 * SDK) in the same run, alternating so that a noisy moment hits both. Prints medians, spread and ratios; the
 * comparison with the budget is said, not enforced, because a shared machine is no judge. `--runs N`, `--only TEXT`.
 */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../scripts/build.ts";
import { type FakeReply, type FakeScript, startFakeModel } from "../support/fake-model/server.ts";
import { removeFolder } from "../support/remove-folder.ts";
import { measureAttach, showAttach } from "./attach.ts";
import { watchHostMemory } from "./host-memory.ts";
import { measureRecovery, measureSubmit } from "./in-process.ts";
import { measureKeystrokes, showKeystrokes } from "./keystroke.ts";
import { type Command, measure, type ProcessCost, spreadOf } from "./measure.ts";
import { measurePanel, showPanel } from "./panel.ts";
import { measurePython, showPython } from "./python.ts";

// What is measured is what is shipped, not what was built some time ago.
const built = await build();
if (built.failed > 0) throw new Error("the build failed, so there is nothing to measure");

const option = (name: string) => {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
};
const RUNS = Number(option("--runs") ?? 5);
const ONLY = option("--only") ?? "";
const STEPS = 50;
const DELTAS = 20_000;

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "codepilot-bench-"));
const cwd = join(folder, "work");
await mkdir(cwd);
await writeFile(join(cwd, "a.txt"), "a line of text\n".repeat(40));

const arrivals: number[] = [];
const fake = await startFakeModel([], { onRequest: () => arrivals.push(performance.now()) });
const codepilot: Command = {
  args: [
    here("../../dist/cli.js"),
    "exec",
    "--model",
    "openai/fake",
    "--base-url",
    fake.baseUrl("openai"),
    "--yes",
    "go",
  ],
  cwd,
  env: { HOME: folder, CODEPILOT_HOME: join(folder, "home"), XDG_RUNTIME_DIR: folder },
};
const toolList = join(folder, "tools.json");
const floor: Command = { args: [here("./floor-node.mjs"), "go", toolList], cwd, env: { HOME: folder } };
fake.setScript(() => ({ parts: [{ text: "done" }] }));
await measure(codepilot, fake, arrivals);
await writeFile(toolList, JSON.stringify(fake.requests.at(-1)?.body.tools));

const call = (name: string, args: object): FakeReply => ({ parts: [{ toolCall: { name, arguments: args } }] });
/** Arguments differ from step to step, as a real model's do: the guard against repetition stays out of it. */
const steps =
  (make: (index: number) => FakeReply): FakeScript =>
  ({ body }) => {
    const done = (body.input as { type?: string }[]).filter((item) => item.type === "function_call_output").length;
    return done < STEPS ? make(done) : { parts: [{ text: "done" }] };
  };

type Figure = (cost: ProcessCost) => number;
const firstRequest: Figure = (cost) => cost.firstRequestMs;
/** Between requests; the fake model answers at once, so this is what a step costs the agent. */
const perStep: Figure = ({ arrivalsMs }) => {
  const gaps = arrivalsMs.slice(1).map((at, index) => at - (arrivalsMs[index] ?? 0));
  return spreadOf(gaps).median;
};
const growth: Figure = ({ arrivalsMs }) => {
  const gaps = arrivalsMs.slice(1).map((at, index) => at - (arrivalsMs[index] ?? 0));
  return spreadOf(gaps.slice(-10)).median / spreadOf(gaps.slice(5, 15)).median;
};
const perDelta: Figure = (cost) => ((cost.wallMs - cost.firstRequestMs) * 1000) / DELTAS;
const afterRequest: Figure = (cost) => cost.wallMs - cost.firstRequestMs;

interface Row {
  readonly name: string;
  readonly script: FakeScript;
  readonly figures: readonly (readonly [label: string, figure: Figure, unit: string])[];
  readonly budget: string;
}

const common = [
  ["cpu", (cost: ProcessCost) => cost.cpuMs, "ms"],
  ["peak memory", (cost: ProcessCost) => cost.peakMb, "MB"],
] as const;

const rows: readonly Row[] = [
  {
    name: "cold start to first request",
    script: () => ({ parts: [{ text: "done" }] }),
    figures: [["start", firstRequest, "ms"], ...common],
    budget: "≤ 230 ms, ≤ 350 CPU ms, ≤ 110 MB",
  },
  {
    name: `overhead per step, ${STEPS} reads`,
    script: steps((n) => call("read_file", n % 2 ? { path: "a.txt" } : { path: "./a.txt" })),
    figures: [["step", perStep, "ms"], ["last steps / first steps", growth, "×"], ...common],
    budget: "≤ 1.3 × floor, no growth",
  },
  {
    name: `overhead per step, ${STEPS} shell commands`,
    script: steps((n) => call("execute", { command: `echo ${n}` })),
    figures: [["step", perStep, "ms"], ["last steps / first steps", growth, "×"], ...common],
    budget: "≤ 1.0 × floor",
  },
  {
    name: `${DELTAS.toLocaleString("en")} text deltas`,
    script: () => ({ parts: [{ text: "word ".repeat(DELTAS) }], deltaSize: 5 }),
    figures: [["delta", perDelta, "µs"], ...common],
    budget: "≤ 1.0 × floor",
  },
];

function line(label: string, unit: string, ours: readonly number[], theirs: readonly number[]): string {
  const a = spreadOf(ours);
  const b = spreadOf(theirs);
  const show = ({ min, median, max }: typeof a) =>
    `${median.toFixed(1).padStart(8)} (${min.toFixed(1)}–${max.toFixed(1)})`.padEnd(26);
  return `  ${label.padEnd(26)} ${show(a)} ${show(b)} ${unit.padEnd(3)} ${(a.median / b.median).toFixed(2)} ×`;
}

process.stdout.write(`${RUNS} runs each, alternating · node ${process.version}\n`);
process.stdout.write(`  ${"".padEnd(26)} ${"codepilot".padEnd(26)} ${"floor-node".padEnd(26)}     ratio\n`);
for (const row of rows.filter(({ name }) => name.includes(ONLY))) {
  const ours: ProcessCost[] = [];
  const theirs: ProcessCost[] = [];
  // The first pair warms the disk cache and is not counted.
  for (let run = 0; run <= RUNS; run += 1) {
    fake.setScript(row.script);
    const a = await measure(codepilot, fake, arrivals);
    const b = await measure(floor, fake, arrivals);
    if (run === 0) continue;
    ours.push(a);
    theirs.push(b);
  }
  process.stdout.write(`\n${row.name}   [budget: ${row.budget}]\n`);
  for (const [label, figure, unit] of row.figures) {
    process.stdout.write(`${line(label, unit, ours.map(figure), theirs.map(figure))}\n`);
  }
}

for (const [label, bytes] of [
  ["100-byte lines", 99],
  ["2-byte lines", 1],
] as const) {
  const name = `command printing 50 MB through the PTY, ${label}`;
  if (!name.includes(ONLY)) continue;
  const command = `yes ${"x".repeat(bytes)} | head -c 50000000`;
  const ours: ProcessCost[] = [];
  const theirs: ProcessCost[] = [];
  const keeping: ProcessCost[] = [];
  const hostPeaksMb: number[] = [];
  const kept = join(folder, "kept");
  const runs = bytes > 1 ? RUNS : 1;
  for (let run = 0; run < runs; run += 1) {
    fake.setScript([call("execute", { command, timeout: 120 }), { parts: [{ text: "done" }] }]);
    const host = watchHostMemory(folder);
    ours.push(await measure(codepilot, fake, arrivals));
    hostPeaksMb.push(host.stop());
    const bare = { args: [here("./pty-floor.ts"), command], cwd, env: { HOME: folder } };
    theirs.push(await measure(bare, fake, arrivals));
    keeping.push(await measure({ ...bare, args: [...bare.args, kept] }, fake, arrivals));
    await rm(kept);
  }
  process.stdout.write(`\n${name}   [budget: ≤ 1.2 × a bare node-pty reader, memory flat]\n`);
  process.stdout.write(
    `${line(
      "time",
      "ms",
      ours.map(afterRequest),
      theirs.map((cost) => cost.wallMs),
    )}\n${line(
      "beside a bare reader that keeps it",
      "ms",
      ours.map(afterRequest),
      keeping.map((cost) => cost.wallMs),
    )}\n`,
  );
  process.stdout.write(
    `${line(
      "peak memory",
      "MB",
      ours.map((cost) => cost.peakMb),
      theirs.map((cost) => cost.peakMb),
    )}\n${line(
      "peak memory, pty host",
      "MB",
      hostPeaksMb,
      theirs.map((cost) => cost.peakMb),
    )}\n`,
  );
}

if ("in-process".includes(ONLY) || ONLY === "") {
  const submit = spreadOf(await measureSubmit(cwd, fake, arrivals));
  process.stdout.write(
    `\nsubmit to first request in a running process   [budget: ≤ 20 ms]\n  ${submit.median.toFixed(1)} ms (${submit.min.toFixed(1)}–${submit.max.toFixed(1)})\n`,
  );
  const recovery = spreadOf(await measureRecovery(join(folder, "recovery")));
  process.stdout.write(
    `\nrecovery of a killed session of 10,000 events   [budget: ≤ 200 ms]\n  ${recovery.median.toFixed(1)} ms (${recovery.min.toFixed(1)}–${recovery.max.toFixed(1)})\n`,
  );
}

if ("panel".includes(ONLY)) {
  const costs = [];
  for (let run = 0; run < RUNS; run += 1) costs.push(await measurePanel());
  process.stdout.write(`\n${showPanel(costs)}`);
}

if ("attach".includes(ONLY)) process.stdout.write(`\n${showAttach(await measureAttach(RUNS))}`);

if ("keystroke".includes(ONLY)) process.stdout.write(`\n${showKeystrokes(await measureKeystrokes(RUNS))}`);

if ("python".includes(ONLY)) process.stdout.write(`\n${showPython(await measurePython(RUNS))}`);

await fake.close();
await removeFolder(folder);
