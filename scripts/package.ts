/** `npm run package`: the VSIX for linux-x64, with its contents and size printed. */
import { rmSync, statSync } from "node:fs";
import { build } from "./build.ts";
import { run } from "./child-process.ts";
import { fromRoot } from "./paths.ts";
import { PlainFailure, runMain, say } from "./progress.ts";

const TARGET = "linux-x64";

/** Packs what is in dist/. Throws a plain failure with the tool's words. */
export async function packageExtension(vsix: string): Promise<string> {
  rmSync(vsix, { force: true });
  const vsce = fromRoot("node_modules/@vscode/vsce/vsce");
  const args = [
    vsce,
    "package",
    "--target",
    TARGET,
    "--allow-missing-repository",
    "--no-rewrite-relative-links",
    "--out",
    vsix,
  ];
  const { code, output } = await run(process.execPath, args, { output: "keep", timeLimitMs: 5 * 60_000 });
  if (code !== 0) throw new PlainFailure(`vsce package failed:\n${output}`);
  return output;
}

if (import.meta.main) {
  await runMain(async () => {
    const built = await build();
    if (built.failed > 0) throw new PlainFailure("The build failed, so there is nothing to package.");
    const vsix = fromRoot(`dist/codepilot-${TARGET}.vsix`);
    say((await packageExtension(vsix)).trim());
    say(`${vsix}: ${(statSync(vsix).size / 1e6).toFixed(2)} MB`);
    return 0;
  });
}
