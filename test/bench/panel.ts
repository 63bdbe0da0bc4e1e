/**
 * The panel in a real Chromium, its host outside of its frame: how long a session of 10,000 entries takes from the
 * opening of the panel to the first frame with its newest rows, and how long tasks get while somebody scrolls. Beside
 * the time on the clock stands the time its thread was given, which other programs of the machine change little.
 * All of it is measured under tracing, which costs a little itself.
 */
import { type Browser, chromium, type Page } from "playwright-core";
import { findBrowser } from "../../scripts/browser.ts";
import { type Playground, startPlayground } from "../../webview-ui/playground/server.ts";
import { type Spread, spreadOf } from "./measure.ts";

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
  /** While an answer of 100 kB streams. */
  readonly longestStreamingTaskMs: number;
  readonly longestStreamingTaskCpuMs: number;
}

const labels: Record<keyof PanelCosts, string> = {
  coldMs: "first rows, cold [ms]",
  coldCpuMs: "  of it main thread [CPU ms]",
  warmMs: "first rows, warm [ms]",
  warmCpuMs: "  of it main thread [CPU ms]",
  longestTaskMs: "longest task scrolling [ms]",
  longestTaskCpuMs: "  of it main thread [CPU ms]",
  nodes: "elements after that",
  longestStreamingTaskMs: "longest task streaming [ms]",
  longestStreamingTaskCpuMs: "  of it main thread [CPU ms]",
};

export function showPanel(costs: readonly PanelCosts[]): string {
  const show = ({ min, median, max }: Spread) => `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`;
  const rows = (Object.keys(labels) as (keyof PanelCosts)[]).map(
    (name) => `  ${labels[name].padEnd(32)} ${show(spreadOf(costs.map((cost) => cost[name])))}\n`,
  );
  return `opening a 10,000-item session in the panel   [budget: first paint ≤ 300 ms, ≤ 50 ms longest task]\n${rows.join("")}`;
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
  const scrolling = longestOf(tasksOf(await browser.stopTracing()));
  const panel = page.frames().find((frame) => frame.url().includes("/panel"));
  const nodes = (await panel?.evaluate<number>("document.querySelectorAll('*').length")) ?? Number.NaN;
  const streaming = await longestTaskOfStreaming(browser, url);
  return {
    coldMs: cold.wallMs,
    coldCpuMs: cold.cpuMs,
    warmMs: warm.wallMs,
    warmCpuMs: warm.cpuMs,
    longestTaskMs: scrolling.wallMs,
    longestTaskCpuMs: scrolling.cpuMs,
    nodes,
    longestStreamingTaskMs: streaming.wallMs,
    longestStreamingTaskCpuMs: streaming.cpuMs,
  };
}

async function longestTaskOfStreaming(browser: Browser, url: string): Promise<Task> {
  const page = await browser.newPage({ viewport: VIEWPORT });
  await browser.startTracing(page, { categories: TRACED });
  await page.goto(`${url}/panel?scene=long-answer&speed=1`);
  await page.locator(".row-footer").waitFor({ timeout: 60_000 });
  await page.waitForTimeout(500);
  return longestOf(tasksOf(await browser.stopTracing()));
}

function longestOf(tasks: readonly Task[]): Task {
  return {
    wallMs: Math.max(...tasks.map(({ wallMs }) => wallMs)),
    cpuMs: Math.max(...tasks.map(({ cpuMs }) => cpuMs)),
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
