/**
 * Finds a Chromium for the tests, or installs Debian's when that is possible without asking anybody.
 * Playwright's own downloads are not used: a CI machine may reach nothing but its package mirrors.
 */
import { canInstall, findProgram, install, isExecutable } from "./debian-packages.ts";
import { PlainFailure } from "./progress.ts";

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
  return findProgram(NAMES) ?? APPLICATIONS.find(isExecutable);
}

export async function ensureBrowser(): Promise<string> {
  const found = findBrowser();
  if (found) return found;
  if (canInstall()) {
    await install(["chromium", "fonts-dejavu-core"]);
    const installed = findBrowser();
    if (installed) return installed;
  }
  throw new PlainFailure("No browser: install Chromium or Google Chrome, or name one in CODEPILOT_CHROMIUM.");
}
