/** `codepilot exec --agent`, as a script sees it. */
import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, realpath, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromRoot } from "../../scripts/paths.ts";
import { type FakeModelServer, type FakeReply, startFakeModel } from "../support/fake-model/server.ts";
import { removeFolder } from "../support/remove-folder.ts";
import { runExec } from "../support/run-exec.ts";

const say = (text: string): FakeReply => ({ parts: [{ text }] });
const call = (name: string, args: object): FakeReply => ({ parts: [{ toolCall: { name, arguments: args } }] });

describe("codepilot exec with an agent file", function () {
  this.timeout(120_000);
  let cwd: string;
  let home: string;
  let fake: FakeModelServer;

  beforeEach(async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "codepilot-agent-")));
    cwd = join(folder, "work");
    home = join(folder, "home");
    await mkdir(cwd);
    await mkdir(home);
    fake = await startFakeModel([]);
  });
  afterEach(async () => {
    await fake.close();
    await removeFolder(join(cwd, ".."));
  });

  async function run(lines: readonly string[], args: readonly string[], env: Record<string, string> = {}) {
    await writeFile(join(cwd, "agent.yaml"), lines.join("\n"));
    return runExec({ args: ["--agent", join(cwd, "agent.yaml"), ...args], cwd: home, home, env });
  }
  const model = (provider: "openai" | "openai-chat" | "anthropic", more = "") =>
    `model: { provider: ${provider}, name: fake, base_url: "${fake.baseUrl(provider)}"${more} }`;

  it("runs the original's file unchanged", async () => {
    await copyFile(fromRoot("test/fixtures/agent-files/original.yaml"), join(cwd, "agent.yaml"));
    await mkdir(join(cwd, "workspace"));
    fake.setScript([say("Hello there.")]);
    const env = { ANTHROPIC_BASE_URL: fake.baseUrl("anthropic"), ANTHROPIC_API_KEY: "sk-original" };
    const result = await runExec({ args: ["--agent", "agent.yaml", "say hello"], cwd, home, env });
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, "Hello there.\n");
    const [request] = fake.requests;
    assert.equal(request?.format, "anthropic");
    assert.equal(request?.headers.authorization, "Bearer sk-original");
    assert.equal(request?.body.model, "claude-sonnet-4-5");
    assert.equal("temperature" in request.body || "thinking" in request.body, false);
    assert.match(JSON.stringify(request.body.system), /Autonomous software engineering agent/);
    assert.ok(JSON.stringify(request.body).includes(join(cwd, "workspace")));
  });

  it("finds the key in a .env beside the file, behind the environment", async () => {
    await writeFile(join(cwd, ".env"), "export MY_KEY='from the file'\n");
    const lines = [model("openai-chat", ", api_key_env: MY_KEY")];
    const authorization = () => fake.requests.at(-1)?.headers.authorization;
    fake.setScript(() => say("ok"));
    assert.equal((await run(lines, ["go"])).code, 0);
    assert.equal(authorization(), "Bearer from the file");
    assert.equal((await run(lines, ["go"], { MY_KEY: "from outside" })).code, 0);
    assert.equal(authorization(), "Bearer from outside");
  });

  it("keeps the .env out of the agent's shell", async () => {
    await writeFile(join(cwd, ".env"), "MY_KEY=hidden\n");
    fake.setScript([call("execute", { command: "echo [$MY_KEY]" }), say("ok")]);
    const lines = ["interface: tools", model("openai", ", api_key_env: MY_KEY")];
    const result = await run(lines, ["--yes", "go"]);
    assert.equal(result.code, 0, result.stderr);
    assert.match(JSON.stringify(fake.requests.at(-1)?.body.input), /\[\]/);
    assert.doesNotMatch(JSON.stringify(fake.requests.at(-1)?.body.input), /hidden/);
  });

  it("speaks to alibaba in the format of Chat Completions, with its own key", async () => {
    fake.setScript([say("ok")]);
    const lines = ["model: { provider: alibaba, name: qwen3-max }"];
    const env = { DASHSCOPE_BASE_URL: fake.baseUrl("openai-chat"), DASHSCOPE_API_KEY: "sk-dash" };
    const result = await run(lines, ["go"], env);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(fake.requests[0]?.format, "openai-chat");
    assert.equal(fake.requests[0]?.headers.authorization, "Bearer sk-dash");
    assert.equal(fake.requests[0]?.body.model, "qwen3-max");
    const keyless = await run(lines, ["go"]);
    assert.equal(keyless.code, 1);
    assert.match(
      keyless.stderr,
      /no key for https:\/\/dashscope-intl\.aliyuncs\.com\/compatible-mode\/v1[\s\S]*DASHSCOPE_API_KEY/,
    );
  });

  it("works in the file's folder, elsewhere by -C, and in work_dir whatever -C says", async () => {
    await mkdir(join(cwd, "inner"));
    fake.setScript(() => say("ok"));
    const folderOf = async (lines: readonly string[], args: readonly string[]) => {
      const result = await run([model("openai"), ...lines], ["--json", ...args, "go"]);
      const [opened] = result.events;
      return opened?.type === "session.opened" ? opened.cwd : assert.fail(result.stderr);
    };
    assert.equal(await folderOf([], []), cwd);
    assert.equal(await folderOf([], ["-C", home]), home);
    assert.equal(await folderOf(["runtime: { work_dir: inner }"], ["-C", home]), join(cwd, "inner"));
  });

  it("asks for every call of a tool that requires it, and a session goes on under its limits", async () => {
    const lines = [
      "interface: tools",
      model("openai"),
      "tools:",
      "  - { name: read_file, config: { require_permission: true } }",
    ];
    await writeFile(join(cwd, "a.txt"), "hello\n");
    fake.setScript([
      call("read_file", { path: "a.txt" }),
      say("refused"),
      call("read_file", { path: "a.txt" }),
      say("again"),
    ]);
    const denied = (result: { events: readonly { type: string }[] }) =>
      result.events.filter(({ type }) => type === "permission.asked").length;
    const first = await run(lines, ["--json", "--session", "mine", "go"]);
    assert.deepEqual([first.code, denied(first)], [0, 1]);
    const args = ["--json", "--resume", "mine", "on"];
    const second = await runExec({ args, cwd, home });
    assert.equal(second.code, 0, second.stderr);
    assert.equal(denied(second), 1);
    assert.deepEqual(
      fake.requests.at(-1)?.body.tools.map(({ name }: { name: string }) => name),
      ["read_file"],
    );
  });

  it("shows as much of a command's output as the file says", async () => {
    const lines = [
      "interface: tools",
      model("openai"),
      "tools: [{ name: execute, config: { max_output_chars: 300 } }]",
    ];
    fake.setScript([call("execute", { command: "seq 1 2000" }), say("ok")]);
    const result = await run(lines, ["--yes", "go"]);
    assert.equal(result.code, 0, result.stderr);
    const output = fake.requests.at(-1)?.body.input.at(-1)?.output ?? "";
    assert.ok(output.length > 300 && output.length < 700, `${output.length} characters`);
    assert.match(output, /\b1999\b/);
  });

  it("tells all that is wrong at once and starts nothing", async () => {
    const result = await run(["modle: {}", "runtime:", "  max_steps: lots", "tools:", "  - name: red_file"], ["go"]);
    assert.equal(result.code, 2);
    const lines = result.stderr.split("\n").map((line) => line.replaceAll(`${cwd}/`, ""));
    assert.match(lines[0] ?? "", /^codepilot: agent\.yaml:1:1: unknown key "modle"\. Did you mean "model"\?$/);
    assert.match(lines[1] ?? "", /^agent\.yaml:3:14: runtime\.max_steps must be a whole number above 0, not "lots"\.$/);
    assert.match(lines[2] ?? "", /^agent\.yaml:5:11: tools\[0\]\.name must be .* Did you mean "read_file"\?$/);
    assert.equal(fake.requests.length, 0);
  });

  it("warns on standard error, and of an endpoint that gets to see task and key", async () => {
    fake.setScript(() => say("ok"));
    const result = await run([model("openai"), "memory: { max_context_tokens: 9 }"], ["go"]);
    assert.equal(result.stdout, "ok\n");
    assert.match(result.stderr, /agent\.yaml:2:1: memory is kept and takes effect with compaction: not yet\./);
    const elsewhere = ["model: { provider: openai, name: x, base_url: 'http://models.invalid/v1' }"];
    const other = await run(elsewhere, ["go"]);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /the task and the key in OPENAI_API_KEY go to models\.invalid\./);
  });

  it("says that models of the editor are in the editor", async () => {
    const result = await run(["model: { provider: vscode, name: gpt }"], ["go"]);
    assert.equal(result.code, 2);
    assert.match(result.stderr, /can only be used in the editor/);
  });
});
