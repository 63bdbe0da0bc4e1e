/**
 * The test layers: what each runs, for how long at most, and how its outcome is counted.
 * `npm run test:<layer>` runs one (scripts/layer.ts), `npm test` all of them (scripts/test.ts).
 */
import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { endPtyHosts } from "../test/support/end-pty-hosts.ts";
import { ensureBrowser } from "./browser.ts";
import { newMarker, run, sweep } from "./child-process.ts";
import { ensureCodeServer } from "./code-server.ts";
import { ensureTerminalPrograms } from "./debian-packages.ts";
import { fromRoot, root } from "./paths.ts";
import { say, seconds } from "./progress.ts";

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

export const LAYERS = ["unit", "golden", "host", "e2e"] as const;
export type LayerName = (typeof LAYERS)[number] | "desktop";

interface Layer {
  folder: string;
  /** `suites` prints a line per suite, `lines` one per test (for layers in which a test takes seconds). */
  style: "suites" | "lines";
  timeLimitMs: number;
  /** What must be there before the layer can run. */
  prepare: () => Promise<Record<string, string>>;
}

const MINUTE = 60_000;

const layers: Record<LayerName, Layer> = {
  unit: { folder: "test/unit", style: "suites", timeLimitMs: 20 * MINUTE, prepare: prepareTerminals },
  golden: { folder: "test/golden", style: "suites", timeLimitMs: 4 * MINUTE, prepare: async () => ({}) },
  host: { folder: "test/host", style: "lines", timeLimitMs: 12 * MINUTE, prepare: prepareWindow },
  e2e: { folder: "test/e2e", style: "lines", timeLimitMs: 25 * MINUTE, prepare: prepareWindow },
  desktop: { folder: "test/host", style: "lines", timeLimitMs: 15 * MINUTE, prepare: async () => ({}) },
};

async function prepareTerminals(): Promise<Record<string, string>> {
  await ensureTerminalPrograms();
  return {};
}

async function prepareWindow(): Promise<Record<string, string>> {
  const browser = await ensureBrowser();
  await ensureCodeServer();
  return { CODEPILOT_CHROMIUM: browser };
}

/** Runs a layer to its end. `args` go to mocha: files instead of the whole folder, or options such as `--grep`. */
export async function runLayer(name: LayerName, args: readonly string[] = []): Promise<Tally> {
  const layer = layers[name];
  const startedAt = Date.now();
  const given = args.filter((arg) => /\.test\.tsx?$/.test(arg));
  const options = args.filter((arg) => !given.includes(arg));
  const files =
    given.length > 0
      ? given
      : globSync("**/*.test.ts", { cwd: fromRoot(layer.folder) })
          .map((f) => join(layer.folder, f))
          .sort();
  if (files.length === 0) {
    say(`✗ ${name}: no test files in ${layer.folder}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }

  const prepared = await layer.prepare();
  say(`▸ ${name}: ${files.length} files`);
  // Also the tests' temporary folder, so that a killed test leaves nothing there. Short: sockets will lie in it.
  const scratch = await mkdtemp(join(tmpdir(), "cp-"));
  // As passable as the temporary folder itself, for tests that give up their rights.
  await chmod(scratch, 0o711);
  const cleanUp = (): void => rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  process.once("exit", cleanUp);
  const resultFile = join(scratch, "result.json");
  const marker = newMarker();
  const inHost = name === "host" || name === "desktop";
  const env = {
    ...withoutAccounts(),
    ...prepared,
    TMPDIR: scratch,
    // Terminals that outlive a test end with this folder.
    XDG_RUNTIME_DIR: scratch,
    CODEPILOT_HOME: join(scratch, "home"),
    CODEPILOT_ARTIFACTS: process.env.CODEPILOT_ARTIFACTS ?? fromRoot("dist/test-artifacts"),
    CODEPILOT_LAYER_RESULT: resultFile,
    CODEPILOT_LAYER_STYLE: layer.style,
    // The extension host is not the tests' to end.
    ...(inHost ? {} : { CODEPILOT_LAYER_ENDS: "1" }),
    NODE_ENV: "test",
  };
  const command = inHost ? hostCommand(name, files, options) : mochaCommand(files, options);
  const { code, timedOut } = await run(process.execPath, command, { env, timeLimitMs: layer.timeLimitMs, marker });
  const tally = readTally(resultFile, code);
  if (tally.passed + tally.failed + tally.skipped === 0) {
    say("  ✗ no test ran");
    tally.failed = 1;
  }
  if (timedOut) say(`  ✗ stopped after the layer's time limit of ${layer.timeLimitMs / MINUTE} minutes`);

  await endPtyHosts(scratch);
  const left = await sweep(marker);
  if (left.length > 0) {
    tally.failed++;
    say(`  ✗ left running after the tests (ended now):\n      ${left.join("\n      ")}`);
  }
  process.removeListener("exit", cleanUp);
  cleanUp();
  say(`${tally.failed ? "✗" : "✓"} ${name}: ${formatTally(tally)} (${seconds(Date.now() - startedAt)})`);
  return tally;
}

/** No test may reach a real model or a person's own sessions, whatever the machine's environment holds. */
function withoutAccounts(): Record<string, undefined> {
  const names = Object.keys(process.env).filter((name) => /^(OPENAI|ANTHROPIC)_|_API_KEY$/.test(name));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

function mochaCommand(files: readonly string[], options: readonly string[]): string[] {
  const ci = process.env.CI ? ["--forbid-only"] : [];
  const reporter = ["--reporter", fromRoot("scripts/mocha-reporter.ts")];
  // Mocha would otherwise wait for handles that a test forgot; `--exit` is not used, so that forgetting shows.
  return [fromRoot("node_modules/mocha/bin/mocha.js"), ...ci, ...reporter, ...options, ...files];
}

function hostCommand(name: "host" | "desktop", files: readonly string[], options: readonly string[]): string[] {
  return [
    fromRoot("test/support/host/run-in-host.ts"),
    `--where=${name}`,
    ...options,
    ...files.map((file) => relative(root, file)),
  ];
}

/** A layer which ended badly without counting a failure (it crashed, hung or never started) counts as one failure. */
function readTally(file: string, code: number): Tally {
  const counted = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as Tally & { ended: boolean })
    : { passed: 0, failed: 0, skipped: 0, ended: false };
  const { passed, skipped, ended } = counted;
  let { failed } = counted;
  if (failed === 0 && (code !== 0 || !ended)) {
    say(`  ✗ the test process ended with ${code}${ended ? "" : " before its last test"}`);
    failed = 1;
  }
  return { passed, failed, skipped };
}

export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`;
}
