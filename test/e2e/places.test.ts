/** Windows that are not the usual one: a folder that is not trusted, no folder, two folders. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pickRow, quickInput, quickRow, runCommand, statusBarItem, terminalShows } from "../support/host/workbench.ts";
import { AgentWindow, call, say } from "./support/agent-window.ts";

describe("places to work in", function () {
  this.timeout(120_000);
  let window: AgentWindow;

  before(async () => {
    window = await AgentWindow.open({ trust: "ask" });
  });
  after(async () => window?.close());
  afterEach(async function () {
    if (this.currentTest?.state === "failed") {
      console.log(`      picture: ${await window.picture(`failed ${this.currentTest.title}`)}`);
    }
  });

  it("a folder that is not trusted can be read and nothing else", async () => {
    await statusBarItem(window.page, "Restricted Mode").waitFor({ timeout: 60_000 });
    await window.showPanel();
    await window.panel.getByText(/trust/i).first().waitFor({ timeout: 20_000 });
    await window.picture("30 not trusted");
    window.model.setScript([
      call("read_file", { path: "src/cart.js" }),
      call("execute", { command: "touch never" }),
      call("write_file", { path: "never", mode: "w", content: "x" }),
      say("So I only read."),
    ]);
    await window.send("Try everything");
    await window.words("So I only read.").waitFor({ timeout: 30_000 });
    assert.equal(await window.modal.count(), 0);
    assert.equal(existsSync(join(window.workspace, "never")), false);
    assert.match(window.toolResult(/not trusted/), /only reading/);
    // Nobody was asked, so the cards say why.
    assert.equal(await window.words(/Refused: this workspace is not trusted/).count(), 2);
    await window.picture("31 not trusted, after a task");
  });

  it("asks as usual once the person trusts the folder, without a reload", async () => {
    await runCommand(window.page, "Workspaces: Manage Workspace Trust");
    await window.page
      .locator(".workspace-trust-editor")
      .getByRole("button", { name: /^Trust/ })
      .first()
      .click();
    await window.page.waitForTimeout(2_000);
    await window.showPanel();
    window.model.setScript([
      call("write_file", { path: "trusted.txt", mode: "w", content: "x" }),
      say("So I could write."),
    ]);
    await window.send("And now");
    await window.answerModal("Allow once", "trusted.txt");
    await window.words("So I could write.").waitFor({ timeout: 30_000 });
    await window.idle();
    assert.ok(existsSync(join(window.workspace, "trusted.txt")));
  });

  describe("two folders", () => {
    let second: string;

    before(async () => {
      second = join(window.scratch, "second");
      mkdirSync(second);
      writeFileSync(join(second, "other.txt"), "in the other folder\n");
      AgentWindow.writeJson(join(second, ".vscode", "tasks.json"), {
        version: "2.0.0",
        tasks: [{ label: "where am I", type: "codepilot", prompt: "Tell where you are" }],
      });
      const file = join(window.scratch, "both.code-workspace");
      AgentWindow.writeJson(file, { folders: [{ path: window.workspace }, { path: second }] });
      await openWorkspaceFile(window, file, "second");
      await trust(window);
      await window.showPanel();
    });

    it("asks where to work; dismissed, the words are back in the composer", async () => {
      const { page } = window;
      // Not by the file dialog: it fills its field anew when it has looked at the folder, whatever stands there by then.
      await runCommand(page, "Go to File...");
      await quickInput(page).fill("other.txt");
      await pickRow(page, /^other\.txt/);
      await page.getByRole("tab", { name: /other\.txt/ }).waitFor();
      await window.freshTask([]);
      await window.send("Look around");
      await quickRow(page, /^second/).waitFor();
      // The folder of the file that is open.
      await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: "second" }).waitFor();
      await window.picture("34 which folder");
      await page.keyboard.press("Escape");
      await quickRow(page, /^second/).waitFor({ state: "hidden" });
      await window.panel.locator(".composer textarea").waitFor();
      await window.composerHolds("Look around");
    });

    it("works in the one that was chosen; both belong to the workspace", async () => {
      const { page } = window;
      await window.freshTask([
        call("read_file", { path: join(window.workspace, "src/cart.js") }),
        call("execute", { command: "pwd" }),
        say("Both seen."),
      ]);
      await window.composer.fill("Look around");
      await window.composer.press("Enter");
      await pickRow(page, /^second/);
      assert.match(await window.answerModal("Allow once", "pwd"), new RegExp(`In ${second},`));
      await window.words("Both seen.").waitFor({ timeout: 30_000 });
      assert.match(window.toolResult(/Prices are in cents/), /Both folders|Workspace folders/);
      await window.panel.getByTitle(`This session works in ${second}`).waitFor();
      await window.picture("35 two folders");
    });

    it("remembers the choice, shows it and lets it be changed", async () => {
      const { page } = window;
      await window.freshTask([call("execute", { command: "pwd" }), say("Here.")]);
      const label = window.panel.getByRole("button", { name: /^Folder for new tasks: second/ });
      await label.waitFor();
      await label.click();
      await pickRow(page, /^shop/);
      await window.panel.getByRole("button", { name: /^Folder for new tasks: shop/ }).waitFor();
      await window.send("Where now");
      assert.match(await window.answerModal("Allow once", "pwd"), new RegExp(`In ${window.workspace},`));
      await window.words("Here.").waitFor({ timeout: 30_000 });
    });

    it("runs a task of tasks.json in the folder it is written in", async () => {
      const { page } = window;
      window.model.setScript([call("execute", { command: "pwd" }), say("That is where.")]);
      await runCommand(page, "Tasks: Run Task");
      await quickRow(page, /where am I/).click();
      assert.match(await window.answerModal("Allow once", "pwd"), new RegExp(`In ${second},`));
      await terminalShows(page, "That is where.");
    });
  });

  it("no folder: says so and offers to open one", async () => {
    await window.openAddress("ew=true");
    await window.showPanel();
    await window.panel
      .getByText(/folder/i)
      .first()
      .waitFor({ timeout: 20_000 });
    await window.picture("32 no folder");
    const send = window.panel.getByRole("button", { name: "Send" });
    if (await window.composer.isEnabled()) {
      await window.composer.fill("Do something");
      if (await send.isEnabled()) {
        await window.composer.press("Enter");
        await window.page.locator(".notification-toast", { hasText: "No folder is open" }).waitFor({ timeout: 20_000 });
        // While the message still stands there.
        await window.composerHolds("Do something");
        await window.picture("33 no folder, after a task");
        return;
      }
    }
    assert.ok(
      await window.panel
        .getByText(/open a folder/i)
        .first()
        .isVisible(),
    );
  });
});

/**
 * Now and then code-server reads a workspace file before the server's files can be reached, and the window stays without
 * folders (its own Explorer says so too). Such a window proves nothing, so it is opened anew.
 */
async function openWorkspaceFile(window: AgentWindow, file: string, folder: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await window.openAddress(`workspace=${encodeURIComponent(file)}`);
    await runCommand(window.page, "View: Show Explorer");
    const row = window.page.locator(".explorer-folders-view").getByRole("treeitem", { name: folder }).first();
    try {
      await row.waitFor({ timeout: 10_000 });
      return;
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

async function trust({ page }: AgentWindow): Promise<void> {
  const restricted = statusBarItem(page, "Restricted Mode");
  await restricted.waitFor({ timeout: 60_000 });
  await runCommand(page, "Workspaces: Manage Workspace Trust");
  await page
    .locator(".workspace-trust-editor")
    .getByRole("button", { name: /^Trust/ })
    .first()
    .click();
  await restricted.waitFor({ state: "hidden" });
  const editor = page.locator(".workspace-trust-editor");
  // Its size decides whether it is a dialog or an editor.
  await page.keyboard.press("Escape");
  if (await editor.isVisible()) await runCommand(page, "View: Close All Editors");
  await editor.waitFor({ state: "hidden" });
}
