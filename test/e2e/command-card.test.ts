/** The card of a command, in the panel alone: every state in four themes, by keyboard, and under a flood of output. */
import assert from "node:assert/strict";
import { themes } from "../../webview-ui/playground/server.ts";
import { pictureIfFailed, screenshot } from "../support/host/workbench.ts";
import { PlaygroundPage } from "./support/playground-page.ts";

const SCENES = [
  "command-running",
  "command-background",
  "command-ends",
  "command-odd",
  "command-in-program",
  "command-colours",
];

describe("a command's card", function () {
  this.timeout(120_000);
  let t: PlaygroundPage;

  before(async () => {
    t = await PlaygroundPage.start();
  });
  after(async () => t?.close());
  beforeEach(() => t.renew());
  afterEach(async function () {
    await pictureIfFailed(this.currentTest, t.page);
  });

  const tail = () => t.page.locator(".output.live");
  const stop = () => t.page.getByRole("button", { name: /^Stop command/ });
  const card = (name: RegExp) => t.page.getByRole("region", { name });

  for (const theme of Object.keys(themes)) {
    it(`has no accessibility violation and fits in any state: ${theme}`, async () => {
      const violations: string[] = [];
      for (const scene of SCENES) {
        await t.open(scene, theme);
        await t.page.waitForTimeout(120);
        violations.push(...(await t.violations(scene)));
        await screenshot(t.page, `command ${theme} ${scene}`);
        // Widths do not depend on colours.
        if (theme.endsWith("modern")) await t.checkWidths(scene, `command ${theme} ${scene}`);
      }
      assert.deepEqual(violations, []);
      assert.deepEqual(t.problems, []);
    });
  }

  it("shows the newest lines of what runs, a progress bar in its last state, and is stopped by keyboard", async () => {
    await t.open("command-running");
    const lines = (await tail().innerText()).split("\n");
    assert.equal(lines.length, 10);
    assert.match(lines.at(-1) ?? "", /62% of 48 tests$/);
    assert.match(lines.at(-2) ?? "", /pays with a coupon/);
    await t.page.getByRole("button", { name: /^Run/ }).focus();
    await t.page.keyboard.press("Tab");
    assert.equal(await t.focused(), "Stop command npm run e2e -- --project=chromium --reporter=line");
    await t.page.keyboard.press("Tab");
    await t.page.keyboard.press("Tab");
    assert.equal(await t.focused(), "Open terminal main");
    await t.page.keyboard.press("Enter");
    await t.page.keyboard.press("Shift+Tab");
    await t.page.keyboard.press("Shift+Tab");
    await t.page.keyboard.press("Enter");
    await stop().waitFor({ state: "detached" });
    assert.match(await t.focused(), /^Run npm run e2e/);
    await t.page.getByRole("log").getByText("You stopped it, so I look at what there is.").waitFor();
    assert.match(await card(/^Run/).innerText(), /stopped by you\s+exit 130\s+9\.3 s/);
    assert.deepEqual(await t.ops(), ["command.stop"]);
    const opened = (await t.said()).filter(({ type }) => type === "terminal.open");
    assert.deepEqual(
      opened.map(({ terminal }) => terminal),
      ["main"],
    );
  });

  it("follows a command that goes on after its call, in a later turn too, and tells a screen reader its end", async () => {
    await t.open("command-background");
    const server = card(/^Run npm run dev/);
    assert.match(await tail().innerText(), /Local:[\s\S]*page reload src\/cart-5\.ts$/);
    assert.match(await server.innerText(), /still running/);
    await stop().click();
    await server.getByText("stopped by you").waitFor();
    assert.match(await server.innerText(), /exit 130\s+12 min 34 s/);
    assert.equal(await tail().count(), 0);
    assert.match(await t.page.getByRole("status").innerText(), /The command in terminal server is stopped/);
  });

  it("counts the time of what runs while it is on the screen, and nothing else ticks", async () => {
    // The scene is not played on, so that nothing but the card can ask for time.
    await t.page.addInitScript(
      "const set = setInterval, clear = clearInterval; globalThis.ticking = new Set();" +
        "globalThis.setInterval = (...given) => { const id = set(...given); ticking.add(id); return id; };" +
        "globalThis.clearInterval = (id) => { ticking.delete(id); clear(id); };",
    );
    const ticking = (): Promise<number> => t.page.evaluate("ticking.size");
    await t.open("command-background");
    const words = async () => (await card(/^Run npm run dev/).innerText()).match(/\d+ s/)?.[0];
    const before = await words();
    assert.equal(await ticking(), 1);
    let after = before;
    for (let n = 0; n < 50 && after === before; n += 1) {
      await t.page.waitForTimeout(100);
      after = await words();
    }
    assert.notEqual(after, before);
    await t.page.evaluate(
      "Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });" +
        "document.dispatchEvent(new Event('visibilitychange'));",
    );
    assert.equal(await ticking(), 0);
    await t.page.evaluate("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'));");
    assert.equal(await ticking(), 1);
    await stop().click();
    await stop().waitFor({ state: "detached" });
    assert.equal(await ticking(), 0);
  });

  it("stays small under thousands of updates of 16 kB, and can be stopped all the while", async () => {
    await t.open("command-flood", "dark-modern", "20");
    const nodes = (): Promise<number> => t.page.evaluate("document.querySelectorAll('*').length");
    const first = await nodes();
    const height = async () => (await tail().boundingBox())?.height ?? 0;
    const before = Number.parseInt(await tail().innerText(), 10);
    for (let n = 0; n < 10; n += 1) {
      await t.page.waitForTimeout(100);
      assert.ok((await tail().innerText()).split("\n").length <= 10);
      assert.ok((await height()) <= 200, `${await height()} px`);
    }
    assert.ok(Number.parseInt(await tail().innerText(), 10) > before + 1_000);
    assert.ok((await nodes()) <= first + 5, `${first} → ${await nodes()}`);
    await stop().click();
    assert.deepEqual(await t.ops(), ["command.stop"]);
    assert.deepEqual(t.problems, []);
  });

  it("shows what is odd in bounds: one endless line, binary, a full-screen program", async () => {
    await t.page.setViewportSize({ width: 380, height: 2_000 });
    await t.open("command-odd");
    const heights: number[] = await tail().evaluateAll((all) =>
      all.map((one) => (one as unknown as { offsetHeight: number }).offsetHeight),
    );
    assert.equal(heights.length, 4);
    assert.ok(Math.max(...heights) <= 200, heights.join());
    await t.page.getByText("A full-screen program runs. Its terminal shows it.").waitFor();
    assert.match(await tail().nth(3).innerText(), /^ ⠿ web Pulling 58%\n ⠿ db Pulling 87%\n ⠿ cache Pulling 100%$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be shown.
    assert.doesNotMatch((await tail().allInnerTexts()).join(""), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  });
});
