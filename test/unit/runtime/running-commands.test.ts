/** Commands as the person meets them on their cards: real terminals, the real tools, a scripted model. */
import assert from "node:assert/strict";
import type { AgentEvent } from "../../../src/protocol/events.ts";
import { reduceAll } from "../../../src/protocol/reduce.ts";
import type { SessionState, ToolEntry } from "../../../src/protocol/state.ts";
import { openTestSession } from "../../support/session-harness.ts";
import { eventually, type TestTerminals, testTerminals } from "../../support/terminals.ts";
import { type Toolbox, toolbox } from "../../support/toolbox.ts";

describe("a command of a card", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  let box: Toolbox;
  beforeEach(async () => {
    t = await testTerminals();
    box = await toolbox({ terminals: t.terminals });
  });
  afterEach(async () => {
    await t.close();
    await box[Symbol.asyncDispose]();
  });

  const execute = (args: object) => ({ calls: [{ name: "execute", arguments: args }] });
  const open = (script: Parameters<typeof openTestSession>[0]["script"], journal: readonly AgentEvent[] = []) =>
    openTestSession({
      script,
      journal,
      tools: box.tools,
      terminals: t.terminals,
      approver: { kind: "allow-all" },
    });
  const calls = (state: SessionState): ToolEntry[] =>
    state.turns.flatMap(({ entries }) => entries.filter((entry) => entry.kind === "tool"));
  const running = () => eventually("it runs", () => t.terminals.list().some(({ status }) => status === "running"));

  it("is ended while the call waits for it: the turn goes on and the model is told", async () => {
    const s = open([execute({ command: "echo begun; sleep 100", timeout: 60 }), { text: "As you like." }]);
    const turn = s.run("go");
    const { callId } = await s.next("tool.started");
    await running();
    assert.deepEqual(await s.session.submit({ type: "command.stop", callId }), { kind: "accepted" });
    assert.equal((await turn)?.reason, "completed");
    const [call] = calls(s.session.state);
    assert.equal(call?.outcome?.status, "done");
    assert.match(
      call.outcome.output,
      /begun[\s\S]*return_code: 1(?:30|43|37)[\s\S]*\nThe person ended this command\.$/,
    );
    assert.ok(call.outcome.display?.kind === "command" && call.outcome.display.endedBy === "person");
    assert.deepEqual(s.session.state.background, {});
    assert.equal((await s.session.submit({ type: "command.stop", callId })).kind, "refused");
    assert.equal((await s.session.submit({ type: "command.stop", callId: "none" })).kind, "refused");
  });

  it("goes on after its call: its output is shown, its end is kept, and the next read tells who ended it", async () => {
    const server = execute({
      command: "echo listening; read x; echo got $x; sleep 100",
      session_id: "server",
      new_terminal: true,
      timeout: 0.3,
    });
    const read = { calls: [{ name: "read_output", arguments: { session_id: "server" } }] };
    const s = open([server, { text: "It runs." }, read, { text: "I see." }]);
    await s.run("serve");
    const [call] = calls(s.session.state);
    assert.ok(call);
    const { callId } = call;
    assert.deepEqual(Object.keys(s.session.state.background), ["server"]);
    assert.match(s.session.state.liveOutput[callId]?.tail ?? "", /listening/);
    await t.write("words\n", 100, "server");
    await eventually("its output", () => /got words/.test(s.session.state.liveOutput[callId]?.tail ?? ""));

    assert.equal((await s.session.submit({ type: "command.stop", callId })).kind, "accepted");
    await eventually("its end", () => calls(s.session.state)[0]?.commandEnd !== undefined);
    const end = calls(s.session.state)[0]?.commandEnd;
    assert.deepEqual([end?.status, end?.endedBy], ["completed", "person"]);
    assert.ok((end?.exitCode ?? 0) > 128);
    assert.match(end?.outputTail ?? "", /listening\n[\s\S]*got words\n/);
    assert.ok((end?.durationMs ?? 0) >= 300);
    assert.deepEqual([s.session.state.background, s.session.state.liveOutput], [{}, {}]);
    assert.equal((await s.session.submit({ type: "command.stop", callId })).kind, "refused");

    await s.run("look");
    assert.match(calls(s.session.state)[1]?.outcome?.output ?? "", /The person ended this command\./);
    assert.deepEqual(calls(reduceAll(s.kept))[0], calls(s.session.state)[0]);
  });

  it("ends by itself, or with its terminal, after its call", async () => {
    const short = execute({ command: "sleep 0.4; (exit 3)", timeout: 0.1 });
    const lost = execute({ command: "sleep 100", session_id: "other", new_terminal: true, timeout: 0.1 });
    const s = open([short, lost, { text: "Both run." }]);
    await s.run("go");
    await eventually("the end of the first", () => calls(s.session.state)[0]?.commandEnd?.exitCode === 3);
    await t.terminals.terminate("other");
    await eventually("the end of the second", () => calls(s.session.state)[1]?.commandEnd?.status === "exited");
    await eventually("nothing is left", () => Object.keys(s.session.state.background).length === 0);
    assert.deepEqual(s.types().filter((type) => type === "command.finished" || type === "terminal.exited").length, 3);
  });

  it("has ended while no session was there to see it", async () => {
    const first = open([execute({ command: "sleep 0.5; echo over", timeout: 0.1 }), { text: "It runs." }]);
    await first.run("go");
    await first.session.close("released");
    await eventually("the end", () => t.terminals.list()[0]?.status === "idle");
    assert.equal(calls(reduceAll(first.kept))[0]?.commandEnd, undefined);

    const second = open([], first.kept);
    await eventually("it is told", () => calls(second.session.state)[0]?.commandEnd !== undefined);
    assert.match(calls(second.session.state)[0]?.commandEnd?.outputTail ?? "", /over/);
    assert.deepEqual(second.session.state.background, {});
  });
});
