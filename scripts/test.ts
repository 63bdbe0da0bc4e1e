/**
 * `npm test`: build, check and every test layer, one after the other, each with its own result; the last line adds
 * them up. A failing layer does not stop the next ones, a failing build does (they would test an old one).
 */
import { build } from "./build.ts";
import { check } from "./check.ts";
import { formatTally, LAYERS, runLayer, type Tally } from "./layers.ts";
import { PlainFailure, runMain, say, seconds } from "./progress.ts";

await runMain(async () => {
  const startedAt = Date.now();
  const results: [name: string, tally: Tally][] = [];

  const layer = async (name: string, work: () => Promise<Tally>): Promise<boolean> => {
    let tally: Tally;
    try {
      tally = await work();
    } catch (error) {
      // A layer whose needs cannot be met (no browser, no code-server) has failed, and says why.
      say(`✗ ${name}: ${error instanceof PlainFailure ? error.message : (error as Error).stack}`);
      tally = { passed: 0, failed: 1, skipped: 0 };
    }
    results.push([name, tally]);
    return tally.failed === 0;
  };

  if (await layer("build", build)) {
    await layer("check", check);
    for (const name of LAYERS) await layer(name, () => runLayer(name));
  }

  const total: Tally = { passed: 0, failed: 0, skipped: 0 };
  say(`\nResults after ${seconds(Date.now() - startedAt)}:`);
  for (const [name, tally] of results) {
    say(`  ${tally.failed ? "✗" : "✓"} ${name.padEnd(7)} ${formatTally(tally)}`);
    for (const key of ["passed", "failed", "skipped"] as const) total[key] += tally[key];
  }
  say(formatTally(total));
  return total.failed > 0 ? 1 : 0;
});
