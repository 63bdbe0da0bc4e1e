/**
 * The entry VS Code calls in its test mode: runs the bundled suites with mocha inside the extension host.
 * Modal messages are refused in this mode, so what needs a person's answer belongs to test/e2e.
 */
import { join } from "node:path";
import { format } from "node:util";
import Mocha from "mocha";
import LayerReporter from "../../scripts/mocha-reporter.ts";

export async function run(): Promise<void> {
  const say = (...parts: unknown[]): void => {
    // The extension host passes console.log on unformatted; the prefix marks lines meant for the person.
    for (const line of format(...parts).split("\n")) console.log(`@@${line}`);
  };
  Mocha.reporters.Base.consoleLog = say;
  const mocha = new Mocha({
    ui: "bdd",
    timeout: 120_000,
    color: false,
    reporter: LayerReporter,
    forbidOnly: Boolean(process.env.CI),
    ...(process.env.CODEPILOT_HOST_GREP ? { grep: process.env.CODEPILOT_HOST_GREP } : {}),
  });
  for (const suite of JSON.parse(process.env.CODEPILOT_HOST_SUITES ?? "[]"))
    mocha.addFile(join(import.meta.dirname, suite));
  await mocha.loadFilesAsync();
  let passed = 0;
  const failures = await new Promise<number>((resolve) => {
    mocha.run(resolve).on("pass", () => passed++);
  });
  say(`${passed} passed, ${failures} failed`);
  if (failures > 0 || passed === 0) throw new Error(`${failures} tests failed, ${passed} passed`);
}
