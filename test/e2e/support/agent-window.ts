/**
 * A window with the extension, the sample workspace and a scripted model, for end-to-end tests. One is shared by many
 * tests: `freshTask` puts the workspace back and shows an empty panel.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import axe from "axe-core";
import type { Browser, FrameLocator, Locator, Page } from "playwright-core";
import { fromRoot } from "../../../scripts/paths.ts";
import { hostsIn } from "../../support/end-pty-hosts.ts";
import {
  type FakeModelServer,
  type FakeReply,
  type FakeScript,
  startFakeModel,
} from "../../support/fake-model/server.ts";
import { openBrowser, openWindow } from "../../support/host/browser.ts";
import { type CodeServer, startCodeServer } from "../../support/host/code-server.ts";
import { extensionHostsOf } from "../../support/host/window-processes.ts";
import {
  dialog,
  openContainer,
  quickInput,
  quickRow,
  readMessage,
  runCommand,
  screenshot,
  webview,
} from "../../support/host/workbench.ts";

export const FAKE_MODEL = "openai/fake";

export interface AgentWindowOptions {
  readonly settings?: Record<string, unknown>;
  readonly extensionsDir?: string;
  readonly trust?: "ask";
  /** Puts more into the folder before the window opens. */
  readonly prepareWorkspace?: (folder: string) => void;
}

export class AgentWindow {
  readonly scratch: string;
  readonly workspace: string;
  readonly model: FakeModelServer;
  readonly server: CodeServer;
  readonly browser: Browser;
  page: Page;

  private constructor(parts: {
    scratch: string;
    workspace: string;
    model: FakeModelServer;
    server: CodeServer;
    browser: Browser;
    page: Page;
  }) {
    this.scratch = parts.scratch;
    this.workspace = parts.workspace;
    this.model = parts.model;
    this.server = parts.server;
    this.browser = parts.browser;
    this.page = parts.page;
  }

