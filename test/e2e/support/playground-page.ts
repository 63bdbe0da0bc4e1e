/** The panel alone in a page of the playground, as tests look at it: scenes, what it says, what is wrong with it. */
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { type Playground, startPlayground } from "../../../webview-ui/playground/server.ts";
import { openBrowser } from "../../support/host/browser.ts";
import { screenshot } from "../../support/host/workbench.ts";

export const NARROWEST = { width: 240, height: 800 };
export const USUAL = { width: 380, height: 800 };
export const WIDE = { width: 1100, height: 800 };

interface Said {
  readonly type: string;
  readonly op?: { readonly type: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export class PlaygroundPage {
  readonly #playground: Playground;
  readonly #browser: Browser;
  page!: Page;
  /** Errors of the page, refusals of its content security policy among them. */
  problems: string[] = [];

  private constructor(playground: Playground, browser: Browser) {
    this.#playground = playground;
    this.#browser = browser;
  }

  static async start(): Promise<PlaygroundPage> {
    return new PlaygroundPage(await startPlayground(), await openBrowser());
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#playground.close();
  }

  /** Another page: nothing of the last test is left in it. */
  async renew(): Promise<void> {
    await this.page?.context().close();
    // axe needs a page of a context of its own.
    this.page = await (await this.#browser.newContext({ viewport: USUAL })).newPage();
    const problems: string[] = [];
    this.problems = problems;
    this.page.on("pageerror", (error) => problems.push(error.message));
    this.page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  }

  async open(scene: string, theme = "dark-modern", speed = "instant"): Promise<void> {
    await this.page.goto(`${this.#playground.url}/panel?scene=${scene}&theme=${theme}&speed=${speed}`);
    await this.page.locator(".row").first().waitFor();
    await this.page.evaluate("document.fonts.ready.then(() => 1)");
  }

  said(): Promise<Said[]> {
    return this.page.evaluate("playground.log");
  }

  /** Types of the ops that the panel has sent. */
  async ops(): Promise<string[]> {
    return (await this.said()).flatMap(({ op }) => (op ? [op.type] : []));
  }

  /** Name of what has the focus. */
  focused(): Promise<string> {
    return this.page.evaluate(
      "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent || ''",
    );
  }

  async violations(scene: string): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page: this.page }).analyze();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${scene}: ${id} at ${target}\n${failureSummary}`),
    );
  }

  /** Fails where something is wider than the page or its row, in a narrow page and in a wide one. */
  async checkWidths(scene: string, pictures: string): Promise<void> {
    for (const size of [NARROWEST, WIDE]) {
      await this.page.setViewportSize(size);
      const overflow = await this.page.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.equal(overflow, 0, `${scene} is too wide for ${size.width} px`);
      const wide: number = await this.page.evaluate(
        "[...document.querySelectorAll('.row')].filter((row) => row.scrollWidth > row.clientWidth).length",
      );
      assert.equal(wide, 0, `${scene}: rows wider than ${size.width} px`);
      await screenshot(this.page, `${pictures} ${size.width}`);
    }
    await this.page.setViewportSize(USUAL);
  }
}
