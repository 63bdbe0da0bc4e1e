/** What an agent file names: its prompt, its folder, its keys; and what it comes to for a session. */
import assert from "node:assert/strict";
import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../../../src/base/app-error.ts";
import { withEnvFile } from "../../../../src/embed/agent-file/env-file.ts";
import { type LoadedAgentFile, loadAgentFile } from "../../../../src/embed/agent-file/load-agent-file.ts";
import { silentLog } from "../../../../src/ports/log.ts";
import { fileTree, type TempWorkspace } from "../../../support/temp-workspace.ts";

describe("loading an agent file", () => {
  let workspace: TempWorkspace;
  let root: string;

  beforeEach(async () => {
    workspace = await fileTree({});
    root = await realpath(workspace.root);
  });
  afterEach(() => workspace.dispose());

  async function load(text: string, path = "agent.yaml"): Promise<LoadedAgentFile> {
    await writeFile(join(root, path), text);
    return loadAgentFile(join(root, path));
  }
  async function problem(text: string): Promise<string> {
    return load(text).then(
      () => assert.fail("was accepted"),
      (error: unknown) => {
        assert.ok(AppError.is(error, "bad-agent-file"));
        return (error as Error).message.replaceAll(root, "ROOT");
      },
    );
  }

  it("takes a prompt as it is, from the file or from one beside it", async () => {
    assert.equal((await load("system_prompt: Be kind.")).profile.systemPrompt, "Be kind.");
    assert.equal((await load("name: x")).profile.systemPrompt, undefined);
    await writeFile(join(root, "prompt.j2"), "Hello {{ name }}\n");
    const { profile, warnings } = await load("system_prompt: prompt.j2");
    assert.equal(profile.systemPrompt, "Hello {{ name }}\n", "never rendered");
    assert.deepEqual(warnings, []);
    await mkdir(join(root, ".codepilot"));
    await writeFile(join(root, "shared.md"), "Shared.");
    assert.equal((await load("system_prompt: ../shared.md", ".codepilot/agent.yaml")).profile.systemPrompt, "Shared.");
  });

  it("takes the words themselves where there is no such file, and says so where it looks like one", async () => {
    const { profile, warnings } = await load("name: x\nsystem_prompt: promt.md\n");
    assert.equal(profile.systemPrompt, "promt.md");
    assert.match(warnings[0] ?? "", /agent\.yaml:2:16: there is no file promt\.md beside the agent file; /);
    const sentence = await load("system_prompt: Keep to what is in README.md");
    assert.deepEqual([sentence.profile.systemPrompt, sentence.warnings], ["Keep to what is in README.md", []]);
  });

  it("refuses prompts that are too large, no text, folders, or something else behind a link", async () => {
    await writeFile(join(root, "large.md"), "x".repeat(128 * 1024 + 1));
    await writeFile(join(root, "bytes.txt"), Buffer.from([0xff, 0xfe, 0x00]));
    await mkdir(join(root, "folder.md"));
    await writeFile(join(root, "secret"), "key");
    await symlink(join(root, "secret"), join(root, "link.md"));
    for (const [name, message] of [
      ["large.md", /^ROOT\/agent\.yaml:1:16: system_prompt: large\.md can not be read: it has more than 128 KiB\.$/],
      ["bytes.txt", /it is not text in UTF-8\.$/],
      ["folder.md", /it is a folder\.$/],
      ["link.md", /link\.md leads to a file that is not \.md, \.txt, \.j2\.$/],
    ] as const) {
      assert.match(await problem(`system_prompt: ${name}`), message);
    }
  });

  it("resolves the folder against the file's, and finds out that it is missing", async () => {
    await mkdir(join(root, "inner"));
    const named = await load("runtime: { work_dir: ./inner }");
    assert.equal(named.profile.workDir, join(root, "inner"));
    const unnamed = await load("name: x");
    assert.deepEqual([unnamed.profile.workDir, unnamed.home], [undefined, root]);
    await mkdir(join(root, ".codepilot"));
    assert.equal((await load("name: x", ".codepilot/agent.yaml")).home, root, "the project's folder");
    const missing = "ROOT/agent.yaml:2:13: runtime.work_dir: there is no folder ROOT/none. Make it or name another.";
    assert.equal(await problem("runtime:\n  work_dir: none\n"), missing);
    assert.match(await problem("runtime: { work_dir: agent.yaml }"), /agent\.yaml is not a folder\.$/);
  });

  it("says why a file can not be read", async () => {
    const gone = loadAgentFile(join(root, "none.yaml"));
    await assert.rejects(gone, (error) => AppError.is(error, "bad-agent-file") && /no such file/.test(String(error)));
    await assert.rejects(loadAgentFile(root), /it is a folder/);
    await assert.rejects(load(`name: ${"x".repeat(300_000)}`), /it has more than 256 KiB/);
    const advice = (text: string | Uint8Array) =>
      writeFile(join(root, "odd.yaml"), text)
        .then(() => loadAgentFile(join(root, "odd.yaml")))
        .then(
          () => assert.fail(),
          (error: AppError) => error.next,
        );
    assert.match((await advice("x".repeat(300_000))) ?? "", /name it as system_prompt/);
    assert.match((await advice(Uint8Array.of(0xff, 0xfe, 0x61, 0))) ?? "", /UTF-8/);
  });

  it("comes to a profile", async () => {
    const { profile } = await load(
      [
        "name: Fixer",
        "role: a fixer of tests",
        "interface: tools",
        "model: { provider: anthropic, name: m, base_url: 'http://127.0.0.1:1', max_tokens: 8192, thinking: { enabled: true } }",
        "runtime: { max_steps: 3, unsafe_mode: true }",
        "permissions: { approval: never }",
        "tools:",
        "  - { name: execute, config: { require_permission: true, max_output_chars: 100 } }",
        "  - { name: find, enabled: false }",
        "  - { name: semantic_search }",
        "  - { name: read_file }",
      ].join("\n"),
    );
    assert.deepEqual(profile, {
      name: "Fixer",
      role: "a fixer of tests",
      file: join(root, "agent.yaml"),
      interface: "tools",
      dialect: "codepilot",
      model: {
        id: "anthropic/m",
        baseUrl: "http://127.0.0.1:1",
        settings: { maxOutputTokens: 8192, thinkingBudgetTokens: 6144 },
      },
      maxSteps: 3,
      confined: false,
      tools: ["execute", "read_file"],
      alwaysAsk: ["execute"],
      maxOutputChars: 100,
      approval: "never",
      memory: { maxContextTokens: 120_000, globalSummaryThreshold: 0.9, globalSummaryMaxTokens: 500 },
    });
    assert.equal((await load("tools: []")).profile.tools, null);
    assert.deepEqual((await load("tools: [{ name: find, enabled: false }]")).profile.tools, []);
  });
});

