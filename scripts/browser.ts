/**
 * Finds a Chromium for the tests, or installs Debian's when that is possible without asking anybody.
 * Playwright's own downloads are not used: a CI machine may reach nothing but its package mirrors.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./child-process.ts";
import { PlainFailure, step } from "./progress.ts";

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "microsoft-edge",
  "brave-browser",
];
const APPLICATIONS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** `CODEPILOT_CHROMIUM`, else the first known browser on the PATH. */
export function findBrowser(): string | undefined {
  const chosen = process.env.CODEPILOT_CHROMIUM;
  if (chosen) return chosen;
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"].filter(Boolean);
  return [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...APPLICATIONS].find(isExecutable);
}

export async function ensureBrowser(): Promise<string> {
  const found = findBrowser();
  if (found) return found;
  if (process.getuid?.() === 0 && isExecutable("/usr/bin/apt-get")) {
    await step("Installing Debian's chromium (apt-get)", async (note) => {
      const env = { DEBIAN_FRONTEND: "noninteractive" };
      const onLine = (line: string): void => note(line.slice(0, 80));
      const install = ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"];
      let result = await run("apt-get", ["update"], { env, onLine, timeLimitMs: 5 * 60_000 });
      if (result.code === 0) result = await run("apt-get", install, { env, onLine, timeLimitMs: 10 * 60_000 });
      if (result.code !== 0) {
        throw new PlainFailure(`apt-get could not install chromium:\n${result.output.slice(-1500)}`);
      }
    });
    const installed = findBrowser();
    if (installed) return installed;
  }
  throw new PlainFailure("No browser: install Chromium or Google Chrome, or name one in CODEPILOT_CHROMIUM.");
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
