/** A task through the whole extension: session, prompts, shared terminals, task type. The model is scripted. */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import type { TestAccess } from "../../src/extension.ts";
import type { LiveSession } from "../../src/host/sessions/live-session.ts";
import { SharedPseudoterminal } from "../../src/host/terminals/shared-pseudoterminal.ts";
import { silentLog } from "../../src/ports/log.ts";
import type { FakeModelServer, FakeReply } from "../support/fake-model/server.ts";
import { eventually, extensionUnderTest, withScriptedModel, workspaceFolder } from "./support/extension.ts";

const text = (words: string): FakeReply => ({ parts: [{ text: words }] });
const call = (name: string, args: unknown): FakeReply => ({ parts: [{ toolCall: { name, arguments: args } }] });

describe("a session in the extension host", function () {
  this.timeout(120_000);
  let access: TestAccess;
  let model: FakeModelServer;
  /** What the prompts said, newest last. */
  let asked: { message: string; detail: string; buttons: readonly string[] }[] = [];
  let answers: (string | undefined)[] = [];

  before(async () => {
    access = await extensionUnderTest();
    model = await withScriptedModel([]);
    access.setAsk(async (message, { detail }, ...buttons) => {
      asked.push({ message, detail, buttons });
      return answers.shift();
    });
  });
  beforeEach(async () => {
    asked = [];
    answers = [];
    (await access.window()).hub.showNone();
  });
  after(async () => model?.close());

  async function start(task: string): Promise<LiveSession> {
    return (await (await access.window()).startTask({ text: task })) ?? assert.fail("no folder was chosen");
  }

  it("runs a task without any panel and asks before it writes", async () => {
    model.setScript([call("write_file", { path: "made.txt", mode: "w", content: "x\n" }), text("Done.")]);
    answers = ["Allow once"];
    const { runtime } = await start("make a file");
    await runtime.idle();
    assert.equal(runtime.state.turns.at(-1)?.finished?.reason, "completed");
    assert.equal(asked.length, 1);
    assert.match(asked[0]?.message ?? "", /^Allow CodePilot to create made\.txt\?$/);
    assert.match(asked[0]?.detail ?? "", /\+x/);
    assert.deepEqual(asked[0]?.buttons, ["Allow once", "Allow in this session", "Deny"]);
    assert.ok(existsSync(join(workspaceFolder(), "made.txt")));
    rmSync(join(workspaceFolder(), "made.txt"));
  });

  it("leaves a dismissed request pending; it can be answered elsewhere", async () => {
    model.setScript([call("write_file", { path: "never.txt", mode: "w", content: "x\n" }), text("I see.")]);
    answers = [undefined];
    const { runtime } = await start("make a file");
    await eventually(() => asked[0], "the prompt");
    await eventually(() => runtime.state.pendingPermissions[0], "the request");
    assert.equal(runtime.state.phase, "awaiting-permission");
    await vscode.commands.executeCommand("codepilot.denyPending");
    await runtime.idle();
    assert.equal(runtime.state.turns.at(-1)?.finished?.reason, "completed");
    assert.equal(existsSync(join(workspaceFolder(), "never.txt")), false);
  });

  it("shows one prompt at a time", async () => {
    const writes = ["a", "b"].map((name) => ({
      toolCall: { name: "execute", arguments: { command: `echo ${name}` } },
    }));
    model.setScript([{ parts: writes }, text("Done.")]);
    let open = 0;
    let most = 0;
    access.setAsk(async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 100));
      open -= 1;
      return "Allow once";
    });
    const { runtime } = await start("run two commands");
    await runtime.idle();
    access.setAsk(async (message, { detail }, ...buttons) => {
      asked.push({ message, detail, buttons });
      return answers.shift();
    });
    assert.equal(most, 1);
    assert.equal(runtime.state.turns.at(-1)?.finished?.reason, "completed");
  });

  it("shares a terminal with a pseudoterminal: both see what either types", async () => {
    model.setScript([call("execute", { command: "echo from-$((40+2))-agent" }), text("Done.")]);
    answers = ["Allow once"];
    const { runtime } = await start("run a command");
    await runtime.idle();
    const shared = new SharedPseudoterminal({
      terminals: runtime.terminals,
      name: "main",
      log: silentLog,
      onClosed: () => {},
    });
    const ran: unknown[] = [];
    runtime.on("terminal.ran", (event) => ran.push(event));
    let screen = "";
    shared.onDidWrite((data) => {
      screen += data;
    });
    shared.open({ columns: 90, rows: 20 });
    await eventually(() => (screen.includes("from-42-agent") ? true : undefined), "the agent's command on the screen");
    shared.handleInput("echo from-$((6*7))-person\r");
    await eventually(
      () => (screen.includes("from-42-person") ? true : undefined),
      "the person's command on the screen",
    );
    const told = await eventually(() => ran[0], "what the person ran");
    assert.match(JSON.stringify(told), /from-\$\(\(6\*7\)\)-person/);
    assert.match(JSON.stringify(told), /from-42-person/);
    shared.close();
    assert.notEqual(runtime.terminals.list()[0]?.status, "exited", "closing the pane only detaches");
    assert.ok(vscode.window.terminals.some(({ name }) => name === "main"));
  });

  describe("as a task of type codepilot", () => {
    async function run(definition: Record<string, unknown>): Promise<number | undefined> {
      const folder = vscode.workspace.workspaceFolders?.[0] ?? assert.fail();
      const tasks = { version: "2.0.0", tasks: [{ label: "agent", type: "codepilot", ...definition }] };
      const file = vscode.Uri.joinPath(folder.uri, ".vscode", "tasks.json");
      await vscode.workspace.fs.writeFile(file, Buffer.from(JSON.stringify(tasks)));
      const marker = JSON.stringify(definition);
      const task = await eventually(async () => {
        const found = await vscode.tasks.fetchTasks({ type: "codepilot" });
        return found.find(({ definition: { type: _type, ...rest } }) => sameEntries(rest, JSON.parse(marker)));
      }, "the task of tasks.json");
      const ended = new Promise<number | undefined>((resolve) => {
        const subscription = vscode.tasks.onDidEndTaskProcess((event) => {
          if (event.execution.task.name !== task.name) return;
          subscription.dispose();
          resolve(event.exitCode);
        });
      });
      await vscode.tasks.executeTask(task);
      return ended;
    }

    it("ends with 0 when the turn completes", async () => {
      model.setScript([text("All is well.")]);
      assert.equal(await run({ prompt: "say something" }), 0);
    });

    it("ends with 1 when the turn fails", async () => {
      model.setScript([{ status: 401, body: { error: { message: "Bad key", code: "invalid_api_key" } } }]);
      assert.equal(await run({ prompt: "fail" }), 1);
    });

    it("ends with 2 without a prompt", async () => {
      assert.equal(await run({ model: "openai/fake" }), 2);
    });

    it("ends with 2 when the agent file is missing", async () => {
      assert.equal(await run({ prompt: "x", agent: "none.yaml" }), 2);
    });

    it("asks by the same prompt, and a refusal does not fail the turn", async () => {
      model.setScript([call("execute", { command: "echo no" }), text("Understood.")]);
      answers = ["Deny"];
      assert.equal(await run({ prompt: "run it" }), 0);
      assert.equal(asked.length, 1);
    });

    it("ends with 130 when it is stopped", async () => {
      model.setScript([{ silent: true }]);
      const requests = model.requests.length;
      const code = run({ prompt: "wait" });
      await eventually(() => (model.requests.length > requests ? true : undefined), "the request");
      const { hub } = await access.window();
      const session = await eventually(() => hub.live.find(({ origin }) => origin === "task"), "the task's session");
      await session.runtime.interrupt();
      assert.equal(await code, 130);
    });
  });
});

function sameEntries(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  return JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
}
