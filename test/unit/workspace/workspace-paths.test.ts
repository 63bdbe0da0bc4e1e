import assert from "node:assert/strict";
import { join } from "node:path";
import { NodeFileSystem } from "../../../src/node/files/node-file-system.ts";
import { WorkspacePaths } from "../../../src/workspace/workspace-paths.ts";
import { fileTree, symlinkTo, type TempWorkspace } from "../../support/temp-workspace.ts";

function pathsOf(workspace: TempWorkspace, folders = ["ws"]) {
  return new WorkspacePaths({
    cwd: workspace.path("ws"),
    folders: folders.map(workspace.path),
    files: new NodeFileSystem(),
    home: workspace.path("home"),
    platform: process.platform,
  });
}

describe("workspace paths", () => {
  let workspace: TempWorkspace;
  before(async () => {
    workspace = await fileTree({
      "ws/a.ts": "",
      "ws/sub/b.ts": "",
      "ws/..odd/c.ts": "",
      "ws/out": symlinkTo("../elsewhere"),
      "ws/dangling": symlinkTo("../elsewhere/not-yet.txt"),
      "ws/circle": symlinkTo("circle"),
      "ws/in": symlinkTo("sub"),
      "ws2/d.ts": "",
      "ws-lookalike/e.ts": "",
      "elsewhere/secret.txt": "",
      "elsewhere/back": symlinkTo("../ws/sub"),
      "home/notes.txt": "",
    });
  });
  after(() => workspace.dispose());

  const cases: readonly (readonly [given: string, path: string, inside: boolean])[] = [
    ["a.ts", "ws/a.ts", true],
    ["./sub/../a.ts", "ws/a.ts", true],
    ["in/b.ts", "ws/sub/b.ts", true],
    ["..odd/c.ts", "ws/..odd/c.ts", true],
    ["new/deep/x.ts", "ws/new/deep/x.ts", true],
    ["../ws/a.ts", "ws/a.ts", true],
    ["../elsewhere/back/b.ts", "ws/sub/b.ts", true],
    ["../elsewhere/secret.txt", "elsewhere/secret.txt", false],
    ["out/secret.txt", "elsewhere/secret.txt", false],
    ["out/new.txt", "elsewhere/new.txt", false],
    ["dangling", "elsewhere/not-yet.txt", false],
    ["../ws-lookalike/e.ts", "ws-lookalike/e.ts", false],
    ["~/notes.txt", "home/notes.txt", false],
    ["~", "home", false],
    ["~x", "ws/~x", true],
    ["a\\b.ts", "ws/a\\b.ts", true],
  ];
  for (const [given, path, inside] of cases) {
    it(`takes ${given} for ${path}, ${inside ? "inside" : "outside"}`, async () => {
      const result = await pathsOf(workspace).resolve(given);
      assert(result.kind === "resolved");
      assert.deepEqual([result.path, result.insideWorkspace], [workspace.path(path), inside]);
    });
  }

  it("refuses what is no path, and says why", async () => {
    const message = async (given: string) => {
      const result = await pathsOf(workspace).resolve(given);
      return result.kind === "invalid" ? result.message : "";
    };
    assert.match(await message(" "), /empty/);
    assert.match(await message("a\0b"), /NUL/);
    assert.match(await message("circle"), /circle/);
    assert.match(await message("a.ts/x"), /is a file, not a folder/);
    assert.match(await message(`${"x".repeat(300)}`), /too long/);
  });

  it("knows several folders, and none", async () => {
    const given = workspace.path("ws2/d.ts");
    const inside = async (folders: string[]) => {
      const result = await pathsOf(workspace, folders).resolve(given);
      return result.kind === "resolved" && result.insideWorkspace;
    };
    assert.deepEqual([await inside(["ws", "ws2"]), await inside(["ws"]), await inside([])], [true, false, false]);
  });

  it("shows paths below the working folder relative to it", async () => {
    const shown = async (given: string) => {
      const result = await pathsOf(workspace).resolve(given);
      return result.kind === "resolved" && result.shown;
    };
    assert.equal(await shown("in/b.ts"), join("sub", "b.ts"));
    assert.equal(await shown("."), ".");
    assert.equal(await shown("../ws2/d.ts"), workspace.path("ws2/d.ts"));
  });

  it("takes backslashes for separators on Windows only, and refuses alternate streams there", async () => {
    const paths = new WorkspacePaths({
      cwd: "C:\\ws",
      folders: ["C:\\ws"],
      files: { realPath: async (path) => path },
      home: "C:\\Users\\me",
      platform: "win32",
    });
    assert.deepEqual(await paths.resolve("sub\\..\\a.ts"), {
      kind: "resolved",
      path: "C:\\ws\\a.ts",
      insideWorkspace: true,
      shown: "a.ts",
    });
    const outside = await paths.resolve("D:\\x.ts");
    assert(outside.kind === "resolved" && !outside.insideWorkspace);
    assert.equal((await paths.resolve("a.ts:hidden")).kind, "invalid");
  });
});
