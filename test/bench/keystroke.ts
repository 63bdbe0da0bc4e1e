/**
 * From a key to its echo in a real window: in a terminal of VS Code's own and in one of the agent's, whose bytes take the
 * way through extension host and pty host. Both shells are bash at its prompt, the page and the machine are the same,
 * and the two take turns, so that what differs is the way.
 */
import type { Page } from "playwright-core";
import { AgentWindow } from "../e2e/support/agent-window.ts";
import { runCommand, typeInTerminal } from "../support/host/workbench.ts";
import { type Spread, spreadOf } from "./measure.ts";

const KEYS_A_ROUND = 20;

export interface KeystrokeCosts {
  readonly plainMs: readonly number[];
  readonly agentMs: readonly number[];
}

/** `rounds` times 20 keys in each of the two. */
export async function measureKeystrokes(rounds: number): Promise<KeystrokeCosts> {
  const window = await AgentWindow.open({ settings: { "terminal.integrated.shellIntegration.enabled": false } });
  try {
    const { page } = window;
    await window.showPanel();
    await runCommand(page, "Terminal: Create New Terminal");
    await shows(page, "shop");
    await runCommand(page, "CodePilot: New CodePilot Terminal");
    await selected(page, "shell-1");
    await shows(page, "shop");
    const costs = { plainMs: [] as number[], agentMs: [] as number[] };
    // The first round of each warms up and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      for (const [into, name] of [
        [costs.plainMs, "bash"],
        [costs.agentMs, "shell-1"],
      ] as const) {
        await page.locator(".tabs-list .monaco-list-row", { hasText: name }).click();
        await selected(page, name);
        const times = await typeKeys(page);
        if (round > 0) into.push(...times);
      }
    }
    return costs;
  } finally {
    await window.close();
  }
}

export function showKeystrokes({ plainMs, agentMs }: KeystrokeCosts): string {
  const [plain, agent] = [spreadOf(plainMs), spreadOf(agentMs)];
  const show = ({ min, median, max }: Spread) => `${median.toFixed(1)} ms (${min.toFixed(1)}–${max.toFixed(1)})`;
  return `keystroke to echo   [budget: ≤ 1.2 × a plain VS Code terminal]\n  agent terminal ${show(agent)}, plain ${show(plain)}: ${(agent.median / plain.median).toFixed(2)} ×\n`;
}

async function selected(page: Page, name: string): Promise<void> {
  await page.locator(".tabs-list .monaco-list-row.selected", { hasText: name }).waitFor();
}

async function shows(page: Page, text: string): Promise<void> {
  await page.locator(".terminal-wrapper.active .xterm-rows").filter({ hasText: text }).waitFor();
}

/** In the page: `echoed` is the time from the next key to one "z" more in the active terminal. */
const awaitEcho = `
  globalThis.echoed = new Promise((resolve) => {
    const rows = document.querySelector(".terminal-wrapper.active .xterm-rows");
    const area = document.querySelector(".terminal-wrapper.active .xterm-helper-textarea");
    const count = () => rows.textContent.split("z").length;
    const before = count();
    let pressedAt = NaN;
    area.addEventListener("keydown", () => (pressedAt = performance.now()), { once: true, capture: true });
    const observer = new MutationObserver(() => {
      if (count() <= before) return;
      observer.disconnect();
      resolve(performance.now() - pressedAt);
    });
    observer.observe(rows, { childList: true, subtree: true, characterData: true });
  });
  undefined;
`;

/** Milliseconds from each key's event to the change of the row that shows it; the line is emptied again. */
async function typeKeys(page: Page): Promise<number[]> {
  await typeInTerminal(page, "");
  const times: number[] = [];
  for (let index = 0; index < KEYS_A_ROUND; index += 1) {
    await page.evaluate(awaitEcho);
    await page.keyboard.press("z");
    times.push(await page.evaluate<number>("echoed"));
    // Not in step with anything that the page does at intervals.
    await page.waitForTimeout(30 + (index % 7) * 11);
  }
  await page.keyboard.press("Control+u");
  await page.waitForTimeout(100);
  return times;
}
