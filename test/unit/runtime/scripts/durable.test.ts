/**
 * Nothing runs twice and nothing is lost: the real runtime process is killed with SIGKILL at calls of generated tasks,
 * resumed in a new one, and the effects are counted in a file that no process of ours keeps.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fromRoot } from "../../../../scripts/paths.ts";
import {
  type DurableRun,
  generateTask,
  KILL_MOMENTS,
  type KillMoment,
  numbers,
} from "../../../support/durable/program.ts";
import { fileTree, type TempWorkspace } from "../../../support/temp-workspace.ts";

const SEEDS = [11, 12, 13];
const RUN_TIMEOUT_MS = 60_000;

interface Report {
  readonly reason: string;
  readonly error?: unknown;
  readonly scripts: readonly { readonly source: string; readonly status: string; readonly printed: string }[];
  readonly effectCalls: number;
}

async function start(run: DurableRun): Promise<Report | "killed"> {
  const args = [fromRoot("test/support/durable/run.ts"), JSON.stringify(run)];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: RUN_TIMEOUT_MS });
    return JSON.parse(stdout) as Report;
  } catch (error) {
    if ((error as { signal?: string }).signal === "SIGKILL") return "killed";
    throw error;
  }
}

async function freshRun(workspace: TempWorkspace, seed: number, session: string): Promise<DurableRun> {
  const { path } = workspace;
  await workspace.write(`effects-${session}`, "");
  const effects = path(`effects-${session}`);
  return { seed, session, home: path("home"), cwd: workspace.root, effects, resume: false, kill: null };
}

/** Every effect of the task, once; what the programs shared came through whole. */
function check(report: Report | "killed", effects: string, what: string): void {
  assert.notEqual(report, "killed", what);
  if (report === "killed") return;
  assert.equal(report.reason, "completed", `${what}: ${JSON.stringify(report)}`);
  const lines = effects.split("\n").slice(0, -1);
  assert.equal(lines.filter((line) => line === "first").length, 1, what);
  const printed = report.scripts.map((script) => script.printed);
  for (const script of report.scripts) assert.equal(script.status, "completed", `${what}: ${JSON.stringify(script)}`);
  const again = /^again (\[.*?\])/m.exec(printed[1] ?? "")?.[1];
  assert.ok(again, what);
  const words = (JSON.parse(again.replaceAll("'", '"')) as string[]).slice(0, 2);
  for (const word of words) assert.equal(lines.filter((line) => line === `second-${word}`).length, 1, what);
}

describe("a session killed in the middle of its programs", function () {
  this.timeout(15 * 60_000);
  let kills = 0;

  after(() => assert.ok(kills >= 12, `only ${kills} kills hit a call`));

  for (const seed of SEEDS) {
    it(`does every effect of task ${seed} exactly once, wherever it is killed`, async () => {
      await using workspace = await fileTree();
      const plain = await freshRun(workspace, seed, "plain");
      const whole = await start(plain);
      const expected = await workspace.read("effects-plain");
      check(whole, expected, `task ${seed}, not killed`);
      const pick = numbers(seed);
      for (let call = 1; call < expected.split("\n").length; call += 1) {
        const moment = KILL_MOMENTS[Math.floor(pick() * KILL_MOMENTS.length)] as KillMoment;
        const what = `task ${seed} killed at call ${call}, ${moment}:\n${generateTask(seed).programs.join("---\n")}`;
        const run = await freshRun(workspace, seed, `killed-${call}`);
        const died = await start({ ...run, kill: { call, moment } });
        // A coin may have fallen another way, so that there was no such call.
        if (died !== "killed") {
          check(died, await workspace.read(`effects-${run.session}`), what);
          continue;
        }
        const report = await start({ ...run, resume: true });
        const effects = await workspace.read(`effects-${run.session}`);
        check(report, effects, what);
        // How many there are depends on the run's coins and clock; the journal knows how many it asked for.
        assert.equal(effects.split("\n").length - 1, await requestedEffects(workspace, run.session), what);
        kills += 1;
      }
    });
  }
});

/** Calls of `effect` in the journal. */
async function requestedEffects(workspace: TempWorkspace, session: string): Promise<number> {
  const place = ["--include", `${session}.jsonl`, workspace.path("home/sessions")];
  const { stdout } = await promisify(execFile)("grep", ["-rhc", '"tool":"effect"', ...place]);
  return stdout
    .trim()
    .split("\n")
    .reduce((sum, line) => sum + Number(line), 0);
}
