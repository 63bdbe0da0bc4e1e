/** Agent files in the editor: the command, the consent, and help while one is written. The model is scripted. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import type { TestAccess } from "../../src/extension.ts";
import type { FakeModelServer, FakeReply } from "../support/fake-model/server.ts";
import { eventually, extensionUnderTest, withScriptedModel, workspaceFolder } from "./support/extension.ts";

const text = (words: string): FakeReply => ({ parts: [{ text: words }] });

describe("agent files in the extension host", function () {
  this.timeout(120_000);
  let access: TestAccess;
  let model: FakeModelServer;
  let asked: string[] = [];
  let answer: string | undefined;
  const path = (name = "agent.yaml") => join(workspaceFolder(), name);
  const write = (lines: readonly string[], name?: string) => writeFileSync(path(name), `${lines.join("\n")}\n`);
  const own = () => [
    "name: Fixer",
    "interface: tools",
    `model: { provider: openai-chat, name: own, base_url: "${model.baseUrl("openai-chat")}" }`,
  ];

  before(async () => {
    access = await extensionUnderTest();
    model = await withScriptedModel([]);
    access.setAsk(async (message, { detail }) => {
      asked.push(`${message}\n${detail}`);
      return answer;
    });
  });
  beforeEach(async () => {
    asked = [];
    answer = undefined;
    (await access.window()).hub.showNone();
  });
  after(async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    for (const name of ["agent.yaml", "agents", ".codepilot"]) rmSync(path(name), { recursive: true, force: true });
    await model?.close();
  });

  async function run(task: string): Promise<void> {
    await vscode.commands.executeCommand("codepilot.runAgentFile", { file: path(), task });
  }

  it("runs one in a session of its own, with its model, tools and words", async () => {
    write([...own(), "system_prompt: Be brief.", "tools: [{ name: find }]"]);
    model.setScript([text("Hello.")]);
    await run("say hello");
    const { hub } = await access.window();
    const { runtime } = hub.shown ?? assert.fail("no session is shown");
    await runtime.idle();
    assert.equal(runtime.state.turns.at(-1)?.finished?.reason, "completed");
    assert.equal(runtime.state.model, "openai-chat/own");
    assert.equal(runtime.agent?.name, "Fixer");
    const request = model.requests.at(-1);
    assert.equal(request?.format, "openai-chat");
    assert.match(JSON.stringify(request?.body.messages), /You are Fixer, [\s\S]*Be brief\./);
    assert.deepEqual(
      request?.body.tools.map((tool: { function: { name: string } }) => tool.function.name),
      ["find"],
    );
    assert.deepEqual(asked, []);
  });

  it("lists a session of another folder where the file is, and gives it that folder only", async () => {
    mkdirSync(path("agents"), { recursive: true });
    write([...own(), "runtime: { work_dir: agents }"]);
    model.setScript([text("Hello.")]);
    await run("say hello");
    const { hub } = await access.window();
    const { runtime } = hub.shown ?? assert.fail("no session is shown");
    await runtime.idle();
    assert.equal(runtime.state.cwd, path("agents"));
    assert.deepEqual(runtime.state.folders, [path("agents")]);
    assert.ok((await hub.list(50)).some(({ sessionId }) => sessionId === runtime.sessionId));
  });

  it("asks before task and key go to a server that the file names", async () => {
    write(["model: { provider: openai, name: x, base_url: 'https://models.invalid/v1' }"]);
    await run("say hello");
    assert.equal(asked.length, 1);
    assert.match(asked[0] ?? "", /the key in OPENAI_API_KEY to models\.invalid/);
    assert.equal((await access.window()).hub.shown, null);
  });

  it("starts nothing with a file that has problems", async () => {
    write(["modle: {}"]);
    const requests = model.requests.length;
    await run("say hello");
    assert.equal((await access.window()).hub.shown, null);
    assert.equal(model.requests.length, requests);
  });

  it("runs what is in the editor, not what was saved", async () => {
    write([...own(), "system_prompt: Old words."]);
    const document = await vscode.workspace.openTextDocument(path());
    const edit = new vscode.WorkspaceEdit();
    const at = document.getText().indexOf("Old");
    edit.replace(document.uri, new vscode.Range(document.positionAt(at), document.positionAt(at + 3)), "New");
    await vscode.workspace.applyEdit(edit);
    assert.ok(document.isDirty);
    model.setScript([text("Hello.")]);
    await run("say hello");
    await (await access.window()).hub.shown?.runtime.idle();
    assert.match(JSON.stringify(model.requests.at(-1)?.body.messages), /New words\./);
  });

  it("marks what is wrong while it is written, and nothing in another program's file", async () => {
    write(["name: Fixer", "runtime:", "  max_stebs: 3", "model: {}"]);
    const uri = vscode.Uri.file(path());
    await vscode.window.showTextDocument(uri);
    const found = () => vscode.languages.getDiagnostics(uri).filter(({ source }) => source === "CodePilot");
    await revert();
    const [first] = await eventually(() => (found().length === 3 ? found() : undefined), "the problems");
    assert.equal(first?.message, 'unknown key "max_stebs" in runtime. Did you mean "max_steps"?');
    assert.deepEqual([first?.range.start.line, first?.range.start.character], [2, 2]);
    assert.equal(first?.range.end.character, 11);
    await replaceAll(uri, "name: root\nmodel: other\n");
    await eventually(() => (found().length === 0 ? true : undefined), "no problems in another's file");
    await revert();
  });

  it("offers keys and values while it is written", async () => {
    write(["name: Fixer", "model:", "  provider: ", "  "]);
    const uri = vscode.Uri.file(path());
    await vscode.window.showTextDocument(uri);
    await revert();
    const offered = async (line: number, character: number) => {
      const place = new vscode.Position(line, character);
      const command = "vscode.executeCompletionItemProvider";
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(command, uri, place);
      return list.items.map(({ label }) => (typeof label === "string" ? label : label.label));
    };
    const providers = await offered(2, 12);
    for (const name of ["anthropic", "openai-chat", "demo"]) assert.ok(providers.includes(name), providers.join());
    const keys = await offered(3, 2);
    assert.ok(keys.includes("base_url") && !keys.includes("provider"), keys.join());
  });

  /** The editor may still hold what an earlier test wrote. */
  async function revert(): Promise<void> {
    await vscode.commands.executeCommand("workbench.action.files.revert");
  }

  async function replaceAll(uri: vscode.Uri, words: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(uri);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(uri, new vscode.Range(0, 0, document.lineCount, 0), words);
    await vscode.workspace.applyEdit(edit);
  }
});
