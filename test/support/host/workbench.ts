/**
 * What a person does in the workbench, as functions on a Playwright page: palette, views, webviews, modal messages,
 * quick picks, toasts and terminals. The selectors live here and nowhere else.
 */
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FrameLocator, Locator, Page } from "playwright-core";

/** Runs a command by its palette title, such as `CodePilot: New Task`. */
export async function runCommand(page: Page, title: string): Promise<void> {
  // The palette closes whenever something else takes the focus (a terminal that ends, a view that opens): try again.
  for (let attempt = 1; ; attempt++) {
    try {
      await page.keyboard.press("F1");
      await quickInput(page).fill(`>${title}`, { timeout: 2_000 });
      await quickRow(page, startingWith(title)).click({ timeout: 2_000 });
      return;
    } catch (error) {
      if (attempt === 5) throw error;
      await page.keyboard.press("Escape");
      await page.waitForTimeout(300);
    }
  }
}

/** Opens a view container by its title in the activity bar; does nothing when it is open already. */
export async function openContainer(page: Page, title: string): Promise<void> {
  const tab = page.locator(".activitybar").getByRole("tab", { name: title });
  await tab.waitFor({ timeout: 60_000 });
  if ((await tab.getAttribute("aria-selected")) !== "true") await tab.click();
}

/** The document of the nth open webview. While a webview reloads, the locators inside wait. */
export function webview(page: Page, nth = 0): FrameLocator {
  return page.locator("iframe.webview.ready").nth(nth).contentFrame().locator("iframe#active-frame").contentFrame();
}

export function dialog(page: Page): Locator {
  return page.locator(".monaco-dialog-box");
}

/** As long as a person takes to read a message at the very least; faster answers are taken for accidents. */
export async function readMessage(page: Page): Promise<void> {
  await page.waitForTimeout(600);
}

/** Presses a button of the open modal message and returns the message's text (buttons, message and detail). */
export async function answerModal(page: Page, button: string): Promise<string> {
  const box = dialog(page);
  await box.waitFor({ timeout: 30_000 });
  const text = await box.innerText();
  await readMessage(page);
  await box.getByRole("button", { name: button, exact: true }).click();
  await box.waitFor({ state: "hidden" });
  return text;
}

export function quickInput(page: Page): Locator {
  return page.locator(".quick-input-widget input.input");
}

export function quickRow(page: Page, label: string | RegExp): Locator {
  return page.locator(".quick-input-list").getByRole("option", { name: label }).first();
}

export async function pickRow(page: Page, label: string | RegExp): Promise<void> {
  await quickRow(page, label).click();
}

/** Answers an input box. `prompt` is part of its prompt, so that another box is not answered by accident. */
export async function answerInput(page: Page, prompt: string, text: string): Promise<void> {
  await page.locator(".quick-input-message", { hasText: prompt }).waitFor();
  await quickInput(page).fill(text);
  await page.keyboard.press("Enter");
}

/**
 * Chooses from the context menu that is open. A menu takes a click in its first moments for the end of the one that
 * opened it and stays; then it is chosen again.
 */
export async function chooseFromMenu(page: Page, name: string): Promise<void> {
  const item = page.locator(".monaco-menu").getByRole("menuitem", { name });
  for (let attempt = 1; ; attempt += 1) {
    await item.click();
    const closed = item.waitFor({ state: "hidden", timeout: 3_000 });
    if (attempt === 3) return closed;
    if (
      await closed.then(
        () => true,
        () => false,
      )
    )
      return;
  }
}

export function toast(page: Page, text: string): Locator {
  return page.locator(".notification-toast", { hasText: text });
}

export async function answerToast(page: Page, text: string, button: string): Promise<void> {
  await toast(page, text).getByRole("button", { name: button, exact: true }).click();
}

export function statusBarItem(page: Page, text: string): Locator {
  return page.locator(".part.statusbar .statusbar-item", { hasText: text });
}

/**
 * Waits until the visible terminal shows a text, wherever its rows break: prompts are as long as host, user and folder
 * make them, and blanks at the end of a row are not drawn.
 */
export async function terminalShows(page: Page, text: string, timeoutMs = 30_000): Promise<void> {
  const wanted = text.replace(/\s/g, "");
  const until = Date.now() + timeoutMs;
  for (;;) {
    const shown = (await terminal(page).allTextContents()).join("").replace(/\s/g, "");
    if (shown.includes(wanted)) return;
    if (Date.now() > until) throw new Error(`The terminal does not show ${JSON.stringify(text)}: ${shown}`);
    await page.waitForTimeout(50);
  }
}

/** The rows of the visible terminal. For what they say there are `terminalShows` and `terminalText`. */
export function terminal(page: Page): Locator {
  return page.locator(".terminal-wrapper.active .xterm-rows");
}

/** The visible terminal's screen, without the blanks at line ends. */
export async function terminalText(page: Page): Promise<string> {
  const text = await terminal(page).innerText();
  return text
    .replaceAll("\u00a0", " ")
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}

export async function typeInTerminal(page: Page, text: string): Promise<void> {
  await page.locator(".terminal-wrapper.active .xterm-helper-textarea").focus();
  await page.keyboard.type(text);
}

/** For `afterEach`: what the window looked like when a test failed. `test` is mocha's `this.currentTest`. */
export async function pictureIfFailed(test: Mocha.Test | undefined, page: Page | undefined): Promise<void> {
  if (test?.state !== "failed" || !page) return;
  const path = await screenshot(page, test.fullTitle()).catch((error) => String(error));
  console.log(`    picture: ${path}`);
}

/** A picture of the window, in $CODEPILOT_ARTIFACTS: dist/test-artifacts in a layer, else the temporary folder. */
export async function screenshot(page: Page, name: string): Promise<string> {
  const folder = process.env.CODEPILOT_ARTIFACTS || join(tmpdir(), "codepilot-artifacts");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name.replace(/\W+/g, "-")}.png`);
  await page.screenshot({ path });
  return path;
}

function startingWith(text: string): RegExp {
  return new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}`);
}
