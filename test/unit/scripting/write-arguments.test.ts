import assert from "node:assert/strict";
import type { Json } from "../../../src/base/json.ts";
import { readWriteArguments } from "../../../src/scripting/write-arguments.ts";
import { assertGolden } from "../../support/golden.ts";

function accepted(args: Record<string, Json>, contents: readonly string[]) {
  const read = readWriteArguments(args);
  if (read.kind === "refused") assert.fail(read.message);
  assert.equal(read.payloads, contents.length);
  assert.equal(read.path, args.path);
  return read.build(contents);
}

function refusal(args: Record<string, Json>): string {
  const read = readWriteArguments(args);
  return read.kind === "refused" ? read.message : assert.fail("it was accepted");
}

const path = "a.py";

describe("arguments of write_file in a program", () => {
  it("become the native tool's with the payloads' content", () => {
    const none = { start_line: null, end_line: null, after_line: null, edits: null };
    assert.deepEqual(accepted({ path }, ["x\n"]), { path, mode: "w", content: "x\n" });
    assert.deepEqual(accepted({ path, ...none, mode: "a" }, [""]), { path, mode: "a", content: "" });
    assert.deepEqual(accepted({ path, mode: "edit", start_line: 2, end_line: 2 }, ["x"]), {
      path,
      mode: "edit",
      start_line: 2,
      end_line: 2,
      content: "x",
    });
    assert.deepEqual(accepted({ path, mode: "insert", after_line: 0 }, ["x"]), {
      path,
      mode: "insert",
      after_line: 0,
      content: "x",
    });
  });

  it("take one payload for each range, however the ranges are written", () => {
    const edits: Json = [[1, 2], { start_line: 4, end_line: 4 }, { start: 6, end: 9 }];
    assert.deepEqual(accepted({ path, mode: "multi_edit", edits }, ["x", "y", ""]), {
      path,
      mode: "multi_edit",
      edits: [
        { start_line: 1, end_line: 2, content: "x" },
        { start_line: 4, end_line: 4, content: "y" },
        { start_line: 6, end_line: 9, content: "" },
      ],
    });
  });

  it("are refused in the same words, each saying that no file was changed", () => {
    const calls: Record<string, Json>[] = [
      { path, content: "x" },
      { path, mode: "w", payload: "x" },
      { path: "my file.py", text: "x" },
      { data: "x" },
      { path, encoding: "utf-8", newline: "x" },
      {},
      { path: "" },
      { path: 3 },
      { path, mode: "multi-edit" },
      { path, mode: "append" },
      { path, mode: "W" },
      { path, mode: "insrt" },
      { path, mode: "delete" },
      { path, mode: 3 },
      { path, mode: "constructor" },
      { path, start_line: 1, end_line: 2 },
      { path, mode: "insert", after_line: 1, edits: [[1, 2]] },
      { path, mode: "edit", start_line: 1 },
      { path, mode: "insert" },
      { path, start_line: "def f():\n    pass\n" },
      { path, start_line: "a" },
      { path, start_line: 1, end_line: 3, after_line: "last words", mode: "edit" },
      { path, mode: "multi_edit" },
      { path, mode: "edit", start_line: 0, end_line: 2 },
      { path, mode: "edit", start_line: 1, end_line: "2" },
      { path, mode: "edit", start_line: 1.5, end_line: 2 },
      { path, mode: "edit", start_line: true, end_line: 2 },
      { path, mode: "edit", start_line: 3, end_line: 2 },
      { path, mode: "insert", after_line: -1 },
      { path, mode: "multi_edit", edits: [] },
      { path, mode: "multi_edit", edits: "1-2" },
      { path, mode: "multi_edit", edits: [[1, 2], [3]] },
      { path, mode: "multi_edit", edits: [[1, 2], 3] },
      { path, mode: "multi_edit", edits: [[1, 2, 3]] },
      { path, mode: "multi_edit", edits: [[0, 2]] },
      { path, mode: "multi_edit", edits: [[5, 2]] },
      { path, mode: "multi_edit", edits: [[1, 2, "x"]] },
      { path, mode: "multi_edit", edits: [{ start_line: 1, end_line: 2, content: "x" }] },
      { path, mode: "multi_edit", edits: [{ from: 1, to: 2 }] },
      { path, mode: "multi_edit", edits: [{ start_line: 1 }] },
    ];
    const texts = calls.map((args) => {
      const message = refusal(args);
      assert.match(message, /No file was changed\./);
      return `# ${JSON.stringify(args)}\n${message}\n`;
    });
    assertGolden("test/golden/scripting/write-arguments.golden.txt", texts.join("\n"));
  });

  it("are never echoed at length", () => {
    const long = "x".repeat(1_000_000);
    for (const args of [
      { path, mode: long },
      { path, [long]: 1 },
      { path: long, content: "x" },
      { path, start_line: long },
    ]) {
      assert.ok(refusal(args).length < 2_000);
    }
  });
});
