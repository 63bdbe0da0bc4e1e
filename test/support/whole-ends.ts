/** That everything which begins in a journal has an end, and one only. */
import assert from "node:assert/strict";
import type { AgentEvent } from "../../src/protocol/events.ts";

/** The first event of a session that acts through programs. */
export const openedEvent = {
  ...{ v: 1, seq: 1, at: 1, sessionId: "ses_test", type: "session.opened", cwd: "/w", folders: ["/w"] },
  ...{ model: "scripted/test", interface: "python", dialect: "codepilot", productVersion: "0" },
} as AgentEvent;

/** Every call and every program has one end, and a program's calls end before it does. */
export function assertEnds(events: readonly AgentEvent[], what: string): void {
  const open = new Set<string>();
  const scriptOf = new Map<string, string>();
  for (const event of events) {
    if (event.type === "tool.requested" || event.type === "script.started") {
      const id = event.type === "script.started" ? event.scriptId : event.callId;
      assert.ok(!open.has(id), `${id} begins twice, ${what}`);
      open.add(id);
      if (event.type === "tool.requested") scriptOf.set(id, event.script?.scriptId ?? "");
    } else if (event.type === "tool.finished") {
      assert.ok(open.delete(event.callId), `${event.callId} ends once, ${what}`);
    } else if (event.type === "script.finished") {
      assert.ok(open.delete(event.scriptId), `${event.scriptId} ends once, ${what}`);
      for (const id of open) assert.notEqual(scriptOf.get(id), event.scriptId, `${id} outlives its program, ${what}`);
    }
  }
  assert.deepEqual([...open], [], what);
}
