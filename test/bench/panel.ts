/**
 * The panel in a real Chromium, its host outside of its frame: how long a session of 10,000 entries takes from the
 * opening of the panel to the first frame with its newest rows, and how long tasks get while somebody scrolls. Beside
 * the time on the clock stands the time its thread was given, which other programs of the machine change little.
 */
import { readFile } from "node:fs/promises";
import { type Browser, chromium, type Page } from "playwright-core";
import { findBrowser } from "../../scripts/browser.ts";
import { type Playground, startPlayground } from "../../webview-ui/playground/server.ts";

export interface PanelCosts {
  /** To the first frame with the newest rows, in a browser that has never seen the panel. */
  readonly coldMs: number;
  readonly coldCpuMs: number;
  /** Again in the same browser, as when the view is hidden and shown. */
  readonly warmMs: number;
  readonly warmCpuMs: number;
  /** While scrolling up through thousands of entries, and down again. */
  readonly longestTaskMs: number;
  readonly longestTaskCpuMs: number;
  /** Elements in the document after that. */
  readonly nodes: number;
}

/** Runs in every frame. The panel tells the window around it when its newest rows are on the screen. */
const observe = `
  const visible = () => {
    const newest = [...document.querySelectorAll(".row-footer")].at(-1);
    if (!newest || getComputedStyle(newest).visibility !== "visible") return false;
    const { top, bottom } = newest.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  };
  const look = () => {
    if (!visible()) return requestAnimationFrame(look);
    requestAnimationFrame(() => setTimeout(() => {
      performance.mark("bench:rows");
      top.postMessage({ rowsAt: performance.timeOrigin + performance.now() }, "*");
    }));
  };
  if (location.pathname === "/panel") requestAnimationFrame(look);
  else addEventListener("message", ({ data }) => { if (data.rowsAt) globalThis.rowsAt = data.rowsAt; });
`;

const VIEWPORT = { width: 460, height: 840 };

export async function measurePanel(scene = "long"): Promise<PanelCosts> {
  const playground = await startPlayground();
  const browser = await chromium.launch({ executablePath: findBrowser() ?? "chromium", args: ["--no-sandbox"] });
  try {
    return await measureIn(browser, playground, scene);
  } finally {
    await browser.close();
    await playground.close();
  }
}

async function measureIn(browser: Browser, { url }: Playground, scene: string): Promise<PanelCosts> {
  const page = await browser.newPage({ viewport: VIEWPORT });
  await page.addInitScript(observe);
  await page.goto(`${url}/framed?scene=${scene}`);
  await poll(page, "globalThis.openPanel !== undefined || undefined");
  const cold = await openPanel(browser, page);
  const warm = await openPanel(browser, page);
  await browser.startTracing(page, { categories: TRACED });
  await page.mouse.move(200, 400);
  for (const pixels of [-1_500, 1_500]) {
    for (let turn = 0; turn < 120; turn += 1) {
      await page.mouse.wheel(0, pixels);
      await page.waitForTimeout(16);
    }
  }
  const tasks = tasksOf(await browser.stopTracing());
  const panel = page.frames().find((frame) => frame.url().includes("/panel"));
  return {
    coldMs: cold.wallMs,
    coldCpuMs: cold.cpuMs,
    warmMs: warm.wallMs,
    warmCpuMs: warm.cpuMs,
    longestTaskMs: Math.max(...tasks.map(({ wallMs }) => wallMs)),
    longestTaskCpuMs: Math.max(...tasks.map(({ cpuMs }) => cpuMs)),
    nodes: (await panel?.evaluate<number>("document.querySelectorAll('*').length")) ?? Number.NaN,
  };
}

/** From putting the frame into the page to the frame that shows the newest rows. */
async function openPanel(browser: Browser, page: Page): Promise<Task> {
  await browser.startTracing(page, { categories: TRACED });
  const openedAt: number = await page.evaluate(
    "(globalThis.rowsAt = undefined, performance.mark('bench:open'), openPanel())",
  );
  const rowsAt = await poll(page, "globalThis.rowsAt");
  const trace = await browser.stopTracing();
  // What is loaded after the first rows, colours above all, must not run into the next measurement.
  await page.waitForTimeout(1_500);
  const tasks = tasksOf(trace, "bench:open", "bench:rows");
  return { wallMs: rowsAt - openedAt, cpuMs: tasks.reduce((sum, { cpuMs }) => sum + cpuMs, 0) };
}

/** From out here: the pages' policy forbids what Playwright's own polling does. */
async function poll(page: Page, expression: string): Promise<number> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const value: number | undefined = await page.evaluate(expression);
    if (value !== undefined) return value;
    await page.waitForTimeout(25);
  }
  throw new Error(`the panel never came to ${expression}`);
}

interface Task {
  readonly wallMs: number;
  /** Of the page's main thread. */
  readonly cpuMs: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

const TRACED = ["toplevel", "blink.user_timing"];

/** Tasks of the renderer's main thread, those between two marks where they are given. */
function tasksOf(trace: Buffer, fromMark?: string, toMark?: string): Task[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const markAt = (name: string | undefined) => traceEvents.find((event) => event.name === name)?.ts;
  const from = markAt(fromMark) ?? 0;
  const to = markAt(toMark) ?? Number.POSITIVE_INFINITY;
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid}:${tid}`),
  );
  return traceEvents
    .filter(({ name, ph, pid, tid }) => name.endsWith("RunTask") && ph === "X" && main.has(`${pid}:${tid}`))
    .filter(({ ts }) => ts >= from && ts <= to)
    .map(({ dur = 0, tdur = 0 }) => ({ wallMs: dur / 1000, cpuMs: tdur / 1000 }));
}

/** What the panel's scripts weigh that are read before the first rows, in bytes. */
export async function sizeOfFirstScripts(webviewFolder: string): Promise<number> {
  const files = await Promise.all(["start.js", "main.js"].map((name) => readFile(`${webviewFolder}/${name}`)));
  return files.reduce((sum, { length }) => sum + length, 0);
}
