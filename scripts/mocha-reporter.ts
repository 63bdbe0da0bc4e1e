/**
 * The reporter of every layer. Counts go to the file named in CODEPILOT_LAYER_RESULT after each test, so that a layer
 * which is killed still has its numbers. On screen: one line per test (CODEPILOT_LAYER_STYLE=lines) or per top-level
 * suite, and failures in full at the end. The extension host loads it too, bundled.
 */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";

const { Base } = Mocha.reporters;

/** What a test forgot to close keeps the process alive; so long may it take to close by itself. */
const STILL_OPEN_MS = 5_000;

export default class LayerReporter extends Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const say = (text: string): void => Base.consoleLog("%s", text);
    const everyTest = process.env.CODEPILOT_LAYER_STYLE === "lines";
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const save = (ended: boolean): void => {
      const file = process.env.CODEPILOT_LAYER_RESULT;
      if (file) writeFileSync(file, JSON.stringify({ ...counts, ended }));
    };
    const title = (test: Mocha.Test | Mocha.Hook): string => test.titlePath().join(" › ");
    let suite = { passed: 0, failed: 0, startedAt: 0 };

    runner.on("suite", (entered) => {
      if (entered.parent?.root) suite = { passed: 0, failed: 0, startedAt: Date.now() };
    });
    runner.on("pass", (test) => {
      counts.passed++;
      suite.passed++;
      if (everyTest) say(`  ✓ ${title(test)} (${test.duration} ms)`);
      save(false);
    });
    runner.on("fail", (test) => {
      counts.failed++;
      suite.failed++;
      say(`  ✗ ${title(test)}`);
      save(false);
    });
    runner.on("pending", (test) => {
      counts.skipped++;
      say(`  - ${title(test)} (skipped)`);
      save(false);
    });
    runner.on("suite end", (left) => {
      if (!left.parent?.root || everyTest || suite.passed + suite.failed === 0) return;
      say(`  ${suite.failed ? "✗" : "✓"} ${left.title}: ${suite.passed} in ${Date.now() - suite.startedAt} ms`);
    });
    runner.once("end", () => {
      save(true);
      if (this.failures.length > 0) Base.list(this.failures);
      if (process.env.CODEPILOT_LAYER_ENDS !== "1") return;
      // Unref'd: a process in which nothing is left open ends before.
      setTimeout(() => {
        say(`  ✗ still open after the last test: ${[...new Set(process.getActiveResourcesInfo())].join(", ")}`);
        counts.failed++;
        save(true);
        process.exit(1);
      }, STILL_OPEN_MS).unref();
    });
  }
}
