/** Sessions whose folders were other ones when they were opened before: access is judged by the present ones. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { AppError } from "../../../src/base/app-error.ts";
import { Runtime } from "../../../src/embed/runtime.ts";
import { MemorySessionStore } from "../../../src/node/stores/memory-session-store.ts";
import { type Script, ScriptedModel, type ScriptedReply } from "../../support/scripted-model.ts";
import { noTerminals } from "../../support/session-harness.ts";
import { fileTree, type TempWorkspace } from "../../support/temp-workspace.ts";

const reads = (...paths: string[]): ScriptedReply[] => [
  { calls: paths.map((path) => ({ name: "read_file", arguments: { path } })) },
  { text: "Read." },
];

describe("the folders of a session", () => {
  let disk: TempWorkspace;
  let store: MemorySessionStore;

  beforeEach(async () => {
    disk = await fileTree({ "a/in-a.txt": "a", "b/in-b.txt": "b", "c/in-c.txt": "c" });
    store = new MemorySessionStore();
  });
  afterEach(() => disk.dispose());

  function open(script: Script, resume?: string) {
    return openWith(new ScriptedModel(script), resume);
  }

  function openWith(model: ScriptedModel, resume?: string) {
    return Runtime.open({
      cwd: disk.path("a"),
      folders: [disk.path("b")],
      model: "scripted/test",
      store,
      sessionId: "s",
      ...(resume === undefined ? {} : { resume }),
      adapters: { modelClient: () => model, terminals: noTerminals },
    });
  }

  /** What was asked for, as paths. */
  async function askedFor(runtime: Runtime, task: string): Promise<string[]> {
    const asked: string[] = [];
    runtime.onPermission(async ({ title }) => {
      asked.push(title);
      return { decision: "denied" };
    });
    await runtime.run(task);
    return asked;
  }

  it("follow the window: added ones are inside, removed ones are not", async () => {
    const files = ["a/in-a.txt", "b/in-b.txt", "c/in-c.txt"].map((name) => disk.path(name));
    const runtime = await open([...reads(...files), ...reads(...files)]);
    const before = await askedFor(runtime, "read all");
    assert.equal(before.length, 1);
    assert.match(before[0] ?? "", /in-c/);
    await runtime.setFolders([disk.path("a"), disk.path("c")]);
    const after = await askedFor(runtime, "read all again");
    assert.equal(after.length, 1);
    assert.match(after[0] ?? "", /in-b/);
    await runtime.close();
  });

  it("are told to the model and to the person, once", async () => {
    const model = new ScriptedModel([{ text: "one" }, { text: "two" }]);
    const first = await openWith(model);
    await first.run("hello");
    await first.release();
    const again = await openWith(model, "s");
    await again.setFolders([disk.path("a"), disk.path("c")]);
    await again.setFolders([disk.path("c"), disk.path("a")]);
    const notices = again.state.turns[0]?.entries.filter((entry) => entry.kind === "notice") ?? [];
    assert.equal(notices.length, 1);
    assert.match(notices[0]?.kind === "notice" ? notices[0].message : "", /c now belongs to it; .*b no longer does/);
    assert.deepEqual(again.state.folders, [disk.path("a"), disk.path("c")]);
    await again.run("and now");
    assert.match(model.requests.at(-1)?.instructions ?? "", new RegExp(`Workspace folders: .*${disk.path("c")}`));
    await again.release();
    const third = await openWith(model, "s");
    await third.setFolders([disk.path("a"), disk.path("c")]);
    assert.equal(third.state.turns.flatMap(({ entries }) => entries).filter(({ kind }) => kind === "notice").length, 1);
    await third.close();
  });

  it("may leave the home of the session out; then it is asked for like anything outside", async () => {
    const runtime = await open([{ text: "hi" }, ...reads(disk.path("a/in-a.txt"))]);
    await runtime.run("hello");
    await runtime.setFolders([disk.path("b")]);
    assert.equal((await askedFor(runtime, "read")).length, 1);
    const notice = runtime.state.turns[0]?.entries.at(-1);
    assert.equal(notice?.kind === "notice" && notice.level, "warning");
    await runtime.close();
  });

  it("name the next step when the home is gone, and let the session go", async () => {
    const first = await open([{ text: "hi" }]);
    await first.run("hello");
    await first.release();
    await rm(disk.path("a"), { recursive: true });
    await assert.rejects(open([], "s"), (error) => {
      assert.ok(AppError.is(error, "not-found"));
      assert.match(error.message, /“hello” works in .*a, and that folder is gone/);
      assert.match(error.next ?? "", /Put the folder back/);
      return true;
    });
    assert.equal((await store.list({ limit: 1 }))[0]?.inUse, false);
  });
});
