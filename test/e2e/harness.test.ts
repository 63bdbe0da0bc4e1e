/** The test harness itself: a window opens, the palette and a terminal work, and nothing is left behind. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { fromRoot } from "../../scripts/paths.ts";
import { openBrowser, openWindow } from "../support/host/browser.ts";
import { type CodeServer, startCodeServer } from "../support/host/code-server.ts";
import {
  openContainer,
  pictureIfFailed,
  runCommand,
  terminalShows,
  terminalText,
  typeInTerminal,
} from "../support/host/workbench.ts";

describe("harness: a window in code-server", function () {
  this.timeout(120_000);
  const scratch = mkdtempSync(join(tmpdir(), "codepilot-e2e-"));
  const workspace = join(scratch, "shop");
  let server: CodeServer;
  let browser: Browser;
  let page: Page;

  before(async () => {
    cpSync(fromRoot("test/fixtures/sample-workspace"), workspace, { recursive: true });
    server = await startCodeServer({ workspace });
    browser = await openBrowser();
    page = await openWindow(server, browser);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  afterEach(async function () {
    await pictureIfFailed(this.currentTest, page);
  });

  it("shows the extension's container in the activity bar", async () => {
    await openContainer(page, "CodePilot");
  });

  it("runs palette commands and reads a terminal", async () => {
    await runCommand(page, "Terminal: Create New Terminal (In Active Workspace)");
    await typeInTerminal(page, "echo $((6*7)) ok\n");
    await terminalShows(page, "42 ok");
    assert.match(await terminalText(page), /^42 ok$/m);
  });

  it("ends with its whole process group and its folder", async () => {
    const second = await startCodeServer({ workspace, extension: false });
    await second.stop();
    await second.stop();
    assert.throws(() => process.kill(-second.pid, 0));
    assert.equal(existsSync(second.dir), false);
  });
});
