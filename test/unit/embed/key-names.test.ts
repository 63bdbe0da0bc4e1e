/** What the product itself knows as a key stays out of the shells. */
import assert from "node:assert/strict";
import { keyNames } from "../../../src/embed/key-names.ts";
import { Runtime } from "../../../src/embed/runtime.ts";
import type { RuntimeOptions } from "../../../src/embed/runtime-options.ts";
import { ScriptedModel } from "../../support/scripted-model.ts";
import { fileTree, type TempWorkspace } from "../../support/temp-workspace.ts";

type Agent = NonNullable<RuntimeOptions["agent"]>;

describe("the names of keys", () => {
  it("are those of every provider, of the options, the embedder and the agent file", () => {
    const agent = { model: { id: "openai/x", apiKeyEnv: "AGENT_LOGIN", settings: {} } } as Agent;
    const connection = (provider: string) => (provider === "anthropic" ? { apiKeyEnv: "SETTINGS_LOGIN" } : {});
    const names = keyNames({ cwd: "/w", agent, apiKeyEnv: "OPTION_LOGIN", adapters: { connection } });
    assert.deepEqual([...names].sort(), [
      "AGENT_LOGIN",
      "ANTHROPIC_API_KEY",
      "DASHSCOPE_API_KEY",
      "OPENAI_API_KEY",
      "OPTION_LOGIN",
      "SETTINGS_LOGIN",
    ]);
  });

  describe("in a session", function () {
    this.timeout(120_000);
    let disk: TempWorkspace;
    beforeEach(async () => {
      disk = await fileTree({});
      process.env.CODEPILOT_TEST_LOGIN = "sk-test";
    });
    afterEach(async () => {
      delete process.env.CODEPILOT_TEST_LOGIN;
      await disk.dispose();
    });

    async function seenByShell(options: Partial<RuntimeOptions>): Promise<string> {
      const runtime = await Runtime.open({
        cwd: disk.root,
        model: "scripted/test",
        store: "memory",
        adapters: { modelClient: () => new ScriptedModel([]) },
        ...options,
      });
      try {
        const result = await runtime.terminals.run({
          terminal: "main",
          command: 'echo "login=[$CODEPILOT_TEST_LOGIN]"',
          commandId: "cmd_1",
          timeoutMs: 10_000,
          signal: new AbortController().signal,
          maxOutputChars: 1_000,
        });
        assert(result.kind === "command");
        return result.output.text.trim();
      } finally {
        await runtime.close();
      }
    }

    it("are not in the environment of shells, unless they are kept", async () => {
      const apiKeyEnv = "CODEPILOT_TEST_LOGIN";
      assert.equal(await seenByShell({}), "login=[sk-test]");
      assert.equal(await seenByShell({ apiKeyEnv }), "login=[]");
      assert.equal(await seenByShell({ apiKeyEnv, keepEnvironment: [apiKeyEnv] }), "login=[sk-test]");
    });
  });
});
