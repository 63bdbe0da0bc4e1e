/** The package as another program sees it: `import … from "codepilot/runtime"` compiles with strict types and runs. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fromRoot, root } from "../../../scripts/paths.ts";

const run = promisify(execFile);

describe("codepilot/runtime in another program", function () {
  this.timeout(60_000);
  let folder: string;

  before(function () {
    // `npm test` builds first; a unit test run by itself must not depend on a build.
    if (!existsSync(fromRoot("dist/types/embed/index.d.ts")) || !existsSync(fromRoot("dist/runtime.js"))) this.skip();
    folder = mkdtempSync(join(tmpdir(), "codepilot-consumer-"));
    cpSync(fromRoot("test/fixtures/consumer"), folder, { recursive: true });
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules/codepilot"), "dir");
    mkdirSync(join(folder, "node_modules/@types"));
    symlinkSync(fromRoot("node_modules/@types/node"), join(folder, "node_modules/@types/node"), "dir");
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("compiles and runs", async () => {
    const options = { cwd: folder, timeout: 50_000 };
    await run(process.execPath, [fromRoot("node_modules/typescript/bin/tsc")], options).catch((error) => {
      assert.fail(`the consumer does not compile:\n${error.stdout}`);
    });
    const { stdout } = await run(process.execPath, ["out/main.js"], options);
    assert.equal(stdout, "function\n");
  });
});
