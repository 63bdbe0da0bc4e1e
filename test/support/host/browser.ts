/**
 * A headless Chromium for tests, and windows of a code-server in it. A fresh page has its own state (secrets,
 * workspace state); `openProfile` keeps them in a folder, for tests that restart everything.
 */
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findBrowser } from "../../../scripts/browser.ts";
import type { CodeServer } from "./code-server.ts";

const viewport = { width: 1400, height: 900 };

const launchOptions = () => ({
  executablePath: findBrowser() ?? "chromium",
  headless: true,
  timeout: 60_000,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

export function openBrowser(): Promise<Browser> {
  return chromium.launch(launchOptions());
}

export function openProfile(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { ...launchOptions(), viewport });
}

/** The address of a window. `payload` is VS Code's development payload: pairs such as `["extensionTestsPath", uri]`. */
export function workbenchUrl(server: CodeServer, payload?: readonly (readonly [string, string])[]): string {
  const url = new URL(`http://${server.authority}/`);
  url.searchParams.set("folder", server.workspace);
  if (payload) url.searchParams.set("payload", JSON.stringify(payload));
  return url.href;
}

/** Opens a window and waits until the workbench is there (not until extensions are). */
export async function openWindow(server: CodeServer, browser: Browser | BrowserContext): Promise<Page> {
  const page = "newContext" in browser ? await browser.newPage({ viewport }) : await browser.newPage();
  await page.goto(workbenchUrl(server), { waitUntil: "commit" });
  await page.locator(".monaco-workbench .part.statusbar").waitFor({ timeout: 60_000 });
  return page;
}
