/** The VSIX that ships, installed as a person would: the only test that sees a file missing from the package. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { packageExtension } from "../../scripts/package.ts";
import { fromRoot } from "../../scripts/paths.ts";
import { openBrowser, openWindow } from "../support/host/browser.ts";
import { type CodeServer, installVsix, startCodeServer } from "../support/host/code-server.ts";
import { dialog, openContainer, readMessage, webview } from "../support/host/workbench.ts";

/** Generous, but it notices a bundled source map, a second copy of a runtime or a whole node_modules. */
const LARGEST_VSIX_BYTES = 12_000_000;

describe("the packaged extension", function () {
  this.timeout(180_000);
  const scratch = mkdtempSync(join(tmpdir(), "codepilot-package-"));
  const vsix = join(scratch, "codepilot.vsix");
  let server: CodeServer | undefined;
  let browser: Browser | undefined;
  let installed = "";

  before(async function () {
    // The package holds one platform's binaries.
    if (process.platform !== "linux" || process.arch !== "x64") this.skip();
    await packageExtension(vsix);
    const extensionsDir = await installVsix(vsix, join(scratch, "profile"));
    const folder = readdirSync(extensionsDir).find((name) => name.startsWith("codepilot.codepilot-"));
    assert.ok(folder, "the VSIX was not installed");
    installed = join(extensionsDir, folder);
    const workspace = join(scratch, "shop");
    cpSync(fromRoot("test/fixtures/sample-workspace"), workspace, { recursive: true });
    server = await startCodeServer({ workspace, extensionsDir, env: { CODEPILOT_HOME: join(scratch, "home") } });
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  it("is small", () => {
    const { size } = statSync(vsix);
    assert.ok(size < LARGEST_VSIX_BYTES, `${size} bytes`);
  });

  it("shows its view", async () => {
    assert.ok(server && browser);
    const page = await openWindow(server, browser);
    await openContainer(page, "CodePilot");
    await webview(page).locator("#root > *").first().waitFor({ timeout: 60_000 });
    await page.close();
  });

  it("runs a task", async () => {
    assert.ok(server && browser);
    const page = await openWindow(server, browser);
    await openContainer(page, "CodePilot");
    const composer = webview(page).locator(".composer textarea");
    await composer.fill("Run the tests and fix what fails", { timeout: 60_000 });
    await composer.press("Enter");
    for (const subject of ["npm test", "src/cart.js", "npm test"]) {
      const box = dialog(page).filter({ hasText: subject });
      await box.waitFor({ timeout: 60_000 });
      await readMessage(page);
      await box.getByRole("button", { name: "Allow once", exact: true }).click();
      await box.waitFor({ state: "hidden" });
    }
    await webview(page)
      .locator("main")
      .getByText(/All 4 tests pass/)
      .waitFor({ timeout: 60_000 });
    await page.close();
  });

  it("brings its native parts: a terminal and the search program", () => {
    const script = `
      const { spawn } = await import("node-pty");
      const { rgPath } = await import("@vscode/ripgrep");
      const { execFileSync } = await import("node:child_process");
      console.log(execFileSync(rgPath, ["--version"], { encoding: "utf8" }).split(" ")[0]);
      spawn("echo", ["pty works"], {}).onData((data) => console.log(data.trim()));`;
    const args = ["--input-type=module", "-e", script];
    const output = execFileSync(process.execPath, args, { cwd: installed, encoding: "utf8", timeout: 20_000 });
    assert.equal(output.trim(), "ripgrep\npty works");
  });

  it("has a command that runs by itself", () => {
    const args = [join(installed, "dist/cli.js"), "--version"];
    const output = execFileSync(process.execPath, args, { cwd: scratch, encoding: "utf8", timeout: 20_000 });
    assert.match(output, /\d+\.\d+\.\d+/);
  });
});
