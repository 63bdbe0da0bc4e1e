/** The sessions of a window: which are listed, and how one is deleted. The model is scripted. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import type { TestAccess } from "../../src/extension.ts";
import { readSettings } from "../../src/host/settings.ts";
import { workspaceKey } from "../../src/node/stores/file-session-store.ts";
import type { FakeModelServer } from "../support/fake-model/server.ts";
import { eventually, extensionUnderTest, withScriptedModel, workspaceFolder } from "./support/extension.ts";

describe("the sessions of a window", function () {
  this.timeout(120_000);
  let access: TestAccess;
  let model: FakeModelServer;
  let asked: string[] = [];
  let answer: string | undefined;

  before(async () => {
    access = await extensionUnderTest();
    model = await withScriptedModel([]);
    access.setAsk(async (message) => {
      asked.push(message);
      return answer;
    });
  });
  beforeEach(async () => {
    asked = [];
    (await access.window()).hub.showNone();
  });
  after(async () => model?.close());

  async function start(task: string) {
    return (await (await access.window()).startTask({ text: task })) ?? assert.fail("no folder was chosen");
  }

  /** Ids of the sessions in the tree, by group. */
  async function shown(): Promise<Record<string, string[]>> {
    const { sessionTree } = await access.window();
    const groups = (await sessionTree.children(undefined)).flatMap((node) =>
      node.kind === "group" ? [node.group] : [],
    );
    return Object.fromEntries(groups.map(({ id, rows }) => [id, rows.map(({ sessionId }) => sessionId)]));
  }

  function filesOf(sessionId: string): string[] {
    const folder = join(readSettings().home, "sessions", workspaceKey(workspaceFolder()));
    return readdirSync(folder).filter((name) => name.startsWith(sessionId));
  }

  const remove = (sessionId: string) => vscode.commands.executeCommand("codepilot.session.delete", sessionId);

  it("are listed as what they do", async () => {
    model.setScript([{ silent: true }, { parts: [{ text: "Done." }] }]);
    const { runtime: running } = await start("runs");
    (await access.window()).hub.showNone();
    const { runtime: finished } = await start("finishes");
    await eventually(() => (finished.state.phase === "idle" ? true : undefined), "the end of one");
    const groups = await shown();
    assert.deepEqual(groups.running, [running.sessionId]);
    assert.equal(groups.today?.[0], finished.sessionId);
    await running.interrupt();
    await running.idle();
  });

  it("are deleted after a question, with all their files; what was shown is not any more", async () => {
    model.setScript([{ parts: [{ text: "Done." }] }]);
    const { runtime } = await start("to be deleted");
    await runtime.idle();
    const { sessionId } = runtime;
    answer = undefined;
    await remove(sessionId);
    assert.deepEqual(asked, ["Delete the session “to be deleted”?"]);
    assert.notEqual(filesOf(sessionId).length, 0);
    answer = "Delete";
    await remove(sessionId);
    assert.deepEqual(filesOf(sessionId), []);
    const { hub } = await access.window();
    assert.equal(hub.shown, null);
    assert.equal(hub.get(sessionId), undefined);
    assert.ok(
      !Object.values(await shown())
        .flat()
        .includes(sessionId),
    );
  });

  it("are not deleted while they run, and nobody is asked", async () => {
    model.setScript([{ silent: true }]);
    const { runtime } = await start("runs on");
    answer = "Delete";
    await remove(runtime.sessionId);
    assert.deepEqual(asked, []);
    assert.notEqual(filesOf(runtime.sessionId).length, 0);
    await runtime.interrupt();
    await runtime.idle();
  });
});