describe("a .env beside an agent file", () => {
  let workspace: TempWorkspace;

  beforeEach(async () => {
    workspace = await fileTree({
      ".env": [
        "# keys",
        "PLAIN=one",
        "export EXPORTED=two",
        'DOUBLE="th\\nree # no comment"',
        "SINGLE='fo\"ur'",
        "SPACED =  five  # a comment",
        "EMPTY=",
        "BOTH=from the file",
        "",
      ].join("\n"),
    });
  });
  afterEach(() => workspace.dispose());

  const keys = (environment: Record<string, string> = {}) =>
    withEnvFile({ get: async (name) => new Map(Object.entries(environment)).get(name) }, workspace.root, silentLog);

  it("has quotes, comments and export read, and names nothing that is not in it", async () => {
    const { get } = keys();
    const names = ["PLAIN", "EXPORTED", "DOUBLE", "SINGLE", "SPACED", "EMPTY", "NONE", "toString", "__proto__"];
    assert.deepEqual(await Promise.all(names.map(get)), [
      "one",
      "two",
      "th\nree # no comment",
      'fo"ur',
      "five",
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("never overrides what was there before, and stays out of the environment", async () => {
    assert.equal(await keys({ BOTH: "from outside" }).get("BOTH"), "from outside");
    assert.equal(await keys({ BOTH: "" }).get("BOTH"), "from the file");
    assert.equal(process.env.PLAIN, undefined);
  });

  it("is passed over when it is missing or too large", async () => {
    await writeFile(join(workspace.root, ".env"), `PLAIN=one\n${"#".repeat(70_000)}`);
    assert.equal(await keys().get("PLAIN"), undefined);
    assert.equal(
      await withEnvFile({ get: async () => undefined }, "/does/not/exist", silentLog).get("PLAIN"),
      undefined,
    );
  });
});