  static async open(options: AgentWindowOptions = {}): Promise<AgentWindow> {
    const scratch = mkdtempSync(join(tmpdir(), "codepilot-e2e-"));
    const workspace = join(scratch, "shop");
    cpSync(fromRoot("test/fixtures/sample-workspace"), workspace, { recursive: true });
    options.prepareWorkspace?.(workspace);
    const model = await startFakeModel([]);
    const server = await startCodeServer({
      workspace,
      env: { CODEPILOT_HOME: join(scratch, "home"), SHELL: "/bin/bash" },
      settings: {
        "codepilot.model": FAKE_MODEL,
        "codepilot.baseUrl": { openai: model.baseUrl("openai") },
        "workbench.layoutControl.enabled": false,
        ...options.settings,
      },
      ...(options.extensionsDir ? { extensionsDir: options.extensionsDir } : {}),
      ...(options.trust ? { trust: options.trust } : {}),
    });
    const browser = await openBrowser();
    const page = await openWindow(server, browser);
    return new AgentWindow({ scratch, workspace, model, server, browser, page });
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
    await this.model.close();
    rmSync(this.scratch, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The panel's document. */
  get panel(): FrameLocator {
    return webview(this.page);
  }

  /** Text in the timeline; what is only for screen readers does not count. */
  words(text: string | RegExp): Locator {
    return this.panel.locator("main").getByText(text);
  }

  get composer(): Locator {
    return this.panel.locator(".composer textarea");
  }

  /** What is typed from now on goes into the composer. */
  async composerHasFocus(): Promise<void> {
    await this.panel.locator(".composer textarea:focus").waitFor();
  }

  /** Waits until the composer holds exactly this. */
  async composerHolds(text: string, timeoutMs = 20_000): Promise<void> {
    const until = Date.now() + timeoutMs;
    while ((await this.composer.inputValue()) !== text) {
      if (Date.now() > until) assert.equal(await this.composer.inputValue(), text);
      await this.page.waitForTimeout(50);
    }
  }

  get modal(): Locator {
    return dialog(this.page);
  }

  /** Another window of the same server, with an extension host of its own; `page` is it from now on. */
  async openAddress(query: string): Promise<void> {
    await this.page.close();
    this.page = await this.browser.newPage({ viewport: { width: 1400, height: 900 } });
    await this.page.goto(`http://${this.server.authority}/?${query}`, { waitUntil: "commit" });
    await this.page.locator(".monaco-workbench .part.statusbar").waitFor({ timeout: 60_000 });
  }

  async showPanel(): Promise<void> {
    await openContainer(this.page, "CodePilot");
    await this.composer.waitFor({ timeout: 60_000 });
  }

  /** The sample as it was, an empty panel, and what the model will answer. */
  async freshTask(script: FakeScript): Promise<void> {
    cpSync(fromRoot("test/fixtures/sample-workspace"), this.workspace, { recursive: true });
    this.model.setScript(script);
    await runCommand(this.page, "CodePilot: New Task");
    await this.panel.locator(".empty").first().waitFor({ timeout: 60_000 });
  }

  async send(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Presses a button of the modal and returns what it said. */
  async answerModal(button: string, containing: RegExp | string = ""): Promise<string> {
    const box = this.modal.filter({ hasText: containing });
    await box.waitFor({ timeout: 30_000 });
    const text = await box.innerText();
    await readMessage(this.page);
    await box.getByRole("button", { name: button, exact: true }).click();
    await box.waitFor({ state: "hidden", timeout: 10_000 });
    return text;
  }

  /** Waits until the panel says that the turn is over. */
  async idle(timeoutMs = 60_000): Promise<void> {
    await this.panel
      .getByRole("button", { name: "Stop", exact: true })
      .waitFor({ state: "hidden", timeout: timeoutMs });
  }

  /** Clicks Stop and resolves with the milliseconds until the panel is idle, both as the page sees them. */
  async stop(): Promise<number> {
    const button = this.panel.getByRole("button", { name: "Stop", exact: true });
    return button.evaluate(async (element) => {
      const startedAt = performance.now();
      (element as unknown as { click(): void }).click();
      while ((element as unknown as { isConnected: boolean }).isConnected) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return performance.now() - startedAt;
    });
  }

  /** As a person reloads the tab: the extension host of this page ends and another one starts. */
  async reload(): Promise<void> {
    await this.page.reload({ waitUntil: "commit" });
    await this.page.locator(".monaco-workbench .part.statusbar").waitFor({ timeout: 60_000 });
  }

  /** SIGKILL for a process of the window; the workbench makes another extension host, the runtime another pty host. */
  async kill(...which: readonly ("extension host" | "pty host")[]): Promise<void> {
    const pids = [
      ...(which.includes("extension host") ? extensionHostsOf(this.server.pid) : []),
      ...(which.includes("pty host") ? await hostsIn(this.server.dir) : []),
    ];
    assert.ok(pids.length >= which.length, `not found: ${which}`);
    for (const pid of pids) process.kill(pid, "SIGKILL");
  }

  async changeTheme(theme: string): Promise<void> {
    await runCommand(this.page, "Preferences: Color Theme");
    await quickInput(this.page).fill(theme);
    await quickRow(this.page, new RegExp(`^${theme}($|,)`)).click();
    const kind = theme.includes("High Contrast")
      ? `vscode-high-contrast${theme.startsWith("Light") ? "-light" : ""}`
      : `vscode-${theme.startsWith("Light") ? "light" : "dark"}`;
    await this.panel.locator(`body[data-vscode-theme-kind="${kind}"]`).waitFor({ timeout: 20_000 });
  }

  /** What axe finds wrong in the panel: rule and element. */
  async accessibilityProblems(): Promise<string[]> {
    const body = this.panel.locator("body");
    await body.evaluate((_element, source) => new Function(source)(), axe.source);
    return body.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
    });
  }

  /** After a test, however it ended: nothing runs, nothing asks. */
  async settle(): Promise<void> {
    for (let n = 0; n < 3 && (await this.modal.isVisible()); n += 1) {
      await this.page.keyboard.press("Escape");
      await this.page.waitForTimeout(300);
    }
    const stop = this.panel.getByRole("button", { name: "Stop", exact: true });
    if (await stop.isVisible().catch(() => false)) await this.stop();
  }

  static writeJson(file: string, value: unknown): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(value, null, 2));
  }

  read(file: string): string {
    return readFileSync(join(this.workspace, file), "utf8");
  }

  /** A request the model got whose newest tool result matches. */
  toolResult(pattern: RegExp): string {
    const bodies = this.model.requests.map(({ text }) => text);
    const found = bodies.findLast((text) => pattern.test(text));
    assert.ok(found, `no request matches ${pattern}`);
    return found;
  }

  /** Of a page at rest: rows that were just added are measured and placed first. */
  async picture(name: string): Promise<string> {
    await this.page.mouse.move(900, 300);
    await this.page.waitForTimeout(400);
    return screenshot(this.page, name);
  }
}

export const say = (text: string, more: Partial<FakeReply> = {}): FakeReply => ({ parts: [{ text }], ...more });

export const call = (name: string, args: unknown, text?: string): FakeReply => ({
  parts: [...(text ? [{ text }] : []), { toolCall: { name, arguments: args } }],
});
