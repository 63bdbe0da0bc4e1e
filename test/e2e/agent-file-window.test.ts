/** An agent file as a person meets it: in the explorer, with a question where it leads elsewhere, and while it is written. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { answerInput, chooseFromMenu, statusBarItem } from "../support/host/workbench.ts";
import { AgentWindow, say } from "./support/agent-window.ts";

describe("an agent file in a window", function () {
  this.timeout(120_000);
  let window: AgentWindow;

  before(async () => {
    window = await AgentWindow.open({
      prepareWorkspace: (folder) => {
        writeFileSync(join(folder, "agent.yaml"), "name: Fixer\ninterface: tools\ntools: [{ name: find }]\n");
        writeFileSync(
          join(folder, "other.agent.yaml"),
          "model: { provider: openai, name: x, base_url: 'https://models.invalid/v1' }\nruntime:\n  max_stebs: 3\n",
        );
      },
    });
  });
  after(async () => window?.close());
  afterEach(async function () {
    if (this.currentTest?.state === "failed") {
      console.log(`      picture: ${await window.picture(`failed ${this.currentTest.title}`)}`);
    }
  });

  const inExplorer = async (name: string) => {
    await window.page.keyboard.press("Control+Shift+E");
    return window.page.locator(".explorer-folders-view").getByRole("treeitem", { name, exact: true });
  };

  it("runs from its context menu with the task that is asked for", async () => {
    // Menus have what extensions add to them once the extensions are there.
    await statusBarItem(window.page, "CodePilot").waitFor({ timeout: 60_000 });
    const row = await inExplorer("agent.yaml");
    await row.click({ button: "right" });
    await window.picture("60 menu of an agent file");
    window.model.setScript([say("Hello from Fixer.")]);
    await chooseFromMenu(window.page, "Run Agent File…");
    await answerInput(window.page, "What shall the agent do?", "say hello");
    await window.words("Hello from Fixer.").waitFor({ timeout: 60_000 });
    const [request] = window.model.requests;
    assert.match(JSON.stringify(request?.body), /You are Fixer/);
    await window.picture("61 a session of an agent file");
  });

  it("is marked where it is wrong, and has no such menu under another name", async () => {
    await (await inExplorer("other.agent.yaml")).dblclick();
    await window.page.locator(".monaco-editor .squiggly-error").first().waitFor({ timeout: 30_000 });
    await window.picture("62 a problem in an agent file");
    await (await inExplorer("package.json")).click({ button: "right" });
    await window.page.getByRole("menuitem", { name: /^Copy Path/ }).waitFor();
    assert.equal(await window.page.getByRole("menuitem", { name: "Run Agent File…" }).count(), 0);
    await window.page.keyboard.press("Escape");
  });

  it("is run only after its server was seen", async () => {
    writeFileSync(
      join(window.workspace, "other.agent.yaml"),
      "model: { provider: openai, name: x, base_url: 'https://models.invalid/v1' }\n",
    );
    await (await inExplorer("other.agent.yaml")).click({ button: "right" });
    await chooseFromMenu(window.page, "Run Agent File…");
    const box = window.modal.filter({ hasText: "Run this agent file?" });
    await box.waitFor({ timeout: 30_000 });
    await window.picture("63 a server of the file's own");
    assert.match(await box.innerText(), /the key in OPENAI_API_KEY to models\.invalid/);
    await box.getByRole("button", { name: "Cancel", exact: true }).click();
    await box.waitFor({ state: "hidden" });
    assert.equal(await window.page.locator(".quick-input-widget:visible").count(), 0);
  });
});
