/** Many commands in one terminal: every one ends, with its own exit code, output and folder. */
import assert from "node:assert/strict";
import { NodePtySpawner } from "../../../src/node/pty/node-pty-spawner.ts";
import { testTerminals } from "../../support/terminals.ts";

describe("many commands in one terminal", () => {
  for (const [shell, count, exits] of [
    ["bash", 1000, (code: number) => `(exit ${code})`],
    ["zsh", 200, (code: number) => `(exit ${code})`],
    ["fish", 200, (code: number) => `sh -c 'exit ${code}'`],
  ] as const) {
    it(`${count} with ${shell}`, async function () {
      this.timeout(120_000);
      if ((await new NodePtySpawner().findShell(shell)) === null) return this.skip();
      const t = await testTerminals({
        shell,
        files: { ".zshrc": "", ".local/share/fish/generated_completions/none.fish": "" },
      });
      try {
        const wrong: unknown[] = [];
        for (let index = 0; index < count; index++) {
          const code = (index * 7) % 256;
          // Now and then several lines, output without an end of line, a folder, an unfinished quote.
          const kind = index % 10;
          const folder = kind === 3 ? "/usr" : t.home;
          const begins =
            kind === 3 ? "cd /usr; " : kind === 4 ? `cd ${t.home}\n` : kind === 5 ? "printf partial; " : "";
          const result = await t.command(`${begins}echo ${index}; ${exits(code)}`);
          const expected = `${kind === 5 ? "partial" : ""}${index}\n`;
          const fits =
            result.status === "completed" &&
            result.exitCode === code &&
            result.output.text === expected &&
            result.cwd === folder;
          if (!fits) wrong.push({ index, ...result });
          if (kind === 7) {
            const unfinished = await t.command("echo 'open");
            if (unfinished.status !== "completed" || !unfinished.exitCode) wrong.push({ index, ...unfinished });
          }
        }
        assert.deepEqual(wrong, []);
      } finally {
        await t.close();
      }
    });
  }
});
