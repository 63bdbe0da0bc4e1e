/**
 * Runs test/host in an extension host, through @vscode/test-electron: in code-server by the shim (`--where=host`), in a
 * desktop VS Code which that package downloads (`--where=desktop`). The suites are bundled first, because not every
 * extension host runs TypeScript by itself. Called by scripts/layers.ts: `run-in-host.ts --where=… [--grep TEXT] FILES…`.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runTests } from "@vscode/test-electron";
import { build } from "esbuild";
import { fromRoot, root } from "../../../scripts/paths.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { where: { type: "string", default: "host" }, grep: { type: "string", short: "g" } },
});
const outdir = fromRoot("dist/test-host");
const scratch = mkdtempSync(join(tmpdir(), "codepilot-host-tests-"));
const workspace = join(scratch, "workspace");

try {
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: {
      index: "test/host/index.ts",
      ...Object.fromEntries(positionals.map((file) => [suiteName(file), file])),
    },
    outdir,
    bundle: true,
    format: "esm",
    splitting: true,
    platform: "node",
    target: "node22",
    packages: "external",
    external: ["vscode"],
    sourcemap: "linked",
    logLevel: "warning",
  });
  cpSync(fromRoot("test/fixtures/sample-workspace"), workspace, { recursive: true });
  const code = await runTests({
    ...(values.where === "host" ? { vscodeExecutablePath: fromRoot("test/support/host/code-shim.ts") } : {}),
    // The second one only declares a vendor of language models, for the test of vscode.lm.
    extensionDevelopmentPath: [root, fromRoot("test/fixtures/host-extension")],
    extensionTestsPath: join(outdir, "index.js"),
    extensionTestsEnv: {
      CODEPILOT_HOST_SUITES: JSON.stringify(positionals.map((file) => `${suiteName(file)}.js`)),
      CODEPILOT_HOME: join(scratch, "home"),
      ...(values.grep ? { CODEPILOT_HOST_GREP: values.grep } : {}),
    },
    launchArgs: [
      workspace,
      ...(values.where === "desktop" ? ["--disable-extensions", `--user-data-dir=${join(scratch, "data")}`] : []),
    ],
  });
  process.exitCode = code;
} catch (error) {
  // runTests rejects when tests failed; they have been reported already.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function suiteName(file: string): string {
  return file
    .replaceAll("\\", "/")
    .replace(/^test\/host\//, "")
    .replace(/\.ts$/, "");
}
