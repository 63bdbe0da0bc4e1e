/** What the `codepilot` command says on a Node that can not run it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { fromRoot } from "../../../scripts/paths.ts";
import { readImports } from "../../support/imports.ts";

const ENTRY = "src/cli/main.ts";

/** The entry on a Node that says it is of this version. */
function runOn(version: string) {
  const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
  const args = ["--import", `data:text/javascript,${encodeURIComponent(pretend)}`, fromRoot(ENTRY), "--version"];
  return promisify(execFile)(process.execPath, args).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

describe("the codepilot command on another Node", function () {
  this.timeout(30_000);
  const manifest = JSON.parse(readFileSync(fromRoot("package.json"), "utf8"));

  it("says which Node it needs, in two lines", async () => {
    for (const version of ["18.20.4", "20.20.2", "22.12.0"]) {
      const { code, stdout, stderr } = await runOn(version);
      assert.equal(code, 2, version);
      assert.equal(stdout, "");
      assert.match(stderr, new RegExp(`^codepilot: Node 22\\.13 or newer is needed, and this is ${version}\n  .*\n$`));
    }
    assert.equal(manifest.engines.node, ">=22.13.0");
  });

  it("runs on the oldest that it needs and on newer ones", async () => {
    for (const version of ["22.13.0", "24.0.1"]) {
      const { code, stdout } = await runOn(version);
      assert.deepEqual({ code, stdout }, { code: 0, stdout: `${manifest.version}\n` });
    }
  });

  it("imports nothing before it has looked", () => {
    const source = readFileSync(fromRoot(ENTRY), "utf8");
    const early = readImports(ENTRY, source).filter(({ specifier }) => specifier !== "./command.ts");
    assert.deepEqual(early, []);
    assert.doesNotMatch(source, /^import /m);
  });
});
