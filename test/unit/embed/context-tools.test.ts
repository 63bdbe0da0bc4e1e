/** Who gets the tools over the context: programs always, native calls when they are named. */
import assert from "node:assert/strict";
import { Runtime, type RuntimeOptions } from "../../../src/embed/index.ts";
import { contextTools } from "../../../src/protocol/agent-tools.ts";
import { createContextTools } from "../../../src/tools/index.ts";
import { ScriptedModel } from "../../support/scripted-model.ts";
import { fileTree } from "../../support/temp-workspace.ts";

async function firstRequest(options: Partial<RuntimeOptions>) {
  await using workspace = await fileTree();
  const model = new ScriptedModel([{ text: "Hello." }]);
  const runtime = await Runtime.open({
    cwd: workspace.root,
    model: "scripted/test",
    store: "memory",
    adapters: { modelClient: () => model },
    ...options,
  });
  await runtime.run("Say hello");
  await runtime.close();
  return model.requests[0] ?? assert.fail();
}

describe("the context tools", () => {
  it("have the names that agent files know", () => {
    assert.deepEqual(
      createContextTools().map((tool) => tool.name),
      [...contextTools],
    );
  });

  it("are native tools only when they are named", async () => {
    const unnamed = await firstRequest({});
    assert.deepEqual(
      unnamed.tools.filter(({ name }) => contextTools.some((tool) => tool === name)),
      [],
    );
    const named = await firstRequest({ tools: [{ name: "read_file" }, { name: "reveal_context" }] });
    assert.deepEqual(
      named.tools.map(({ name }) => name),
      ["read_file", "reveal_context"],
    );
  });

  it("are functions of every program, whatever else is named", async () => {
    for (const tools of [undefined, [{ name: "read_file" }], []]) {
      const { instructions } = await firstRequest({ interface: "python", ...(tools ? { tools } : {}) });
      for (const name of contextTools) assert.ok(instructions.includes(`\n${name}(`), name);
    }
  });
});
