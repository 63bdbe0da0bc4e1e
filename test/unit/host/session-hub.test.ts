/** The sessions of a window: how many there are of them, and which one is shown. With real runtimes. */
import assert from "node:assert/strict";
import { Runtime } from "../../../src/embed/runtime.ts";
import { SessionHub } from "../../../src/host/sessions/session-hub.ts";
import { MemorySessionStore } from "../../../src/node/stores/memory-session-store.ts";
import { silentLog } from "../../../src/ports/log.ts";
import { ScriptedModel } from "../../support/scripted-model.ts";
import { noTerminals } from "../../support/session-harness.ts";
import { fileTree, type TempWorkspace } from "../../support/temp-workspace.ts";

describe("the sessions of a window", () => {
  let disk: TempWorkspace;
  let hub: SessionHub;
  /** Lets the next runtime open; what is asked for after that opens at once. */
  let open: PromiseWithResolvers<void>;

  beforeEach(async () => {
    disk = await fileTree({ "w/": "", "v/": "" });
    open = Promise.withResolvers();
    const store = new MemorySessionStore();
    hub = new SessionHub({
      runtimeOptions: async (cwd) => ({
        cwd: cwd ?? disk.path("w"),
        model: "scripted/test",
        store,
        attended: true,
        adapters: { modelClient: () => new ScriptedModel([{ text: "1" }, { text: "2" }]), terminals: noTerminals },
      }),
      openRuntime: async (options) => {
        await open.promise;
        return Runtime.open(options);
      },
      store: () => store,
      folders: () => [disk.path("w")],
      log: silentLog,
      now: () => Date.now(),
    });
  });
  afterEach(async () => {
    for (const session of hub.live) await hub.close(session);
    await disk.dispose();
  });

  const submit = (text: string, folder = "w") => hub.submit({ text }, disk.path(folder));
  const tasks = () =>
    hub.live.map(({ runtime }) =>
      runtime.state.turns.flatMap(({ entries }) =>
        entries.flatMap((entry) =>
          entry.kind === "item" && entry.item.kind === "user_message" ? entry.item.text : [],
        ),
      ),
    );
  const idle = () => Promise.all(hub.live.map(({ runtime }) => runtime.idle()));

  it("takes a task that is given while a session opens as the next one of that session", async () => {
    const given = [submit("first"), submit("second")];
    open.resolve();
    const [first, second] = await Promise.all(given);
    assert.equal(first, second);
    assert.equal(hub.shown, first);
    await idle();
    assert.deepEqual(tasks(), [["first", "second"]]);
  });

  it("begins another session when the person asked for one in between, and in another folder", async () => {
    const given = [submit("first")];
    hub.showNone();
    given.push(submit("second"), submit("elsewhere", "v"));
    open.resolve();
    await Promise.all(given);
    await idle();
    assert.deepEqual(tasks().sort(), [["elsewhere"], ["first"], ["second"]]);
  });

  it("opens anew after an opening that failed", async () => {
    const failing = [submit("first"), submit("second")];
    open.reject(new Error("no such model"));
    for (const result of await Promise.allSettled(failing)) assert.equal(result.status, "rejected");
    assert.equal(hub.shown, null);
    open = Promise.withResolvers();
    open.resolve();
    await submit("again");
    await idle();
    assert.deepEqual(tasks(), [["again"]]);
  });
});
