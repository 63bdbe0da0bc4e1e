/** Sessions and turns larger than any window: all of it can be read, in order, and the panel stays small. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type Playground, startPlayground } from "../../webview-ui/playground/server.ts";
import { openBrowser } from "../support/host/browser.ts";
import { openContainer, pictureIfFailed, screenshot } from "../support/host/workbench.ts";
import { storeLongSession } from "../support/long-session.ts";
import { AgentWindow } from "./support/agent-window.ts";
import { walkTimeline } from "./support/walk-timeline.ts";

interface Scroller {
  scrollTop: number;
}

/** Runs in the page: goes down by less than a screen at a time and names the steps that have left rows out. */
async function stepDown(element: unknown, steps: number) {
  interface Box {
    readonly top: number;
    readonly bottom: number;
  }
  interface Item {
    readonly dataset: { readonly itemIndex?: string };
    readonly clientHeight: number;
    scrollTop: number;
    readonly ownerDocument: { querySelectorAll(selector: string): ArrayLike<Item> };
    querySelectorAll(selector: string): ArrayLike<Item>;
    getBoundingClientRect(): Box;
  }
  const list = element as Item;
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const visible = (): { first: number; last: number } | undefined => {
    const { top, bottom } = list.getBoundingClientRect();
    const boxes = Array.from(list.querySelectorAll("[data-item-index]"))
      .map((item) => ({ number: Number(item.dataset.itemIndex), box: item.getBoundingClientRect() }))
      .filter(({ box }) => box.bottom > top && box.top < bottom);
    const [first, last] = [boxes[0], boxes.at(-1)];
    if (!first || !last || first.box.top > top + 50 || last.box.bottom < bottom - 50) return undefined;
    return { first: first.number, last: last.number };
  };
  const skips: string[] = [];
  const start = visible();
  let before = start;
  for (let step = 0; step < steps; step += 1) {
    list.scrollTop += list.clientHeight * 0.7;
    await sleep(32);
    for (let waits = 0; waits < 100 && !visible(); waits += 1) await sleep(20);
    const now = visible();
    if (!now || !before || now.first > before.last + 1) skips.push(`${step}: ${JSON.stringify([before, now])}`);
    before = now;
  }
  const nodes = list.ownerDocument.querySelectorAll("*").length;
  return { skips, shown: (before?.last ?? 0) - (start?.first ?? 0), nodes };
}

