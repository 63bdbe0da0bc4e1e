/** What the editor offers while an agent file is written. `|` is where the cursor is. */
import assert from "node:assert/strict";
import { completionsAt } from "../../../../src/host/agents/agent-file-completions.ts";
import { agentFileKeys } from "../../../../src/protocol/agent-file.ts";

function offered(text: string): string[] {
  const [before = "", after = ""] = text.split("|");
  return completionsAt(before.split("\n"), after.split("\n")).map(({ label }) => label);
}

const model = agentFileKeys.get("model") ?? [];

describe("completions of an agent file", () => {
  it("offers the keys of the top, and agent to an empty file", () => {
    assert.deepEqual(offered("|"), [...(agentFileKeys.get("") ?? []), "agent"]);
    assert.deepEqual(offered("na|"), [...(agentFileKeys.get("") ?? []), "agent"]);
    const rest = offered("name: x\nruntime:\n  max_steps: 3\n|\ntools: []\n");
    assert.deepEqual(
      rest,
      (agentFileKeys.get("") ?? []).filter((key) => !["name", "runtime", "tools"].includes(key)),
    );
  });

  it("offers the keys of a mapping that are not there yet", () => {
    assert.deepEqual(offered("model:\n  |"), model);
    assert.deepEqual(
      offered("model:\n  provider: x\n  |\n  name: y\nrole: z\n"),
      model.filter((key) => key !== "provider" && key !== "name"),
    );
    assert.deepEqual(offered("model:\n  name: m\n  thinking:\n    |"), ["enabled", "budget_tokens"]);
    assert.deepEqual(offered("agent:\n  name: x\n\n  model: # which\n    na|"), model);
  });

  it("offers values", () => {
    assert.deepEqual(offered("interface: |"), ["python", "tools", "javascript"]);
    assert.deepEqual(offered("agent:\n  model:\n    provider: |"), [
      "anthropic",
      "openai",
      "openai-chat",
      "alibaba",
      "vscode",
      "demo",
    ]);
    assert.deepEqual(offered("runtime:\n  unsafe_mode: t|"), ["true", "false"]);
    assert.deepEqual(offered("name: |"), []);
    assert.deepEqual(offered("nonsense: |"), []);
  });

  it("offers tools and what each takes", () => {
    const names = offered("tools:\n  - name: |");
    for (const name of ["read_file", "execute", "semantic_search"]) assert.ok(names.includes(name), name);
    assert.deepEqual(offered("tools:\n  - |"), ["name", "enabled", "config"]);
    assert.deepEqual(offered("tools:\n- name: find\n  |"), ["enabled", "config"]);
    assert.deepEqual(offered("tools:\n  - name: find\n    enabled: true\n  - name: x\n    |"), ["enabled", "config"]);
    assert.deepEqual(offered("tools:\n  - name: execute\n    config:\n      |").slice(0, 2), [
      "require_permission",
      "max_output_chars",
    ]);
    assert.deepEqual(offered("tools:\n  - name: execute\n    config:\n      require_permission: |"), ["true", "false"]);
  });

  it("keeps quiet in comments and in texts", () => {
    assert.deepEqual(offered("# mod|"), []);
    assert.deepEqual(offered("system_prompt: |"), []);
  });
});
