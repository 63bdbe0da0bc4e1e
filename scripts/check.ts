/**
 * Everything about the source that needs no test run: format, lint and import order (biome), and types of the Node
 * side and of the webview. `npm run check`; `npm run fix` mends what can be mended by itself.
 */
import { run } from "./child-process.ts";
import { formatTally, type Tally } from "./layers.ts";
import { fromRoot } from "./paths.ts";
import { runMain, say, seconds } from "./progress.ts";

const tsc = [fromRoot("node_modules/typescript/bin/tsc"), "--noEmit", "-p"];

export async function check(): Promise<Tally> {
  const steps: [title: string, args: string[]][] = [
    [
      "format, lint and import order",
      [fromRoot("node_modules/@biomejs/biome/bin/biome"), "ci", "--colors=off", "--max-diagnostics=60", "."],
    ],
    ["types", [...tsc, "tsconfig.json"]],
    ["types of the webview", [...tsc, "webview-ui/tsconfig.json"]],
  ];
  const outcomes = await Promise.all(
    steps.map(async ([title, args]) => {
      const startedAt = Date.now();
      const { code, output } = await run(process.execPath, args, { output: "keep", timeLimitMs: 5 * 60_000 });
      say(`${code === 0 ? "✓" : "✗"} check: ${title} (${seconds(Date.now() - startedAt)})`);
      if (code !== 0) say(output.trim().replace(/^/gm, "    "));
      return code === 0;
    }),
  );
  const failed = outcomes.filter((ok) => !ok).length;
  return { passed: outcomes.length - failed, failed, skipped: 0 };
}

if (import.meta.main) {
  await runMain(async () => {
    const tally = await check();
    say(formatTally(tally));
    return tally.failed > 0 ? 1 : 0;
  });
}
