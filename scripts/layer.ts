/** Runs one test layer: `npm run test:unit [-- FILE… --grep TEXT]`. Ends with `N passed, N failed`. */
import { formatTally, type LayerName, runLayer } from "./layers.ts";
import { runMain, say } from "./progress.ts";

await runMain(async () => {
  const [name, ...args] = process.argv.slice(2);
  const tally = await runLayer(name as LayerName, args);
  say(formatTally(tally));
  return tally.failed > 0 ? 1 : 0;
});
