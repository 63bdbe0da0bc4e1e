import assert from "node:assert/strict";
import { NodeFileSystem } from "../../../src/node/files/node-file-system.ts";
import { symlinkTo } from "../../support/temp-workspace.ts";
import { type Toolbox, toolbox } from "../../support/toolbox.ts";

describe("find", () => {
  let box: Toolbox;
  before(async () => {
    box = await toolbox({
      tree: {
        "one/a.ts": "needle 1\n",
        "one/b.md": "needle 2\nneedle 3\n",
        "two/c.ts": "needle 4\n",
        "outside/d.ts": "needle 5\n",
        "one/way-out": symlinkTo("../outside"),
      },
      folders: (workspace) => [workspace.path("one"), workspace.path("two")],
    });
  });
  after(() => box[Symbol.asyncDispose]());
  const find = (input: Record<string, unknown>) => box.call("find", { pattern: "needle", ...input });

  it("searches all open folders", async () => {
    const result = await find({});
    assert(result.status === "done");
    assert.equal(
      result.output,
      "[find] 4 matches:\none/a.ts:1:needle 1\none/b.md:1:needle 2\none/b.md:2:needle 3\ntwo/c.ts:1:needle 4",
    );
    assert.deepEqual(result.display, { kind: "search", pattern: "needle", matches: 4, truncated: false });
  });

  it("searches one file, several files and one folder", async () => {
    assert.match((await find({ scope: "file", target: "one/b.md" })).output, /^\[find\] 2 matches:\none\/b.md:1/);
    assert.match((await find({ scope: "files", target: ["one/a.ts", "two/c.ts"] })).output, /2 matches/);
    assert.match((await find({ target: "two" })).output, /1 match:\ntwo\/c.ts/);
    assert.match((await find({ include: "*.md" })).output, /2 matches/);
  });

  it("shows as many as asked and counts the rest", async () => {
    const result = await find({ max_results: 1 });
    assert.match(result.output, /^\[find\] 4 matches \(showing 1\):\none\/a.ts:1:needle 1\n\[More than shown/);
    assert(result.status === "done" && result.display?.kind === "search" && result.display.truncated);
  });

  it("says what to try when nothing was found", async () => {
    assert.match((await find({ pattern: "nowhere" })).output, /No match for \/nowhere\/ in the workspace\. Try/);
  });

  it("asks for a place outside, one at a time, and follows no link out of the workspace", async () => {
    const call = await box.plan("find", { pattern: "x", target: "one/way-out" });
    assert.deepEqual(call.access, { kind: "read", path: box.workspace.path("outside"), insideWorkspace: false });
    assert.match((await find({ scope: "files", target: ["one/a.ts", "outside/d.ts"] })).output, /one place at a time/);
  });

  it("names cause and next step", async () => {
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ scope: "file" }, /scope "file" needs target/],
      [{ scope: "file", target: ["one/a.ts", "two/c.ts"] }, /takes one target/],
      [{ scope: "file", target: "one/none.ts" }, /There is no .*none.ts\. Check the path/],
      [{ pattern: "(" }, /not a valid pattern/],
    ];
    for (const [input, pattern] of cases) {
      const result = await find(input);
      assert.equal(result.status, "failed");
      assert.match(result.output, pattern);
    }
  });

  it("finds in a file as it is in the editor", async () => {
    class Editor extends NodeFileSystem {
      override async unsaved() {
        return [{ path: box.workspace.path("two/c.ts"), bytes: Buffer.from("\nneedle typed\n") }];
      }
    }
    await using editor = await toolbox({ workspace: box.workspace, files: new Editor() });
    const result = await editor.call("find", { pattern: "needle", target: "two" });
    assert.equal(result.output, "[find] 1 match:\ntwo/c.ts:2:needle typed");
  });

  it("stops when it is told to", async () => {
    const result = await box.call("find", { pattern: "needle" }, { signal: AbortSignal.abort() });
    assert.equal(result.status, "cancelled");
  });
});
