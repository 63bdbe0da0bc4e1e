/** The card of a program, in the panel alone: every state in four themes, by keyboard, and with as many calls as there can be. */
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { type Playground, startPlayground, themes } from "../../webview-ui/playground/server.ts";
import { openBrowser } from "../support/host/browser.ts";
import { pictureIfFailed, screenshot } from "../support/host/workbench.ts";

const SCENES = [
  "program-running",
  "program-failed",
  "program-done",
  "program-ends",
  "program-many",
  "program-payload",
  "program-streaming",
];
const NARROW = { width: 260, height: 700 };
const USUAL = { width: 380, height: 800 };
const WIDE = { width: 1100, height: 800 };

interface Said {
  readonly type: string;
  readonly op?: { readonly type: string; readonly [field: string]: unknown };
}

describe("a program's card", function () {
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
    page = await (await browser.newContext({ viewport: USUAL })).newPage();
    problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  });
  afterEach(async function () {
    await pictureIfFailed(this.currentTest, page);
    await page.context().close();
  });

  async function open(scene: string, theme = "dark-modern", speed = "instant"): Promise<void> {
    await page.goto(`${playground.url}/panel?scene=${scene}&theme=${theme}&speed=${speed}`);
    await page.locator(".row").first().waitFor();
    await page.evaluate("document.fonts.ready.then(() => 1)");
  }

  const program = () => page.getByRole("region", { name: /Python/ });
  const line = (number: number) =>
    page.locator(".program-line").filter({ has: page.getByText(String(number), { exact: true }) });
  const said = (): Promise<Said[]> => page.evaluate("playground.log");
  const ops = async () => (await said()).flatMap(({ op }) => (op ? [op] : []));
  const focused = (): Promise<string> =>
    page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.textContent || ''");

  for (const theme of Object.keys(themes)) {
    it(`has no accessibility violation and fits in any state: ${theme}`, async () => {
      const violations: string[] = [];
      for (const scene of SCENES) {
        await open(scene, theme, scene === "program-streaming" ? "20" : "instant");
        // Code gets its colours, and what comes before is loaded.
        await page.waitForTimeout(700);
        const result = await new AxeBuilder({ page }).analyze();
        for (const { id, nodes } of result.violations) {
          violations.push(
            ...nodes.map(({ target, failureSummary }) => `${scene}: ${id} at ${target}\n${failureSummary}`),
          );
        }
        await screenshot(page, `program ${theme} ${scene}`);
        for (const size of [NARROW, WIDE]) {
          await page.setViewportSize(size);
          const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          assert.equal(overflow, 0, `${scene} is too wide for ${size.width} px`);
          const list: number = await page.evaluate(
            "[...document.querySelectorAll('.row')].filter((row) => row.scrollWidth > row.clientWidth).length",
          );
          assert.equal(list, 0, `${scene}: rows wider than ${size.width} px`);
          await screenshot(page, `program ${theme} ${scene} ${size.width}`);
        }
        await page.setViewportSize(USUAL);
      }
      assert.deepEqual(violations, []);
      assert.deepEqual(problems, []);
    });
  }

  it("asks inside, goes on with its line marked, and is stopped by keyboard while the turn goes on", async () => {
    await page.setViewportSize({ width: 420, height: 1_400 });
    await open("program-running", "dark-modern", "4");
    await line(6).and(page.locator(".running")).waitFor();
    assert.match(await program().innerText(), /Waiting for you/);
    await page.getByRole("button", { name: "Allow once" }).click();
    await line(8).and(page.locator(".running")).waitFor();
    await page.getByRole("button", { name: /^Python/ }).focus();
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Stop program");
    await page.keyboard.press("Enter");
    await page.getByText("Stopped. What it had done stands.").waitFor();
    assert.deepEqual(
      (await ops()).map(({ type }) => type),
      ["permission.answer", "script.stop"],
    );
    await page.getByRole("log").getByText("You stopped the tests; I leave them alone.").waitFor();
  });

  it("folds by keyboard, but never what waits for an answer", async () => {
    await page.setViewportSize({ width: 420, height: 1_400 });
    await open("program-running");
    const head = page.getByRole("button", { name: /^Python/ });
    await head.focus();
    await page.keyboard.press("Enter");
    assert.equal(await head.getAttribute("aria-expanded"), "false");
    assert.equal(await page.locator(".program-line").count(), 0);
    await page.getByRole("button", { name: "Allow once" }).waitFor();
    assert.equal(await page.getByRole("button", { name: /Read src\/cart.ts/ }).count(), 0);
  });

  it("leads from a file to its write, and shows its content on demand", async () => {
    await open("program-payload");
    await page.getByRole("button", { name: /Content of data\/articles.csv/ }).click();
    await page.getByText("id,name,cents").waitFor();
    const nodes: number = await page.evaluate("document.querySelectorAll('*').length");
    assert.ok(nodes < 3_000, `${nodes} nodes`);
    await page.getByRole("button", { name: "Show the write of data/articles.csv" }).focus();
    await page.keyboard.press("Enter");
    let now = "";
    for (let attempt = 0; attempt < 40 && !/^Create/.test(now); attempt += 1) {
      await page.waitForTimeout(50);
      now = await focused();
    }
    assert.match(now, /^Create data\/articles.csv/);
  });

  it("is a line when all went well, with the closing words as the answer, and opens to everything", async () => {
    await page.setViewportSize({ width: 420, height: 1_400 });
    await open("program-done");
    await page.getByText("Result", { exact: true }).waitFor();
    assert.equal(await page.locator(".program-line").count(), 0);
    const head = page.getByRole("button", { name: /^Python/ });
    assert.match(await head.innerText(), /2 files[\s\S]*\+16[\s\S]*4 calls/);
    await head.click();
    await line(9).waitFor();
    await page.getByRole("button", { name: /Run npm test/ }).waitFor();
  });

  it("shows the newest of 120 calls with the program above, and all of them on demand in a small document", async () => {
    await page.setViewportSize({ width: 420, height: 1_000 });
    await open("program-many");
    await line(5).and(page.locator(".running")).waitFor();
    assert.equal(await page.locator(".row-tool").count(), 12);
    await page.getByRole("button", { name: "Show all 120 calls" }).click();
    await page.getByRole("button", { name: "Show the newest calls only" }).waitFor({ state: "attached" });
    const shown = await page.locator(".row-tool").count();
    assert.ok(shown > 12 && shown < 80, `${shown} rows in the document`);
    await page.mouse.move(200, 500);
    for (let notch = 0; notch < 40; notch += 1) await page.mouse.wheel(0, -400);
    await page.getByRole("button", { name: /Read src\/part-1\.ts/ }).waitFor();
  });

  it("brings a program of 1,000 calls and what was before it, though all of it is two lines", async () => {
    await open("program-thousand");
    await page.getByRole("heading", { name: /Turn 1/ }).waitFor();
    assert.deepEqual(await page.getByRole("button", { name: /^Python/ }).allInnerTexts(), [
      "Python\n1000 calls\nCompleted\n3.4 s",
      "Python\n60 calls\nCompleted\n3.4 s",
    ]);
  });

  it("shows a long program where it was, and all of it on demand", async () => {
    await page.setViewportSize({ width: 420, height: 1_000 });
    await open("program-ends");
    const box = page.getByRole("group", { name: "Program" }).last();
    await box.locator(".program-line.stopped").waitFor();
    assert.equal(await box.locator(".program-line").count(), 300);
    await page.getByRole("button", { name: "Show all 900 lines" }).click();
    assert.equal(await box.locator(".program-line").count(), 900);
  });
});
