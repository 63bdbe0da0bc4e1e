/** The package as another program sees it: `import … from "codepilot/runtime"` compiles with strict types and runs. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fromRoot, root } from "../../../scripts/paths.ts";
import { type FakeReply, startFakeModel } from "../../support/fake-model/server.ts";

const run = promisify(execFile);

const fenced = (language: string, body: string) => `\`\`\`${language}\n${body}\n\`\`\`\n`;
const embeddingReplies = [
  `I fetch the notes and write them.\n\n${fenced(
    "codepilot",
    [
      'notes = release_notes("1.2.0")',
      'payload("NOTES.md", notes)',
      'write_file("NOTES.md")',
      "try:",
      '    execute("main", "git commit -am notes")',
      "except PermissionDenied as error:",
      "    print(error)",
    ].join("\n"),
  )}`,
  `With the date.\n\n${fenced("completion", "NOTES.md has the notes of 1.2.0.")}`,
  fenced("codepilot", 'print("working", flush=True)\nwhile True: pass'),
  "Nothing: this is the first you have said.",
];
const embeddingScript: readonly FakeReply[] = embeddingReplies.map((text) => ({ parts: [{ text }] }));

describe("codepilot/runtime in another program", function () {
  this.timeout(120_000);
  let folder: string;

  before(function () {
    // `npm test` builds first; a unit test run by itself must not depend on a build.
    if (!existsSync(fromRoot("dist/types/embed/index.d.ts")) || !existsSync(fromRoot("dist/runtime.js"))) this.skip();
    folder = mkdtempSync(join(tmpdir(), "codepilot-consumer-"));
    cpSync(fromRoot("test/fixtures/consumer"), folder, { recursive: true });
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules/codepilot"), "dir");
    mkdirSync(join(folder, "node_modules/@types"));
    symlinkSync(fromRoot("node_modules/@types/node"), join(folder, "node_modules/@types/node"), "dir");
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("compiles and runs", async () => {
    const options = { cwd: folder, timeout: 50_000 };
    await run(process.execPath, [fromRoot("node_modules/typescript/bin/tsc")], options).catch((error) => {
      assert.fail(`the consumer does not compile:\n${error.stdout}`);
    });
    const { stdout } = await run(process.execPath, ["out/main.js"], options);
    assert.equal(stdout, "function\n");
  });

  for (const store of ["memory", "file"]) {
    it(`does all that a session can, kept in ${store}`, async () => {
      rmSync(join(folder, "project"), { recursive: true, force: true });
      mkdirSync(join(folder, "project"));
      const server = await startFakeModel(embeddingScript);
      const env = {
        ...process.env,
        CODEPILOT_HOME: join(folder, "home"),
        ANTHROPIC_BASE_URL: server.url,
        HELPER_API_KEY: "a key",
      };
      const options = { cwd: folder, timeout: 50_000, env };
      const ended = run(process.execPath, ["out/embedding.js", store], options);
      const { stdout } = await ended.finally(() => server.close());
      const said = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { what: string; value: unknown });
      assert.deepEqual(
        said.map(({ what, value }) => [what, value]),
        [
          ["asked", "Write NOTES.md"],
          ["asked", "$ git commit -am notes"],
          ["streamed", "I fetch the notes and write them.\n\nWith the date.\n\n"],
          ["finished", { reason: "completed", text: "NOTES.md has the notes of 1.2.0.", steps: 2 }],
          ["stopped", "interrupted"],
          ["started over", { anew: true, turns: 0 }],
          ["finished", { reason: "completed", text: "Nothing: this is the first you have said.", steps: 1 }],
        ],
      );
      assert.equal(readFileSync(join(folder, "project/NOTES.md"), "utf8"), "Notes of 1.2.0: faster start.");
      const told = JSON.stringify(server.requests[1]?.body);
      assert.match(told, /\[USER MESSAGE\]\\nMention the date too\./);
      assert.match(told, /writing is enough/);
      const last = JSON.stringify(server.requests.at(-1)?.body);
      assert.doesNotMatch(last, /NOTES\.md/, "what was said before is not told after the reset");
      const kept = existsSync(join(folder, "home/sessions"));
      assert.equal(kept, store === "file");
    });
  }
});
