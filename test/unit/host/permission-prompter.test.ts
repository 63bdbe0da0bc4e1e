/** Modal prompts are views of records: what is answered elsewhere stays answered. With a real session and a scripted person. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { Runtime } from "../../../src/embed/runtime.ts";
import { ALLOW_ONCE, PermissionPrompter } from "../../../src/host/prompts/permission-prompter.ts";
import type { LiveSession } from "../../../src/host/sessions/live-session.ts";
import { SessionHub } from "../../../src/host/sessions/session-hub.ts";
import { MemorySessionStore } from "../../../src/node/stores/memory-session-store.ts";
import { silentLog } from "../../../src/ports/log.ts";
import { ScriptedModel } from "../../support/scripted-model.ts";
import { noTerminals } from "../../support/session-harness.ts";
import { fileTree, type TempWorkspace } from "../../support/temp-workspace.ts";

describe("the permission prompter", () => {
  let disk: TempWorkspace;
  let hub: SessionHub;
  let prompter: PermissionPrompter;
  let told: string[];
  /** Prompts in the order in which they were shown; each waits for its button. */
  let prompts: { message: string; press: (button: string | undefined) => void }[];
  let shown: (() => void) | undefined;
  let mode: "modal" | "card";

  beforeEach(async () => {
    disk = await fileTree({ "w/": "" });
    told = [];
    prompts = [];
    mode = "modal";
    const write = (path: string) => ({ name: "write_file", arguments: { path, content: "x\n" } });
    const model = new ScriptedModel([{ calls: [write("one.txt"), write("two.txt")] }, { text: "Done." }]);
    const store = new MemorySessionStore();
    hub = new SessionHub({
      runtimeOptions: async () => ({
        cwd: disk.path("w"),
        model: "scripted/test",
        store,
        attended: true,
        adapters: { modelClient: () => model, terminals: noTerminals },
      }),
      openRuntime: (options) => Runtime.open(options),
      store: () => store,
      folders: () => [disk.path("w")],
      log: silentLog,
      now: () => Date.now(),
    });
    prompter = new PermissionPrompter({
      hub,
      ask: (message) =>
        new Promise((press) => {
          prompts.push({ message, press });
          shown?.();
        }),
      mode: () => mode,
      tell: (message) => told.push(message),
      log: silentLog,
    });
  });
  afterEach(async () => {
    prompter.dispose();
    for (const session of hub.live) await hub.close(session);
    await disk.dispose();
  });

  async function prompt(number: number): Promise<(typeof prompts)[number]> {
    while (prompts.length <= number) {
      await new Promise<void>((resolve) => {
        shown = resolve;
      });
    }
    return prompts[number] ?? assert.fail();
  }

  const start = () => hub.submit({ text: "write" }, disk.path("w"));
  const statuses = ({ runtime }: LiveSession) =>
    runtime.state.turns.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.kind === "tool" ? [entry.outcome?.status] : [])),
    );

  it("changes nothing when it is answered too late, and says so", async () => {
    const session = await start();
    const first = await prompt(0);
    assert.match(first.message, /create one\.txt/);
    const [request] = session.runtime.state.pendingPermissions;
    const permissionId = request?.permissionId ?? assert.fail();
    await session.runtime.submit({ type: "permission.answer", permissionId, decision: "denied", scope: "once" });
    first.press(ALLOW_ONCE);
    (await prompt(1)).press(ALLOW_ONCE);
    await session.runtime.idle();
    assert.deepEqual(statuses(session), ["denied", "done"]);
    assert.deepEqual([existsSync(disk.path("w/one.txt")), existsSync(disk.path("w/two.txt"))], [false, true]);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? "", /already settled; your answer changed nothing/);
  });

  it("is told nothing when it is dismissed, and can be shown again", async () => {
    const session = await start();
    (await prompt(0)).press(undefined);
    const again = prompter.pending()[0] ?? assert.fail();
    void prompter.show(again);
    (await prompt(1)).press(ALLOW_ONCE);
    (await prompt(2)).press("Deny");
    await session.runtime.idle();
    assert.deepEqual(statuses(session), ["done", "denied"]);
    assert.deepEqual(told, []);
  });

  it("stays away where the panel's card is wanted, unless it is asked for", async () => {
    mode = "card";
    const asked = Promise.withResolvers<void>();
    hub.onEvent(({ event }) => {
      if (event.type === "permission.asked") asked.resolve();
    });
    const session = await start();
    await asked.promise;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(prompts.length, 0);
    const showing = prompter.show(prompter.pending()[0] ?? assert.fail());
    (await prompt(0)).press("Deny");
    await showing;
    await session.runtime.interrupt();
    await session.runtime.idle();
    assert.deepEqual([statuses(session)[0], prompts.length], ["denied", 1]);
  });
});