describe("a turn of 5,000 entries in the panel", function () {
  this.timeout(120_000);
  const CALLS = 4_998;
  let playground: Playground;
  let browser: Browser;
  let page: Page;

  before(async () => {
    playground = await startPlayground();
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await playground?.close();
  });
  beforeEach(async () => {
    page = await (await browser.newContext({ viewport: { width: 380, height: 800 } })).newPage();
    await page.goto(`${playground.url}/panel?scene=long-turn&speed=instant`);
    await page.locator(".row-footer").waitFor();
  });
  afterEach(async function () {
    await pictureIfFailed(this.currentTest, page);
    await page.context().close();
  });

  const list = () => page.locator(".timeline-scroller");
  const part = (number: number) => page.getByText(`src/part-${number}.ts`, { exact: true });
  const task = () => page.getByText("Go through all files").last();

  /** The person lets go of the end. */
  async function wheelUp(): Promise<void> {
    await page.mouse.move(200, 400);
    await page.mouse.wheel(0, -100);
    await page.getByRole("button", { name: "Jump to latest" }).waitFor();
    await page.waitForTimeout(400);
  }

  it("is read back to its first entry and forth again, without a gap or a double, in a small document", async () => {
    await wheelUp();
    const up = await walkTimeline(list(), "up");
    assert.deepEqual(up.faults, []);
    assert.equal(up.parts, `1–${CALLS}`);
    assert.ok(up.mostNodes < 1_500, `${up.mostNodes} nodes`);
    await task().waitFor();
    await screenshot(page, "long turn at its beginning");
    const down = await walkTimeline(list(), "down");
    assert.deepEqual(down.faults, []);
    assert.equal(down.parts, `1–${CALLS}`);
    await page.getByText("All read.").waitFor();
  });

  it("does not move what is on the screen when entries come before it", async () => {
    // Late enough for what is there before to be seen.
    await page.goto(`${playground.url}/panel?scene=long-turn&speed=instant&answer=1000`);
    await page.locator(".row-footer").waitFor();
    await wheelUp();
    const requests = (): Promise<number> =>
      page.evaluate("playground.log.filter(({ type }) => type === 'entries.load').length");
    const places = (): Promise<Record<string, number>> =>
      list().evaluate((element) => {
        interface Row {
          readonly textContent: string | null;
          getBoundingClientRect(): { readonly top: number; readonly bottom: number };
        }
        const found: Record<string, number> = {};
        const scroller = element as unknown as Row & { querySelectorAll(selector: string): ArrayLike<Row> };
        const { top, bottom } = scroller.getBoundingClientRect();
        for (const row of Array.from(scroller.querySelectorAll(".row-tool"))) {
          const box = row.getBoundingClientRect();
          if (box.top >= top && box.bottom <= bottom) found[row.textContent ?? ""] = box.top;
        }
        return found;
      });
    let loads = 0;
    let known = await requests();
    for (let step = 0; step < 120 && loads < 4; step += 1) {
      await list().evaluate((element) => {
        (element as unknown as Scroller).scrollTop -= 500;
      });
      await page.waitForTimeout(20);
      const now = await requests();
      if (now === known) continue;
      known = now;
      loads += 1;
      await page.waitForTimeout(300);
      const before = await places();
      await page.waitForTimeout(1_500);
      const after = await places();
      const moved = Object.entries(before)
        .map(([row, y]) => ({ row, by: (after[row] ?? Number.NaN) - y }))
        .filter(({ by }) => !(Math.abs(by) < 2));
      assert.deepEqual(moved, [], `rows moved at load ${loads}`);
      assert.ok(Object.keys(before).length > 10);
    }
    assert.equal(loads, 4);
  });

  it("comes one row after the other on the way down, though rows differ in height and those far above are dropped", async () => {
    await page.goto(`${playground.url}/panel?scene=long&speed=instant`);
    await page.locator(".row-footer").first().waitFor();
    await list().focus();
    await page.keyboard.press("Control+Home");
    await page.getByText("Task 1: ").last().waitFor();
    await page.waitForTimeout(300);
    const { skips, shown, nodes } = await list().evaluate(stepDown, 400);
    assert.deepEqual(skips, []);
    // Further than what is kept at once.
    assert.ok(shown > 1_700, `${shown} rows`);
    assert.ok(nodes < 1_500, `${nodes} nodes`);
  });

  it("is gone through by keyboard: to its beginning, on from there, and to the end", async () => {
    await list().focus();
    await page.keyboard.press("Control+Home");
    await task().waitFor();
    await part(1).waitFor();
    await page.waitForTimeout(200);
    assert.ok((await list().evaluate((element) => (element as unknown as Scroller).scrollTop)) < 5);
    for (let presses = 0; presses < 60 && !(await part(300).isVisible()); presses += 1) {
      await list().focus();
      await page.keyboard.press("PageDown");
      await page.waitForTimeout(60);
    }
    assert.ok(await part(300).isVisible());
    await page.keyboard.press("Control+End");
    await page.getByText("All read.").waitFor();
    await part(CALLS).waitFor();
    assert.equal(await page.getByRole("button", { name: "Jump to latest" }).count(), 0);
    const more = page.getByRole("button", { name: /Load what came before/ });
    await more.focus();
    await page.keyboard.press("Enter");
    await page.waitForTimeout(200);
    assert.match(await page.evaluate("document.activeElement.textContent"), /what came before/);
  });

  it("is where it was after the page is loaded again", async () => {
    await list().focus();
    await page.keyboard.press("Control+Home");
    await part(1).waitFor();
    await page.mouse.move(200, 400);
    await page.mouse.wheel(0, 3_000);
    // What was at the top is kept some moments later.
    await page.waitForTimeout(1_000);
    const before = await list().locator(".target").allInnerTexts();
    await page.reload();
    await list().locator(".target").first().waitFor();
    await page.waitForTimeout(300);
    const after = await list().locator(".target").allInnerTexts();
    const shared = before.filter((words) => after.includes(words)).length;
    assert.ok(shared > 15, `${before.join(" ")}\n${after.join(" ")}`);
    assert.equal(await page.getByText("All read.").count(), 0);
    await page.getByRole("button", { name: "Jump to latest" }).click();
    await page.getByText("All read.").waitFor();
  });
});

describe("a session of 10,000 entries in a window", function () {
  this.timeout(240_000);
  const TITLE = "Read everything there is";
  let window: AgentWindow;
  let calls = 0;

  before(async () => {
    window = await AgentWindow.open({
      prepareWorkspace: (folder) => {
        calls = storeLongSession(join(dirname(folder), "home"), folder, {
          sessionId: "long",
          title: TITLE,
          // 100 turns of 20 entries, and one of 8,000.
          callsOfTurns: [...Array.from({ length: 100 }, () => 18), 7_998],
        });
      },
    });
  });
  after(async () => window?.close());
  afterEach(async function () {
    await pictureIfFailed(this.currentTest, window?.page);
  });

  it("is opened at its end and shown again when the view was hidden", async () => {
    await window.showPanel();
    await window.panel.getByRole("button", { name: TITLE }).click();
    await window.words("That was task 101.").waitFor({ timeout: 30_000 });
    await window.words(`part-${calls}.js`).waitFor();
    for (let round = 1; round <= 3; round += 1) {
      await openContainer(window.page, "Explorer");
      await window.composer.waitFor({ state: "hidden" });
      await window.showPanel();
      await window.words("That was task 101.").waitFor({ timeout: 30_000 });
    }
    await window.picture("50 session of 10,000 entries");
  });

  it("is read back to its first entry, without a gap or a double", async () => {
    const list = window.panel.locator(".timeline-scroller");
    await list.hover();
    await window.page.mouse.wheel(0, -100);
    await window.panel.getByRole("button", { name: "Jump to latest" }).waitFor();
    const { parts, faults, mostNodes } = await walkTimeline(list, "up");
    assert.deepEqual(faults, []);
    assert.equal(parts, `1–${calls}`);
    assert.ok(mostNodes < 2_000, `${mostNodes} nodes`);
    await window.words(TITLE).last().waitFor();
  });
});
