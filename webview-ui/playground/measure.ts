/**
 * What the budgets of the panel ask: first paint of a session of 10,000 entries, longest task while scrolling through
 * it, and while a 100 kB answer streams. `node scripts/node.mjs webview-ui/playground/measure.ts`
 */
import { chromium, type Page } from "playwright-core";
import { findBrowser } from "../../scripts/browser.ts";
import { startPlayground } from "./server.ts";

const observe = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) longTasks.push({ startTime, duration });
  }).observe({ type: "longtask", buffered: true });
  new MutationObserver((_, observer) => {
    if (!document.querySelector(".row-footer")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { globalThis.firstRows = performance.now(); }));
  }).observe(document, { subtree: true, childList: true });
`;

const tasks = (page: Page): Promise<string> =>
  page.evaluate(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a template of the page.
    "longTasks.splice(0).map(({ startTime, duration }) => `${Math.round(duration)} ms at ${Math.round(startTime)}`).join(', ') || 'none over 50 ms'",
  );

const playground = await startPlayground();
const browser = await chromium.launch({ executablePath: findBrowser() ?? "chromium", args: ["--no-sandbox"] });
const page = await (await browser.newContext({ viewport: { width: 420, height: 800 } })).newPage();
await page.addInitScript(observe);

for (let round = 1; round <= 4; round++) {
  await page.goto(`${playground.url}/panel?scene=long&speed=instant`);
  await page.locator(".row-footer").first().waitFor();
  await page.waitForTimeout(1_500);
  const times: Record<string, number> = await page.evaluate(`({
    scripts: performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/main.js")).responseEnd,
    host: playground.preparedMs,
    rows: firstRows,
  })`);
  const { scripts = 0, host = 0, rows = 0 } = times;
  console.log(
    `open 10,000 entries: rows painted ${Math.round(rows)} ms after navigation (scripts there at ${Math.round(scripts)}, ` +
      `the fake host needed ${Math.round(host)}); long tasks: ${await tasks(page)}`,
  );
}

await page.mouse.move(200, 400);
for (let turn = 0; turn < 400; turn++) {
  await page.mouse.wheel(0, -1_500);
  await page.waitForTimeout(16);
}
const loads = await page.evaluate("playground.log.filter(({ type }) => type === 'entries.load').length");
const nodes = await page.evaluate("document.querySelectorAll('*').length");
console.log(`scroll up through ${loads} loads of older turns: ${nodes} nodes; long tasks: ${await tasks(page)}`);

await page.goto(`${playground.url}/panel?scene=long-answer&speed=1`);
await page.locator(".row-footer").waitFor({ timeout: 60_000 });
await page.waitForTimeout(500);
console.log(`stream 100 kB: long tasks: ${await tasks(page)}`);
await browser.close();
await playground.close();
