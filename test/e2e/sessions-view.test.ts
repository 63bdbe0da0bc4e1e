/** The view "Sessions": what it lists, how rows are opened, stopped and deleted, and how it follows other windows. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { openWindow } from "../support/host/browser.ts";
import { chooseFromMenu, runCommand, screenshot, toast } from "../support/host/workbench.ts";
import { storeSessions } from "../support/stored-sessions.ts";
import { AgentWindow, call, say } from "./support/agent-window.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe("the view of sessions", function () {
  this.timeout(120_000);
  let window: AgentWindow;
  let journals: string[] = [];

  before(async () => {
    window = await AgentWindow.open({
      prepareWorkspace: (folder) => {
        journals = storeSessions(join(dirname(folder), "home"), folder, [
          { sessionId: "old-left", title: "Rename the cart module", ageMs: 2 * DAY_MS, end: null },
          { sessionId: "old-failed", title: "Upgrade the test runner", ageMs: 2 * DAY_MS, end: "failed" },
          { sessionId: "old-stopped", title: "Write a changelog", ageMs: 3 * DAY_MS, end: "interrupted" },
          {
            sessionId: "old-done",
            title: "Explain **how** discounts <b>work</b>",
            ageMs: 20 * DAY_MS,
            end: "completed",
          },
          ...Array.from({ length: 60 }, (_, n) => ({
            sessionId: `older-${n}`,
            title: `Task number ${n}`,
            ageMs: (30 + n) * DAY_MS,
            end: "completed" as const,
          })),
        ]);
      },
    });
    await window.showPanel();
    await openSessions(window.page);
  });
  after(async () => window?.close());
  afterEach(async function () {
    if (this.currentTest?.state === "failed") {
      console.log(`      picture: ${await window.picture(`failed ${this.currentTest.title}`)}`);
    }
    await window.settle();
  });

  it("groups what was left behind, what is recent and what is old, and loads the rest on demand", async () => {
    const { page } = window;
    await row(page, "Rename the cart module").waitFor();
    await row(page, "Rename the cart module", "Interrupted: can be resumed or discarded, 2 days ago").waitFor();
    await row(page, "Upgrade the test runner", "Failed, 2 days ago").waitFor();
    await row(page, "Write a changelog", "Stopped by you, 3 days ago").waitFor();
    const labels = (await tree(page).locator('[aria-level="1"]').all()).slice(0, 2).map(spoken);
    assert.deepEqual(await Promise.all(labels), ["Needs You, 1 session", "Last 7 Days, 2 sessions"]);
    await runCommand(page, "Notifications: Clear All Notifications");
    await window.picture("40 sessions");
    await tree(page).focus();
    await page.keyboard.press("End");
    const older = row(page, "Show Older Sessions");
    await older.click();
    await older.waitFor({ state: "hidden" });
    await tree(page).focus();
    await page.keyboard.press("End");
    await row(page, "Task number 59").waitFor();
    await page.keyboard.press("Home");
  });

  it("shows a task as it waits, runs and ends", async () => {
    const { page } = window;
    await window.freshTask([call("execute", { command: "echo tree-$((1+1))" }), say("slow ".repeat(2_000), slowly)]);
    await window.send("Watch me in the tree");
    await window.modal.waitFor();
    await page.keyboard.press("Escape");
    await window.modal.waitFor({ state: "hidden" });
    const mine = row(page, "Watch me in the tree");
    await row(page, "Watch me in the tree", "Waits for you").waitFor();
    await window.picture("41 sessions waiting");
    await mine.hover();
    const hover = page.locator(".monaco-hover", { hasText: "Last change" });
    await hover.waitFor();
    await page.waitForTimeout(400);
    await screenshot(page, "41b tooltip");
    assert.match(await hover.innerText(), /Waits for you\s+\$ echo tree-\$\(\(1\+1\)\)/);
    await window.panel.getByRole("button", { name: "Allow once" }).click();
    await row(page, "Watch me in the tree", "Working").waitFor();
    await mine.hover();
    await mine.getByRole("button", { name: "Stop" }).click();
    await row(page, "Watch me in the tree", "Stopped by you").waitFor();
  });

  it("shows words of a title as they are, not as Markdown or HTML", async () => {
    const { page } = window;
    await (await scrolledTo(page, "Explain **how** discounts <b>work</b>")).hover();
    await page.locator(".monaco-hover").getByText("Explain **how** discounts <b>work</b>", { exact: true }).waitFor();
  });

  it("opens a row by a click and by the keyboard", async () => {
    const { page } = window;
    await (await scrolledTo(page, "Upgrade the test runner")).click();
    await window.words("Upgrade the test runner").first().waitFor();
    await tree(page).focus();
    await (await scrolledTo(page, "Write a changelog")).click({ button: "right" });
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await window.words("Write a changelog").first().waitFor();
  });

  it("deletes after a modal question, journal and all", async () => {
    const { page } = window;
    const failed = journals[1] as string;
    const target = await scrolledTo(page, "Upgrade the test runner");
    await target.hover();
    await target.getByRole("button", { name: "Delete…" }).click();
    const box = window.modal.filter({ hasText: "Delete the session “Upgrade the test runner”?" });
    await box.waitFor();
    await window.picture("42 delete");
    await box.getByRole("button", { name: "Cancel" }).click();
    assert.ok(existsSync(failed));
    await target.hover();
    await target.getByRole("button", { name: "Delete…" }).click();
    await window.answerModal("Delete", "Upgrade the test runner");
    await target.waitFor({ state: "hidden" });
    assert.equal(existsSync(failed), false);
  });

  it("discards what was interrupted, from the menu of its row", async () => {
    const { page } = window;
    const left = await scrolledTo(page, "Rename the cart module");
    await left.click({ button: "right" });
    await page.waitForTimeout(300);
    await window.picture("43 menu of a row");
    await chooseFromMenu(page, "Discard Interrupted Turn");
    await row(page, "Rename the cart module", "Stopped by you").waitFor();
  });

  it("follows another window, and does not delete what is open there", async () => {
    const second = await openWindow(window.server, window.browser);
    try {
      await openSessions(second);
      await window.freshTask([say("slow ".repeat(4_000), slowly)]);
      await window.send("Running in the first window");
      const foreign = row(second, "Running in the first window");
      await row(second, "Running in the first window", "Working, in another window").waitFor({ timeout: 20_000 });
      await screenshot(second, "45 another window");
      await foreign.click({ button: "right" });
      await second.waitForTimeout(300);
      await chooseFromMenu(second, "Delete…");
      await toast(second, "is open in another window or process, so it is not deleted").waitFor();
      await screenshot(second, "46 refused");
      await window.stop();
      await row(second, "Running in the first window", "Stopped by you").waitFor({ timeout: 20_000 });
    } finally {
      await second.close();
    }
  });

  for (const theme of ["Dark Modern", "Light Modern", "Dark High Contrast"]) {
    it(`looks right in ${theme}`, async () => {
      await window.changeTheme(theme);
      await window.freshTask([call("execute", { command: "echo look" }), say("Done.")]);
      await window.send("Something that waits for a permission");
      await window.modal.waitFor();
      await window.page.keyboard.press("Escape");
      await row(window.page, "Something that waits", "Waits for you").waitFor();
      await window.picture(`44 sessions in ${theme}`);
      await window.panel.getByRole("button", { name: "Deny", exact: true }).click();
      await window.words("Done.").last().waitFor();
    });
  }
});

const slowly = { deltaSize: 10, chunkSize: 200, chunkDelayMs: 20 };

/** Unfolds the view and waits for its rows. */
async function openSessions(page: Page): Promise<void> {
  await runCommand(page, "CodePilot: Focus on Sessions View");
  await tree(page).waitFor({ timeout: 30_000 });
  // As high as a person makes it who uses it: rows that do not fit are not in the page.
  const header = await page.locator('.pane-header[aria-label^="Sessions Section"]').boundingBox();
  assert.ok(header);
  await page.mouse.move(header.x + 100, header.y);
  await page.mouse.down();
  await page.mouse.move(header.x + 100, header.y - 150, { steps: 5 });
  await page.mouse.up();
}

function tree(page: Page): Locator {
  return page.locator('.pane:has([aria-label^="Sessions Section"]) .monaco-list').first();
}

/** By what a screen reader says of it. */
function row(page: Page, title: string, state = ""): Locator {
  return tree(page)
    .locator(`.monaco-list-row[aria-label^="${title}"]${state === "" ? "" : `[aria-label*="${state}"]`}`)
    .first();
}

/** Only rows on the screen exist in the page, so the list is walked with the keyboard until the row is there. */
async function scrolledTo(page: Page, title: string): Promise<Locator> {
  const target = row(page, title);
  await tree(page).focus();
  await page.keyboard.press("Home");
  for (let n = 0; n < 200 && !(await target.isVisible()); n += 1) await page.keyboard.press("ArrowDown");
  await target.scrollIntoViewIfNeeded();
  return target;
}

async function spoken(target: Locator): Promise<string> {
  return (await target.getAttribute("aria-label")) ?? "";
}
