/** Agent files: what is read, and where each problem is. */
import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app-error.ts";
import { parseAgentFile } from "../../../src/embed/agent-file.ts";

const problem = (text: string): string => {
  try {
    parseAgentFile(text, "agent.yaml");
  } catch (error) {
    assert.ok(AppError.is(error, "bad-agent-file"));
    return (error as Error).message;
  }
  return assert.fail("was accepted");
};

describe("the agent file", () => {
  it("reads model, runtime and tools, flat or under agent", () => {
    const body = [
      "name: Fixer",
      "model: { provider: anthropic, name: claude-sonnet-5, api_key_env: MY_KEY, max_tokens: 4096 }",
      "runtime: { work_dir: sub, max_steps: 7 }",
      "tools:",
      "  - name: read_file",
      "  - { name: execute, config: { require_permission: true } }",
    ];
    const flat = parseAgentFile(body.join("\n"), "agent.yaml");
    assert.equal(flat.model?.api_key_env, "MY_KEY");
    assert.equal(flat.runtime?.max_steps, 7);
    assert.equal(flat.tools?.length, 2);
    const nested = parseAgentFile(`agent:\n${body.map((line) => `  ${line}`).join("\n")}`, "agent.yaml");
    assert.deepEqual(nested, flat);
  });

  it("refuses every other key by name and place", () => {
    const message = problem("model:\n  provider: openai\n  name: gpt-5\n  colour: red\nrole: baker\nmemory: {}\n");
    assert.match(message, /agent\.yaml:4:3: “model\.colour”/);
    assert.match(message, /agent\.yaml:5:1: “role”/);
    assert.match(message, /agent\.yaml:6:1: “memory”/);
  });

  it("takes unsafe_mode only as false, and no setting that would change nothing", () => {
    assert.equal(parseAgentFile("runtime: { unsafe_mode: false }", "agent.yaml").runtime?.unsafe_mode, false);
    assert.match(problem("runtime:\n  unsafe_mode: true\n"), /agent\.yaml:2:\d+: runtime\.unsafe_mode: not yet/);
    const limited = "tools:\n  - name: execute\n    config: { max_output_chars: 5 }\n";
    assert.match(problem(limited), /agent\.yaml:3:\d+: “tools\.0\.config\.max_output_chars”/);
  });

  it("names line and column of a wrong value and of broken YAML", () => {
    assert.match(problem("runtime:\n  max_steps: lots\n"), /agent\.yaml:2:14: runtime\.max_steps/);
    assert.match(problem("model: [unclosed\n"), /agent\.yaml:\d+:\d+/);
    assert.match(problem("- a list\n"), /expected object/i);
  });
});
