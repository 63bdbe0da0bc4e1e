/** Which write a payload became, found as the runtime hands payloads out. */
import assert from "node:assert/strict";
import type { ToolEntry } from "../../../src/protocol/state.ts";
import { bindPayloads, resolvePath } from "../../../webview-ui/src/logic/payload-use.ts";
import type { PayloadRow } from "../../../webview-ui/src/logic/program-rows.ts";

const payload = (filename: string, index: number): PayloadRow => ({
  key: `p${index}`,
  place: { turn: 0, entry: 0 },
  kind: "payload",
  response: { turn: 0, step: 0 },
  filename,
  text: "",
  leftOut: null,
  streaming: false,
  use: { call: null, over: false },
});
const call = (callId: string, args: unknown, tool = "write_file"): ToolEntry => ({
  kind: "tool",
  callId,
  tool,
  argumentsText: typeof args === "string" ? args : JSON.stringify(args),
  summary: "",
  requestedAt: 0,
  step: 0,
  settled: true,
});

function bound(names: readonly string[], calls: readonly ToolEntry[]): (string | undefined)[] {
  const rows = names.map(payload);
  const found = bindPayloads(rows, calls, "/home/ada");
  return rows.map((row) => found.get(row)?.callId);
}

describe("payloads and their writes", () => {
  it("go by path and order, however the path is written", () => {
    const calls = [call("1", { path: "./a.py", content: "" }), call("2", { path: "/home/ada/a.py", content: "" })];
    assert.deepEqual(bound(["a.py", "b.py", "src/../a.py"], calls), ["1", undefined, "2"]);
  });

  it("are several for one call where it has several ranges", () => {
    const edits = [{ content: "x" }, { content: "y" }];
    assert.deepEqual(bound(["a", "a", "a"], [call("1", { path: "a", edits })]), ["1", "1", undefined]);
  });

  it("are not used up by a call that was refused, by another tool or by what can not be read", () => {
    const calls = [
      call("1", { path: "a", mode: "w" }),
      call("2", { path: "a", content: "" }, "read_file"),
      call("3", '{"path":"a","content":"'),
      call("4", { path: "a", content: "" }),
    ];
    assert.deepEqual(bound(["a"], calls), ["4"]);
  });

  it("resolve paths of both kinds", () => {
    assert.equal(resolvePath("src\\a.py", "C:\\work"), resolvePath("C:/work/src/a.py", ""));
  });
});
