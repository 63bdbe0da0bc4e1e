import assert from "node:assert/strict";
import * as z from "zod";
import { AppError } from "../../../src/base/app-error.ts";
import { functionTool } from "../../../src/embed/function-tool.ts";
import { Runtime } from "../../../src/embed/runtime.ts";
import type { ToolContext } from "../../../src/ports/tool.ts";
import { fileTree } from "../../support/temp-workspace.ts";

function toolGiving(value: unknown) {
  return functionTool({ name: "stock", description: "Stock.", input: z.object({}), run: () => value });
}

async function outcomeOf(value: unknown) {
  const plan = await toolGiving(value).plan({}, {} as never);
  assert.ok(plan.kind === "planned");
  return await plan.call.run({ signal: new AbortController().signal } as ToolContext);
}

describe("a tool out of a function", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;

  for (const [value, output] of [
    ["text", "text"],
    [{ apples: 3, pears: [1, null] }, '{"apples":3,"pears":[1,null]}'],
    [42, "42"],
    [false, "false"],
    [null, "null"],
    [undefined, ""],
    [Promise.resolve({ late: true }), '{"late":true}'],
  ] as const) {
    it(`gives the model ${JSON.stringify(output)}`, async () => {
      assert.deepEqual(await outcomeOf(value), { status: "done", output });
    });
  }

  for (const value of [circle, 10n, () => "x", Symbol("x")]) {
    it(`says that ${typeof value} is nothing a model can read, and that the call was made`, async () => {
      const { status, output } = await outcomeOf(value);
      assert.equal(status, "failed");
      assert.match(output, /^\[stock\] ERROR: .* neither text nor JSON.*What it did stands\.$/);
    });
  }

  it("needs a name that every model's server takes, where calls are native", async () => {
    await using workspace = await fileTree();
    const runtime = await Runtime.open({ cwd: workspace.root, model: "demo/scripted", store: "memory" });
    for (const name of ["", "two words", "größe", "a.b", "x".repeat(65)]) {
      const tool = { ...toolGiving(""), name };
      assert.throws(
        () => runtime.registerTool(tool),
        (error) => AppError.is(error, "usage"),
        name,
      );
    }
    for (const name of ["a", "my-tool", "class", "T_9", "x".repeat(64)]) {
      runtime.registerTool({ ...toolGiving(""), name });
    }
    await runtime.close();
  });
});
