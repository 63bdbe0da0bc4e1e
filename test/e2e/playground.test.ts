/** The panel alone, as a person and a screen reader meet it: every scene in four themes, and by keyboard only. */
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { type Playground, startPlayground, themes } from "../../webview-ui/playground/server.ts";
import { openBrowser } from "../support/host/browser.ts";
import { pictureIfFailed, screenshot } from "../support/host/workbench.ts";

const SCENES = [
  "empty",
  "empty-without-key",
  "empty-no-folder",
  "empty-with-notice",
  "archived",
  "demo",
  "finished",
  "streaming",
  "permission-command",
  "permission-write",
  "question",
  "tools",
  "error-auth",
  "error-network",
  "failed",
  "retrying",
  "interrupted",
  "queued",
  "queue-held",
  "floods",
];
const NARROW = { width: 260, height: 700 };
const USUAL = { width: 380, height: 800 };
const WIDE = { width: 1100, height: 800 };

interface Said {
  type: string;
  op?: { type: string; [field: string]: unknown };
  [field: string]: unknown;
}

interface Scroller {
  scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
}

const scrolledTo = (page: Page): Promise<number> =>
  page.locator(".timeline-scroller").evaluate((list) => (list as unknown as Scroller).scrollTop);

describe("playground", function () {
  this.timeout(120_000);
  let playground: Playground;
  let browser: Browser;
  let page: Page;
  let problems: string[];

  before(async () => {
    playground = await startPlayground();
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await playground?.close();
  });
  beforeEach(async () => {
    // axe needs a page of a context of its own.
    page = await (await browser.newContext({ viewport: USUAL })).newPage();
    problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    // Refusals of the content security policy come as console errors.
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  });
  afterEach(async function () {
    await pictureIfFailed(this.currentTest, page);
    await page.context().close();
  });

  async function open(scene: string, theme = "dark-modern", speed = "instant"): Promise<void> {
    await page.goto(`${playground.url}/panel?scene=${scene}&theme=${theme}&speed=${speed}`);
    await page.locator(".row, .empty-inner").first().waitFor();
    await page.evaluate("document.fonts.ready.then(() => 1)");
  }

  const said = (): Promise<Said[]> => page.evaluate("playground.log");
  const composer = () => page.getByRole("textbox", { name: /Message to CodePilot/ });
  const focused = (): Promise<string> =>
    page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.textContent || ''");

  /** Presses Tab (or Shift+Tab) until what is focused is named so. */
  async function walkTo(name: string | RegExp, key = "Tab"): Promise<void> {
    const seen: string[] = [];
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press(key);
      const now = await focused();
      if (typeof name === "string" ? now.trim() === name : name.test(now)) return;
      seen.push(now.slice(0, 30));
    }
    assert.fail(`never came to ${name}: ${seen.join(" → ")}`);
  }

  for (const theme of Object.keys(themes)) {
    it(`has no accessibility violation and keeps its policy in any scene: ${theme}`, async () => {
      const violations: string[] = [];
      for (const scene of SCENES) {
        await open(scene, theme);
        await page.waitForTimeout(120);
        const result = await new AxeBuilder({ page }).analyze();
        for (const { id, nodes } of result.violations) {
          violations.push(
            ...nodes.map(({ target, failureSummary }) => `${scene}: ${id} at ${target}\n${failureSummary}`),
          );
        }
        await screenshot(page, `playground ${theme} ${scene}`);
        if (theme === "dark-modern" || theme === "light-modern") {
          for (const size of [NARROW, WIDE]) {
            await page.setViewportSize(size);
            const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
            assert.equal(overflow, 0, `${scene} is too wide for ${size.width} px`);
            await screenshot(page, `playground ${theme} ${scene} ${size.width}`);
          }
          await page.setViewportSize(USUAL);
        }
      }
      assert.deepEqual(violations, []);
      assert.deepEqual(problems, []);
    });
  }

  it("begins one session for a double click on an example", async () => {
    await open("empty");
    const example = page.getByRole("button", { name: "Run the tests and fix what fails", exact: true });
    await example.evaluate((element) => {
      const button = element as unknown as { click(): void };
      button.click();
      button.click();
    });
    await page.locator(".row").first().waitFor();
    assert.equal((await said()).filter(({ type }) => type === "session.start").length, 1);
  });

  it("tells what was raised before the first task, and which task the model knows by a summary only", async () => {
    await open("empty-with-notice");
    const notice = page.locator(".empty .notice", { hasText: "could not be read: line 2 is not JSON" });
    assert.match(await notice.innerText(), /Warning:[\s\S]*the session can go on/);
    await open("archived");
    const heads = page.locator(".turn-head");
    assert.match(
      await heads.nth(0).innerText(),
      /Put away: the model now goes by this summary\. “Coupons in src\/cart\.ts/,
    );
    assert.doesNotMatch(await heads.nth(1).innerText(), /Put away/);
  });

  it("starts a task and steers it by keyboard only", async () => {
    await open("empty", "dark-modern", "1");
    await walkTo(/Message to CodePilot/);
    await page.keyboard.type("Tidy up");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("the cart");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /Turn 1/ }).waitFor();
    await page.keyboard.type("only src");
    await page.keyboard.press("Enter");
    await page.keyboard.type("then test");
    await page.keyboard.press("Control+Enter");
    await page.getByText("2 queued").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("Stopped").first().waitFor();
    await page.getByText("Held after the stop").waitFor();
    const messages = await said();
    assert.deepEqual(messages.find(({ type }) => type === "session.start")?.text, "Tidy up\nthe cart");
    assert.deepEqual(
      messages.flatMap(({ op }) => op?.type ?? []),
      ["turn.steer", "turn.submit", "turn.interrupt"],
    );
    assert.match(await focused(), /Message to CodePilot/);
  });

  it("answers a permission by keyboard only and comes back to the composer", async () => {
    await open("permission-command");
    await composer().focus();
    await walkTo("Deny with a note…", "Shift+Tab");
    await page.keyboard.press("Enter");
    assert.match(await focused(), /Note to the model/);
    await page.keyboard.type("only the cart's tests");
    await page.keyboard.press("Enter");
    await page.getByRole("log").getByText("Understood, I leave the tests alone.").waitFor();
    assert.match(await focused(), /Message to CodePilot/);
    const answer = (await said()).find(({ op }) => op?.type === "permission.answer")?.op;
    assert.deepEqual([answer?.decision, answer?.note], ["denied", "only the cart's tests"]);
  });

  it("offers the session scope by name, and not at all where every request asks", async () => {
    await open("permission-command");
    await page.getByText("remembers").waitFor();
    await page.getByRole("button", { name: "Allow in this session" }).click();
    await page.getByRole("log").getByText("The tests pass.").waitFor();
    const answer = (await said()).find(({ op }) => op?.type === "permission.answer")?.op;
    assert.deepEqual([answer?.decision, answer?.scope], ["allowed", "session"]);
    await open("permission-write");
    await page.getByRole("button", { name: "Allow once" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Allow in this session" }).count(), 0);
  });

  it("answers a question with a choice, in own words and not at all", async () => {
    for (const act of [
      () => page.getByRole("button", { name: "To the nearest cent" }).click(),
      () =>
        page
          .getByRole("textbox", { name: "Your answer" })
          .fill("Up")
          .then(() => page.keyboard.press("Enter")),
      () => page.getByRole("button", { name: "Skip this question" }).click(),
    ]) {
      await open("question");
      await act();
      const { op } = (await said()).at(-1) ?? {};
      assert.match(op?.type ?? "", /^question\.(answer|cancel)$/);
    }
  });

  it("does not take the focus from somebody who types, and tells a screen reader", async () => {
    await open("streaming", "dark-modern", "4");
    await composer().focus();
    await page.keyboard.type("typing all the ");
    await page.getByText("Finished after").waitFor({ state: "attached", timeout: 30_000 });
    await page.keyboard.type("while");
    assert.equal(await composer().inputValue(), "typing all the while");
    assert.match(await page.getByRole("status").innerText(), /Finished after/);
  });

  it("keeps the draft over a reload", async () => {
    await open("finished");
    await composer().fill("half a thought");
    await page.waitForTimeout(400);
    await page.reload();
    await page.locator(".row").first().waitFor();
    assert.equal(await composer().inputValue(), "half a thought");
  });

  it("sends links to the host and leaves the page where it is", async () => {
    await open("finished");
    await page.getByRole("link", { name: "Node test runner" }).click();
    await page.getByRole("link", { name: "the cart" }).click();
    const hrefs = (await said()).filter(({ type }) => type === "link.open").map(({ href }) => href);
    assert.deepEqual(hrefs, ["https://nodejs.org/api/test.html", "src/cart.ts"]);
    assert.match(page.url(), /\/panel/);
  });

  it("stays at the bottom while it streams, lets go when the person scrolls up, and comes back", async () => {
    // 4,000 characters a second: ten times what a fast model writes.
    await open("long-answer", "dark-modern", "0.2");
    const gapBelow = () =>
      page.locator(".timeline-scroller").evaluate((element) => {
        const list = element as unknown as Scroller;
        return list.scrollHeight - list.scrollTop - list.clientHeight;
      });
    /** Polled from here: the page's policy forbids what Playwright's own polling does. One frame may lag behind. */
    const atBottom = async (): Promise<void> => {
      let gap = Number.NaN;
      for (let attempt = 0; attempt < 40; attempt++) {
        gap = await gapBelow();
        if (gap < 30) return;
        await page.waitForTimeout(50);
      }
      assert.fail(`${gap} px above the bottom`);
    };
    await page.waitForTimeout(2_000);
    await atBottom();
    await page.mouse.move(200, 400);
    for (let notch = 0; notch < 6; notch++) {
      await page.mouse.wheel(0, -150);
      await page.waitForTimeout(30);
    }
    const jump = page.getByRole("button", { name: "Jump to latest" });
    await jump.waitFor();
    const top = () => scrolledTo(page);
    // Chromium scrolls smoothly.
    await page.waitForTimeout(400);
    const held = await top();
    await page.waitForTimeout(700);
    const later = await top();
    assert.ok(Math.abs(later - held) < 5, `the text grows below, the view stays: ${held} → ${later}`);
    await jump.click();
    await atBottom();
    await page.waitForTimeout(700);
    await atBottom();
    assert.equal(await jump.count(), 0);
  });

  it("lets go as well when the view is moved by something else than a hand: a search in the page, a screen reader", async () => {
    await page.setViewportSize({ width: 380, height: 420 });
    for (const scene of ["program-many", "tools", "floods"]) {
      await open(scene);
      await page.waitForTimeout(2_000);
      const end = await scrolledTo(page);
      assert.ok(end > 150, `${scene}: there is something above, ${end} px`);
      for (const share of [0.8, 0.5, 0.2]) {
        await page.locator(".timeline-scroller").evaluate((element, part) => {
          const list = element as unknown as Scroller;
          list.scrollTop = (list.scrollHeight - list.clientHeight) * part;
        }, share);
        // Rows that are seen for the first time get their heights.
        await page.waitForTimeout(150);
        const there = await scrolledTo(page);
        await page.waitForTimeout(300);
        assert.equal(await scrolledTo(page), there, `${scene}: it stays at ${share}`);
        const jump = page.getByRole("button", { name: "Jump to latest" });
        await jump.click();
        await page.waitForTimeout(300);
        assert.equal(await jump.count(), 0);
      }
    }
  });

  it("holds a session of 10,000 entries in a small DOM and loads older turns on the way up", async () => {
    await open("long");
    await page.locator(".row-footer").first().waitFor();
    await page.mouse.move(200, 400);
    for (let turn = 0; turn < 60; turn++) {
      await page.mouse.wheel(0, -2_000);
      await page.waitForTimeout(20);
    }
    const loads = (await said()).filter(({ type }) => type === "entries.load").length;
    assert.ok(loads >= 2, `${loads} loads`);
    const nodes: number = await page.evaluate("document.querySelectorAll('*').length");
    assert.ok(nodes < 3_000, `${nodes} nodes`);
  });
});
