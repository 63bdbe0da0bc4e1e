/**
 * Fills dist/: the bundles, the JSON schema of agent files, the notices of what they contain of others, and the
 * declarations of `codepilot/runtime`. `npm run build` and, as a step, `npm test`.
 */
import { rm, writeFile } from "node:fs/promises";
import { agentFileJsonSchema } from "../src/protocol/agent-file.ts";
import { run } from "./child-process.ts";
import { formatTally, type Tally } from "./layers.ts";
import { writeNotices } from "./notices.ts";
import { fromRoot } from "./paths.ts";
import { runMain, say } from "./progress.ts";

/** Both steps run side by side; their output is shown step by step. */
export async function build(): Promise<Tally> {
  await rm(fromRoot("dist/types"), { recursive: true, force: true });
  const steps = [
    runStep("bundles", [fromRoot("esbuild.mjs"), "--production"]),
    runStep("declarations", [fromRoot("node_modules/typescript/bin/tsc"), "-p", "tsconfig.types.json"]),
  ];
  const outcomes = await Promise.all(steps);
  await writeSchema();
  if (outcomes.every((ok) => ok)) await writeNotices();
  const failed = outcomes.filter((ok) => !ok).length;
  return { passed: outcomes.length - failed, failed, skipped: 0 };
}

/** For the YAML extension; see yamlValidation in package.json. */
async function writeSchema(): Promise<void> {
  await writeFile(fromRoot("dist/agent-file.schema.json"), `${JSON.stringify(agentFileJsonSchema(), null, 1)}\n`);
}

async function runStep(title: string, args: string[]): Promise<boolean> {
  const { code, output } = await run(process.execPath, args, { output: "keep", timeLimitMs: 5 * 60_000 });
  say(`${code === 0 ? "✓" : "✗"} build: ${title}`);
  if (output.trim()) say(output.trim().replace(/^/gm, "    "));
  return code === 0;
}

if (import.meta.main) {
  await runMain(async () => {
    const tally = await build();
    if (tally.failed > 0) say(formatTally(tally));
    return tally.failed > 0 ? 1 : 0;
  });
}
