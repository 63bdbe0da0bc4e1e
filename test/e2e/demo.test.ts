/** A first try without any key: the demo model, from the empty panel to passing tests, and refused, and by keyboard. */
import assert from "node:assert/strict";
import { readMessage, runCommand } from "../support/host/workbench.ts";
import { AgentWindow } from "./support/agent-window.ts";

const TASK = "Run the tests and fix what fails";

describe("the demo in code-server", function () {
  this.timeout(120_000);
  let window: AgentWindow;
  let broken: string;

  before(async () => {
    window = await AgentWindow.open({ settings: { "codepilot.model": "", "codepilot.baseUrl": {} } });
    broken = window.read("src/cart.js");
    await window.showPanel();
  });
  after(async () => window?.close());
  afterEach(async function () {
    if (this.currentTest?.state === "failed") {
      console.log(`      picture: ${await window.picture(`failed demo ${this.currentTest.title}`)}`);
    }
    await window.settle();
  });

  it("goes from the empty panel to passing tests, each step allowed once", async () => {
    await window.picture("40 demo empty");
    await window.panel.getByText(/demo/i).first().waitFor();
    await window.panel.getByRole("button", { name: TASK }).click();
    await window.answerModal("Allow once", "npm test");
    await window.answerModal("Allow once", "src/cart.js");
    await window.answerModal("Allow once", "npm test");
    await window.words(/All 4 tests pass/).waitFor({ timeout: 60_000 });
    await window.idle();
    assert.notEqual(window.read("src/cart.js"), broken);
    await window.picture("41 demo done");
  });

  it("changes nothing when the change is denied", async () => {
    await window.freshTask([]);
    await window.send(TASK);
    await window.answerModal("Allow once", "npm test");
    await window.answerModal("Deny", "src/cart.js");
    await window.words(/was not allowed/).waitFor({ timeout: 30_000 });
    await window.idle();
    assert.equal(window.read("src/cart.js"), broken);
  });

  it("works by keyboard alone", async () => {
    await window.freshTask([]);
    const { page } = window;
    await runCommand(page, "View: Focus Active Editor Group");
    await page.keyboard.press("Control+Alt+j");
    await window.composerHasFocus();
    await page.keyboard.type(TASK);
    await page.keyboard.press("Enter");
    for (const subject of ["npm test", "src/cart.js", "npm test"]) {
      const modal = window.modal.filter({ hasText: subject });
      await modal.waitFor({ timeout: 60_000 });
      await readMessage(page);
      await page.keyboard.press("Enter");
      await modal.waitFor({ state: "hidden" });
    }
    await window.words(/All 4 tests pass/).waitFor({ timeout: 60_000 });
    await window.idle();
    assert.notEqual(window.read("src/cart.js"), broken);
  });
});
