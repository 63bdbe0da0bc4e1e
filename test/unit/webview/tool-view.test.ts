import assert from "node:assert/strict";
import type { ToolEntry } from "../../../src/protocol/state.ts";
import {
  endOfOutput,
  lastLines,
  splitSummary,
  toolState,
  toolView,
  visibleKeys,
} from "../../../webview-ui/src/logic/tool-view.ts";

const entry = (change: object = {}): ToolEntry => ({
  kind: "tool",
  callId: "c",
  tool: "execute",
  argumentsText: '{"command":"npm test","session_id":"main"}',
  summary: "$ npm test",
  requestedAt: 1,
  step: 0,
  settled: true,
  ...change,
});
const roots = { cwd: "/w", folders: ["/w"] };
const request = {
  permissionId: "p",
  callId: "c",
  tool: "execute",
  access: { kind: "execute" as const, command: "npm test", cwd: "/w", terminal: "main" },
  title: "$ npm test",
  reason: "r",
  sessionKey: null,
  sessionLabel: null,
};
const outcome = (status: NonNullable<ToolEntry["outcome"]>["status"]) => ({
  outcome: { status, output: "", durationMs: 1 },
});

describe("tool state", () => {
  it("goes from queued over waiting and running to its outcome", () => {
    assert.equal(toolState(entry(), true), "queued");
    assert.equal(toolState(entry({ permission: { request } }), true), "waiting");
    const answer = { decision: "allowed" as const, scope: "once" as const, by: "person" as const };
    assert.equal(toolState(entry({ permission: { request, answer } }), true), "queued");
    assert.equal(toolState(entry({ permission: { request, answer }, startedAt: 2 }), true), "running");
    for (const status of ["done", "failed", "denied", "interrupted"] as const) {
      assert.equal(toolState(entry({ startedAt: 2, ...outcome(status) }), false), status);
    }
    assert.equal(toolState(entry(outcome("cancelled")), true), "stopped");
  });

  it("calls interrupted what a dead process has left without a result", () => {
    assert.equal(toolState(entry({ startedAt: 2 }), false), "interrupted");
    assert.equal(toolState(entry({ permission: { request } }), false), "interrupted");
  });

  it("waits for an answer to a question", () => {
    const question = { questionId: "q", callId: "c", question: "Which?" };
    assert.equal(toolState(entry({ startedAt: 2, question: { question } }), true), "waiting");
    assert.equal(
      toolState(entry({ startedAt: 2, question: { question, answer: { kind: "cancelled" } } }), true),
      "running",
    );
  });
});

describe("tool view", () => {
  it("splits a summary into verb and target", () => {
    assert.deepEqual(splitSummary("$ npm test"), { verb: "Run", target: "npm test", command: "npm test" });
    assert.deepEqual(splitSummary("Read src/a.ts"), { verb: "Read", target: "src/a.ts", command: null });
    assert.deepEqual(splitSummary("Ask: Which?"), { verb: "Ask", target: "Which?", command: null });
    assert.deepEqual(splitSummary("mystery"), { verb: "mystery", target: "", command: null });
  });

  it("shows paths relative to the session's folders", () => {
    const display = { kind: "read" as const, path: "/w/src/a.ts", startLine: 5, endLine: 9, totalLines: 90, hash: "" };
    const view = toolView(
      entry({ summary: "Read src/a.ts", outcome: { status: "done", output: "", durationMs: 1, display } }),
      roots,
    );
    assert.deepEqual([view.target, view.path, view.line, view.fact], ["src/a.ts", "/w/src/a.ts", 5, "5–9 of 90"]);
  });

  it("knows command and terminal before the call has run", () => {
    const view = toolView(entry({ permission: { request } }), roots);
    assert.deepEqual([view.icon, view.command, view.terminal], ["terminal", "npm test", "main"]);
    assert.equal(toolView(entry(), roots).terminal, "main");
    assert.equal(toolView(entry({ argumentsText: "{ broken" }), roots).terminal, null);
    const recovery = { kind: "command", terminal: "server", commandId: "x" };
    assert.equal(toolView(entry({ argumentsText: "{}", recovery }), roots).terminal, "server");
  });

  it("tells the end of a command, also of one that went on after its call", () => {
    const shown = (change: object, commandEnd?: object) => {
      const display = { kind: "command", terminal: "main", command: "npm test", exitCode: null, ...change };
      const done = { status: "done", output: "", durationMs: 1, display };
      const view = toolView(entry({ outcome: done, ...(commandEnd ? { commandEnd } : {}) }), roots);
      return [view.exitCode, view.stillRunning, view.endedByPerson, view.endedHow];
    };
    assert.deepEqual(shown({ status: "completed", exitCode: 3 }), [3, false, false, null]);
    assert.deepEqual(shown({ status: "completed", exitCode: 130, endedBy: "person" }), [130, false, true, null]);
    assert.deepEqual(shown({ status: "running" }), [null, true, false, null]);
    const end = { at: 1, durationMs: 9, outputTail: "" };
    const stopped = { ...end, status: "completed", exitCode: 130, endedBy: "person" };
    assert.deepEqual(shown({ status: "running" }, stopped), [130, false, true, null]);
    const lost = { ...end, status: "exited", exitCode: null };
    assert.deepEqual(shown({ status: "running" }, lost), [null, false, false, "its terminal ended"]);
  });
});

describe("output", () => {
  it("keeps the last lines and counts the others", () => {
    assert.deepEqual(lastLines("a\nb\nc\nd\n", 2), { shown: "c\nd", hidden: 2 });
    assert.deepEqual(lastLines("a\nb", 2), { shown: "a\nb", hidden: 0 });
    assert.deepEqual(lastLines("\n\na", 2), { shown: "\na", hidden: 1 });
    assert.deepEqual(lastLines("", 2), { shown: "", hidden: 0 });
  });

  it("shows the end of a flood, in many lines or in one", () => {
    const lines = Array.from({ length: 50_000 }, (_, n) => `line ${n}`).join("\n");
    const { runs: _, ...end } = endOfOutput(lines, 2, 1_000);
    assert.deepEqual(end, { shown: "line 49998\nline 49999", hidden: 49_998, cut: false });
    const one = endOfOutput("word ".repeat(200_000), 8, 1_000);
    assert.deepEqual([one.shown.length, one.hidden, one.cut], [1_000, 0, true]);
    const few = endOfOutput(`${"x".repeat(900)}\n`.repeat(20), 8, 1_000);
    assert.deepEqual([few.shown.length, few.hidden, few.cut], [1_000, 18, true]);
    const runs = [{ text: "a\nb", style: null }];
    assert.deepEqual(endOfOutput("a\nb\n", 8, 1_000), { shown: "a\nb", hidden: 0, cut: false, runs });
  });

  it("writes out keystrokes that cannot be seen", () => {
    assert.equal(visibleKeys("y\n"), "y⏎");
    assert.equal(visibleKeys("\u0003"), "Ctrl-C");
    assert.equal(visibleKeys("a\tb\u001b"), "a⇥bEsc");
  });
});
