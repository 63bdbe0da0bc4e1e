/** What the person has written comes back to the panel whenever a session does not take it. */
import assert from "node:assert/strict";
import { AppError, messageOf } from "../../../src/base/app-error.ts";
import { ViewBridge, type ViewBridgeOptions } from "../../../src/host/chat/view-bridge.ts";
import { silentLog } from "../../../src/ports/log.ts";
import { type AgentEvent, EVENT_VERSION, type NewEvent } from "../../../src/protocol/events.ts";
import type { Op } from "../../../src/protocol/ops.ts";
import type { HostMessage, ViewEnvironment } from "../../../src/protocol/webview.ts";
import { openTestSession } from "../../support/session-harness.ts";

const full = new AppError("storage", "the disk is full");
const input = { text: "and then this", images: [{ mediaType: "image/png", data: "AA==" }] };
const environment = {} as ViewEnvironment;

function bridgeTo({ session }: ReturnType<typeof openTestSession>) {
  const posted: HostMessage[] = [];
  const live = { origin: "panel", runtime: Object.assign(session, { sessionId: "ses_test" }) };
  const quiet = { dispose() {} };
  const hub = {
    shown: null,
    get: (sessionId: string) => (sessionId === "ses_test" ? live : undefined),
    onEvent: () => quiet,
    onShown: () => quiet,
  };
  const bridge = new ViewBridge({
    hub: hub as unknown as ViewBridgeOptions["hub"],
    post: (message) => posted.push(message),
    environment: async () => environment,
    actions: {} as ViewBridgeOptions["actions"],
    beforeFirstSnapshot: async () => {},
    explain: messageOf,
    log: silentLog,
  });
  const send = (op: Op, sessionId = "ses_test") => bridge.receive({ type: "op", sessionId, op });
  /** Besides the snapshots. */
  const heard = () => posted.filter(({ type }) => type === "input.returned" || type === "failed");
  const ready = () => bridge.receive({ type: "ready" });
  return { bridge, send, heard, ready };
}

const returned = (text: string) => ({ type: "input.returned", input: { text } });
const failed = (message: string) => ({ type: "failed", message });

function journal(...fields: NewEvent[]): AgentEvent[] {
  const opened: NewEvent = {
    type: "session.opened",
    cwd: "/w",
    folders: ["/w"],
    model: "m",
    interface: "tools",
    dialect: "codepilot",
    productVersion: "0",
  };
  return [opened, ...fields].map(
    (event, index) => ({ v: EVENT_VERSION, seq: index + 1, at: 1, sessionId: "ses_test", ...event }) as AgentEvent,
  );
}

describe("the bridge to the panel", () => {
  it("gives back a task that the journal can not take, and says why", async () => {
    const test = openTestSession({
      script: [],
      onAppend: () => {
        throw full;
      },
    });
    const { send, heard, ready } = bridgeTo(test);
    await ready();
    await send({ type: "turn.submit", input });
    assert.deepEqual(heard(), [{ type: "input.returned", input }, failed("the disk is full")]);
  });

  it("gives back steered and queued messages while a turn runs", async () => {
    let disk = "good";
    const test = openTestSession({
      script: [{ text: "Thinking", hang: true }],
      onAppend: () => {
        if (disk === "full") throw full;
      },
    });
    const { send, heard, ready } = bridgeTo(test);
    await ready();
    await send({ type: "turn.submit", input: { text: "begin" } });
    assert.ok(test.session.state.activeTurnId);
    disk = "full";
    await send({ type: "turn.steer", input: { text: "left" } });
    await send({ type: "turn.submit", input: { text: "later" } });
    const why = failed("the disk is full");
    assert.deepEqual(heard(), [returned("left"), why, returned("later"), why]);
    disk = "good";
    await test.session.close("closed");
  });

  it("does not give back what is in the queue although it could not be started", async () => {
    const test = openTestSession({
      script: [],
      journal: journal({ type: "message.queued", messageId: "message_0", input: { text: "before" }, mode: "queue" }),
      onAppend: (events) => {
        if (events.some(({ type }) => type === "turn.started")) throw full;
      },
    });
    const { send, heard, ready } = bridgeTo(test);
    await ready();
    await send({ type: "turn.submit", input });
    assert.deepEqual(heard(), [failed("the disk is full")]);
    assert.equal(test.session.state.queued.at(-1)?.input.text, input.text);
  });

  it("gives back what is refused, and what belongs to a session that is gone", async () => {
    const test = openTestSession({ script: [] });
    const { send, heard, ready } = bridgeTo(test);
    await ready();
    await send({ type: "question.answer", questionId: "q", text: "Blue" });
    await send({ type: "permission.answer", permissionId: "p", decision: "denied", scope: "once", note: "Not this" });
    await send({ type: "permission.answer", permissionId: "p", decision: "denied", scope: "once" });
    await send({ type: "turn.submit", input }, "another");
    const [blue, , note, , late, ...rest] = heard();
    assert.deepEqual([blue, note], [returned("Blue"), returned("Not this")]);
    assert.equal(late?.type, "failed");
    assert.deepEqual(
      rest.map(({ type }) => type),
      ["input.returned", "failed"],
    );
    await test.session.close("closed");
  });

  it("keeps the words for the next page where there is none", async () => {
    const test = openTestSession({
      script: [],
      onAppend: () => {
        throw full;
      },
    });
    const { bridge, send, heard, ready } = bridgeTo(test);
    await ready();
    bridge.disconnect();
    await send({ type: "turn.submit", input });
    assert.deepEqual(heard(), []);
    await ready();
    assert.deepEqual(heard(), [{ type: "input.returned", input }, failed("the disk is full")]);
    await ready();
    assert.equal(heard().length, 2);
  });
});
