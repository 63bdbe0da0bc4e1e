#!/usr/bin/env node
/**
 * Takes the arguments of desktop VS Code's extension test mode and runs the tests in code-server and a headless
 * Chromium, so that @vscode/test-electron works where no desktop VS Code can be had:
 *   code-shim.ts --extensionDevelopmentPath=DIR --extensionTestsPath=FILE [other options, ignored] [WORKSPACE]
 * Exit code: 0 passed, 1 failed, 124 timed out (CODEPILOT_HOST_LIMIT_MS, default 5 minutes).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { format, parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { openBrowser, workbenchUrl } from "./browser.ts";
import { type CodeServer, startCodeServer } from "./code-server.ts";
import { screenshot } from "./workbench.ts";

/** What a suite prints for us starts with this; all else that the extension host logs is noise. */
const PREFIX = "@@";
const SUMMARY = /^\d+ passed, \d+ failed/;

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: {
    extensionDevelopmentPath: { type: "string", multiple: true },
    extensionTestsPath: { type: "string" },
  },
});
const limitMs = Number(process.env.CODEPILOT_HOST_LIMIT_MS ?? 5 * 60_000);
const scratch = mkdtempSync(join(tmpdir(), "codepilot-shim-"));
const errors: string[] = [];
let summary: string | undefined;
let server: CodeServer | undefined;
let browser: Browser | undefined;

try {
  process.exitCode = await runTests();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  if (process.exitCode !== 0) for (const text of errors.slice(-10)) console.error(`[extension host] ${text}`);
  await browser?.close().catch(() => {});
  await server?.stop();
  rmSync(scratch, { recursive: true, force: true });
}

async function runTests(): Promise<number> {
  const tests = resolve(String(values.extensionTestsPath));
  const [development = scratch, further] = (values.extensionDevelopmentPath ?? []).map((path) => resolve(String(path)));
  server = await startCodeServer({
    workspace: resolve(positionals[0] ?? scratch),
    // The window's address has room for one development path; a second extension is installed instead.
    extension: further ?? false,
    // Without it a released build ignores the test payload, silently.
    args: ["--vscode-option", "enable-smoke-test-driver"],
  });
  browser = await openBrowser();
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const outcome = new Promise<number>((done) => void page.exposeFunction("codeAutomationExit", done));
  await page.exposeFunction("codeAutomationLog", onHostLog);

  const remote = (file: string): string => `vscode-remote://${server?.authority}${file}`;
  const url = workbenchUrl(server, [
    ["extensionDevelopmentPath", remote(development)],
    ["extensionTestsPath", remote(tests)],
  ]);
  await page.goto(url, { waitUntil: "commit" });
  const code = await Promise.race([outcome, timeLimit(page)]);
  if (code === 0 && summary === undefined) {
    console.error("The extension host ended without a summary: it died, called process.exit or ran no test.");
    return 1;
  }
  return code;
}

async function timeLimit(page: Page): Promise<number> {
  await new Promise((done) => setTimeout(done, limitMs).unref());
  const picture = await screenshot(page, "host-tests-timed-out").catch(() => "no picture");
  console.error(`No end after ${limitMs / 1000} s (${picture}).`);
  return 124;
}

function onHostLog(level: string, args: unknown[]): void {
  const text = format(...args);
  if (text.startsWith(PREFIX)) {
    const line = text.slice(PREFIX.length);
    if (SUMMARY.test(line)) summary = line;
    else console.log(line);
  } else if (level === "error" && !/^Canceled|Failed to load resource|extensionquery|remote-connection/.test(text)) {
    const ownLines = text.split("\n").filter((line) => !/lib\/vscode\/|workbench\.js|node:internal/.test(line));
    errors.push(ownLines.join("\n").slice(0, 1500));
  }
}
