/**
 * A window with the extension, the sample workspace and a scripted model, for end-to-end tests. One is shared by many
 * tests: `freshTask` puts the workspace back and shows an empty panel.
 */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, FrameLocator, Locator, Page } from "playwright-core";
import { fromRoot } from "../../../scripts/paths.ts";
import {
  type FakeModelServer,
  type FakeReply,
  type FakeScript,
  startFakeModel,
} from "../../support/fake-model/server.ts";
import { openBrowser, openWindow } from "../../support/host/browser.ts";
import { type CodeServer, startCodeServer } from "../../support/host/code-server.ts";
import { dialog, openContainer, runCommand, screenshot, webview } from "../../support/host/workbench.ts";

export const FAKE_MODEL = "openai/fake";

export interface AgentWindowOptions {
  readonly settings?: Record<string, unknown>;
  readonly extensionsDir?: string;
  readonly trust?: "ask";
  /** Path of the folder or workspace file to open instead of the sample. */
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

  get composer(): Locator {
    return this.panel.locator(".composer textarea");
  }

  get modal(): Locator {
    return dialog(this.page);
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

  async changeSettings(changes: Record<string, unknown>): Promise<void> {
    const file = join(this.server.dataDir, "User", "settings.json");
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...changes }, null, 2));
    await this.page.waitForTimeout(800);
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

  picture(name: string): Promise<string> {
    return screenshot(this.page, name);
  }
}

export const say = (text: string, more: Partial<FakeReply> = {}): FakeReply => ({ parts: [{ text }], ...more });

export const call = (name: string, args: unknown, text?: string): FakeReply => ({
  parts: [...(text ? [{ text }] : []), { toolCall: { name, arguments: args } }],
});
