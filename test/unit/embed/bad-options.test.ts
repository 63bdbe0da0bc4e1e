import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app-error.ts";
import { Runtime, type RuntimeOptions } from "../../../src/embed/index.ts";
import { fileTree } from "../../support/temp-workspace.ts";

/** Programs in plain JavaScript pass what no type has checked. */
const bad: Record<string, [options: Record<string, unknown>, message: RegExp]> = {
  "no folder": [{ cwd: undefined }, /no working directory was named/],
  "an empty folder": [{ cwd: "" }, /no working directory was named/],
  "a folder that is not there": [{ cwd: "/nowhere/at/all" }, /\/nowhere\/at\/all is not a folder/],
  "a file as folder": [{ cwd: import.meta.filename }, /bad-options\.test\.ts is not a folder/],
  "a store of no kind": [{ store: "database" }, /"database" is not a store/],
  "an object that is no store": [{ store: {} }, /\{\} is not a store/],
  "no steps": [{ maxSteps: 0 }, /maxSteps can not be 0/],
  "half a step": [{ maxSteps: 1.5 }, /maxSteps can not be 1\.5/],
  "steps that are no number": [{ maxSteps: Number.NaN }, /maxSteps can not be NaN/],
};

describe("Runtime.open with options that no session can have", () => {
  for (const [name, [options, message]] of Object.entries(bad)) {
    it(`refuses ${name}, and says what to do`, async () => {
      await using workspace = await fileTree();
      const given = { cwd: workspace.root, model: "demo/scripted", store: "memory", ...options };
      await assert.rejects(Runtime.open(given as unknown as RuntimeOptions), (error) => {
        assert.ok(AppError.is(error, "usage"), String(error));
        assert.match(error.message, message);
        assert.ok(error.next);
        return true;
      });
    });
  }

  it("refuses a task that is no text", async () => {
    await using workspace = await fileTree();
    const runtime = await Runtime.open({ cwd: workspace.root, model: "demo/scripted", store: "memory" });
    for (const task of [undefined, null, 5, {}]) {
      await assert.rejects(runtime.run(task as never), (error) => AppError.is(error, "usage"));
    }
    await runtime.close();
  });
});
