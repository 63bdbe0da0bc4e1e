/** Sessions of an agent file: its tools, limits and words hold from the first request on, and after a restart. */
import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { loadAgentFile } from "../../../../src/embed/agent-file/load-agent-file.ts";
import { Runtime } from "../../../../src/embed/runtime.ts";
import type { RuntimeOptions } from "../../../../src/embed/runtime-options.ts";
import { MemorySessionStore } from "../../../../src/node/stores/memory-session-store.ts";
import type { ModelRequest } from "../../../../src/ports/model-client.ts";
import type { PermissionRequest } from "../../../../src/protocol/permissions.ts";
import { type Script, ScriptedModel, type ScriptedReply } from "../../../support/scripted-model.ts";
import { noTerminals } from "../../../support/session-harness.ts";
import { fileTree, type TempWorkspace } from "../../../support/temp-workspace.ts";

const call = (name: string, args: object): ScriptedReply => ({ calls: [{ name, arguments: args }] });
const write = (content: string) => call("write_file", { path: "new.txt", content });
const done: ScriptedReply = { text: "Done." };
const tools = "interface: tools";

describe("a session of an agent file", () => {
  let disk: TempWorkspace;
  let store: MemorySessionStore;
  let model: ScriptedModel;
  let asked: PermissionRequest[];

  beforeEach(async () => {
    disk = await fileTree({ "work/a.txt": "inside\n", "outside.txt": "outside\n" });
    store = new MemorySessionStore();
    asked = [];
  });
  afterEach(() => disk.dispose());

  /** Opens a session of an agent; permissions are allowed for the session. */
  async function open(lines: readonly string[], script: Script, more: Partial<RuntimeOptions> = {}): Promise<Runtime> {
    await disk.write("work/agent.yaml", [tools, ...lines].join("\n"));
    const { profile } = await loadAgentFile(disk.path("work/agent.yaml"));
    return openWith(script, { agent: profile, ...more });
  }

  function openWith(script: Script, more: Partial<RuntimeOptions>): Promise<Runtime> {
    model = new ScriptedModel(script);
    return Runtime.open({
      cwd: disk.path("work"),
      model: "scripted/test",
      store,
      sessionId: "s",
      onPermission: async (request) => {
        asked.push(request);
        return { decision: "allowed", scope: "session" };
      },
      adapters: { modelClient: () => model, terminals: noTerminals },
      ...more,
    });
  }

  const lastResult = () => {
    const result = model.requests.at(-1)?.input.findLast(({ kind }) => kind === "tool_result");
    return result?.kind === "tool_result" ? result.output : assert.fail("no result");
  };

  it("has exactly the tools of a list that is not empty, and all of an empty one", async () => {
    const names = (request: ModelRequest | undefined) => request?.tools.map(({ name }) => name);
    const toolsOf = async (line: string) => {
      store = new MemorySessionStore();
      const runtime = await open([line], [done]);
      await runtime.run("go");
      await runtime.close();
      return names(model.requests[0]);
    };
    assert.deepEqual(await toolsOf("tools: [{ name: find }, { name: read_file }, { name: execute, enabled: false }]"), [
      "read_file",
      "find",
    ]);
    assert.deepEqual(await toolsOf("tools: [{ name: find, enabled: false }]"), []);
    assert.ok(((await toolsOf("tools: []"))?.length ?? 0) >= 8);
    assert.deepEqual(await toolsOf("tools:"), await toolsOf("role: x"));
  });

  it("is told its name, role and prompt in its own words", async () => {
    await disk.write("work/p.j2", "Hi {{ name }}");
    const runtime = await open(["name: Fixer", "role: A fixer of tests.", "system_prompt: p.j2"], [done]);
    await runtime.run("go");
    const instructions = model.requests[0]?.instructions ?? "";
    assert.match(instructions, /^You are Fixer, A fixer of tests\. You work on/);
    assert.match(instructions, /Instructions of this agent:\nHi \{\{ name \}\}$/);
    await runtime.close();
  });

  it("asks for every call of a tool with require_permission, whatever was allowed before", async () => {
    const lines = ["tools:", "  - { name: read_file, config: { require_permission: true } }", "  - name: find"];
    const read = call("read_file", { path: "a.txt" });
    const runtime = await open(lines, [read, read, call("find", { pattern: "x" }), done]);
    await runtime.run("go");
    assert.deepEqual(
      asked.map(({ tool, sessionKey, reason }) => [tool, sessionKey, reason]),
      Array.from({ length: 2 }, () => ["read_file", null, "the agent file has every call of read_file asked for"]),
    );
    await runtime.close();
  });

  it("asks once for a file where nothing is required, as without an agent file", async () => {
    const lines = ["tools: [{ name: write_file, config: { require_permission: false } }]"];
    const runtime = await open(lines, [write("1"), write("2"), done]);
    await runtime.run("go");
    assert.deepEqual(
      asked.map(({ reason }) => reason),
      ["changes to files are asked for"],
      "false does not outrank the policy, and true was not asked for",
    );
    await runtime.close();
    const never = await open(lines, [write("3"), done], { approval: "never", sessionId: "t" });
    await never.run("go");
    assert.match(lastResult(), /approval policy is “never”/);
    await never.close();
  });

  it("makes the approval policy stricter, never wider", async () => {
    const strict = await open(["permissions: { approval: never }"], [write("1"), done], { approval: "on-request" });
    await strict.run("go");
    assert.match(lastResult(), /approval policy is “never”/);
    await strict.close();
    const wide = await open(["permissions: { approval: on-failure }"], [write("1"), done], {
      approval: "never",
      sessionId: "t",
    });
    await wide.run("go");
    assert.match(lastResult(), /approval policy is “never”/);
    assert.deepEqual(asked, []);
    await wide.close();
  });

  it("keeps file tools inside its folders, and asks outside of them with unsafe_mode", async () => {
    const path = disk.path("outside.txt");
    const calls = [call("read_file", { path }), call("write_file", { path, content: "x", mode: "a" })];
    const confined = await open(["name: x"], [...calls, done], { allowAll: true });
    await confined.run("go");
    assert.match(lastResult(), /^Refused: the agent file keeps its file tools inside its folders/);
    assert.equal(await readFile(path, "utf8"), "outside\n");
    await confined.close();
    const free = await open(["runtime: { unsafe_mode: true }"], [...calls, done], { sessionId: "t" });
    await free.run("go");
    assert.deepEqual(
      asked.map(({ tool, reason }) => [tool, reason]),
      [
        ["read_file", "the file is outside the workspace"],
        ["write_file", "the file is outside the workspace"],
      ],
    );
    assert.equal(await readFile(path, "utf8"), "outside\nx\n");
    await free.close();
  });

  it("keeps to max_steps, which an option outranks", async () => {
    const script = () => call("read_file", { path: `a${Math.floor(model.requests.length)}.txt` });
    const runtime = await open(["runtime: { max_steps: 2 }"], script);
    const result = await runtime.run("go");
    assert.deepEqual([result.reason, result.steps], ["limit", 2]);
    await runtime.close();
    const longer = await open(["runtime: { max_steps: 2 }"], script, { maxSteps: 3, sessionId: "t" });
    assert.equal((await longer.run("go")).steps, 3);
    await longer.close();
  });

  it("uses the file's settings for the file's model only", async () => {
    const lines = ["model: { provider: anthropic, name: m, max_tokens: 9000, thinking: { enabled: true } }"];
    const { model: _default, ...none } = { model: "" };
    const settingsOf = ({ maxOutputTokens, thinkingBudgetTokens }: Partial<ModelRequest> = {}) => [
      maxOutputTokens,
      thinkingBudgetTokens,
    ];
    await disk.write("work/agent.yaml", [tools, ...lines].join("\n"));
    const { profile } = await loadAgentFile(disk.path("work/agent.yaml"));
    model = new ScriptedModel([done, done]);
    const runtime = await Runtime.open({
      ...none,
      cwd: disk.path("work"),
      agent: profile,
      store,
      adapters: { modelClient: () => model, terminals: noTerminals },
    });
    assert.equal(runtime.state.model, "anthropic/m");
    await runtime.run("go");
    assert.deepEqual(settingsOf(model.requests[0]), [9000, 6952]);
    await runtime.submit({ type: "model.select", model: "anthropic/other" });
    await runtime.run("go");
    assert.deepEqual(settingsOf(model.requests[1]), [undefined, undefined]);
    await runtime.close();
    const other = await open(lines, [done], { sessionId: "t" });
    await other.run("go");
    assert.equal(other.state.model, "scripted/test");
    assert.deepEqual(settingsOf(model.requests[0]), [undefined, undefined]);
    await other.close();
  });

  it("goes on under the same limits when its file is gone", async () => {
    const lines = ["system_prompt: Be kind.", "tools: [{ name: read_file, config: { require_permission: true } }]"];
    const first = await open(lines, [done]);
    await first.run("go");
    await first.release();
    await rm(disk.path("work/agent.yaml"));
    const read = [call("read_file", { path: "a.txt" }), call("read_file", { path: disk.path("outside.txt") }), done];
    const again = await openWith(read, { resume: "s" });
    await again.run("go on");
    assert.deepEqual(
      model.requests[0]?.tools.map(({ name }) => name),
      ["read_file"],
    );
    assert.match(model.requests[0]?.instructions ?? "", /Be kind\.$/);
    assert.equal(asked.length, 1);
    assert.match(lastResult(), /keeps its file tools inside/);
    await again.close();
  });

  it("has its own folder only, whatever else is open", async () => {
    await disk.write("agent.yaml", `${tools}\nruntime: { work_dir: work }\n`);
    const { profile } = await loadAgentFile(disk.path("agent.yaml"));
    const script = [call("read_file", { path: disk.path("outside.txt") }), done];
    const runtime = await openWith(script, { agent: profile });
    await runtime.setFolders([disk.root]);
    await runtime.run("go");
    assert.match(lastResult(), /keeps its file tools inside/);
    await runtime.close();
  });
});
