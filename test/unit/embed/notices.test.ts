/** What the person is told beside the conversation: once, in words, with a next step. */
import assert from "node:assert/strict";
import { appendFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Runtime } from "../../../src/embed/runtime.ts";
import type { TerminalEvent, Terminals } from "../../../src/ports/terminals.ts";
import type { AgentEvent, EventOf } from "../../../src/protocol/events.ts";
import { ScriptedModel } from "../../support/scripted-model.ts";
import { noTerminals } from "../../support/session-harness.ts";
import { fileTree, type TempWorkspace } from "../../support/temp-workspace.ts";

describe("notices", () => {
  let disk: TempWorkspace;
  let raised: EventOf<"notice.raised">[];
  beforeEach(async () => {
    disk = await fileTree({ "w/": "" });
    raised = [];
  });
  afterEach(() => disk.dispose());

  function open(options: { resume?: string; terminals?: Terminals } = {}): Promise<Runtime> {
    const { resume, terminals = noTerminals } = options;
    return Runtime.open({
      cwd: disk.path("w"),
      model: "scripted/test",
      home: disk.path("home"),
      sessionId: "s",
      ...(resume ? { resume } : {}),
      onEvent: (event: AgentEvent) => {
        if (event.type === "notice.raised") raised.push(event);
      },
      adapters: { modelClient: () => new ScriptedModel(() => ({ text: "ok" })), terminals },
    });
  }

  const messages = () => raised.map(({ message }) => message);

  async function appendToJournal(text: string): Promise<void> {
    const [workspace] = await readdir(disk.path("home/sessions"));
    await appendFile(join(disk.path("home/sessions"), workspace ?? "", "s.jsonl"), text);
  }

  it("tell what of a journal could not be read, each thing once", async () => {
    const first = await open();
    await first.run("go");
    await first.close();
    assert.deepEqual(messages(), []);
    await appendToJournal('{"v":1,"seq":99,"at":1,"sessionId":"s","type":"from.the.future"}\nnot JSON\n{"torn');
    const second = await open({ resume: "s" });
    assert.equal(messages().length, 1);
    assert.match(messages()[0] ?? "", /torn.*from\.the\.future.*not JSON/);
    assert.ok(raised.every(({ level, next }) => level === "warning" && next));
    const shown = second.state.turns.flatMap((turn) => turn.entries).filter((entry) => entry.kind === "notice");
    assert.equal(shown.length, 1, "it stands in the timeline");
    await second.close();
    // The torn line is gone; the others are still there, which is news in these words, and no more the next time.
    await (await open({ resume: "s" })).close();
    await (await open({ resume: "s" })).close();
    assert.equal(messages().length, 2);
    assert.doesNotMatch(messages()[1] ?? "", /torn/);
  });

  it("of a session without a turn are told once, and stand in its first one", async () => {
    await (await open()).close();
    await appendToJournal("not JSON\n");
    await (await open({ resume: "s" })).close();
    const again = await open({ resume: "s" });
    assert.equal(messages().length, 1);
    assert.equal(again.state.earlyNotices.length, 1);
    await again.run("go");
    const kinds = again.state.turns[0]?.entries.map(({ kind }) => kind);
    assert.deepEqual(kinds, ["item", "notice", "item"]);
    await again.close();
  });

  it("tell that AGENTS.md can not be read, once", async () => {
    await mkdir(disk.path("w/AGENTS.md"));
    const runtime = await open();
    await runtime.run("go");
    assert.equal((await runtime.run("again")).reason, "completed");
    await runtime.close();
    assert.deepEqual(
      raised.map(({ code, turnId }) => [code, turnId !== undefined]),
      [["instructions-unreadable", true]],
    );
    assert.match(messages()[0] ?? "", /AGENTS\.md.*directory/);
  });

  it("tell of a terminal that is not as it should be", async () => {
    let tell: (event: TerminalEvent) => void = () => {};
    const terminals: Terminals = {
      ...noTerminals,
      on(listener) {
        tell = listener;
        return { dispose() {} };
      },
    };
    const runtime = await open({ terminals });
    await runtime.run("go");
    for (const name of ["main", "main", "build"]) {
      tell({ type: "remarked", name, remark: "started without ~/.bashrc" });
      // Written behind it.
      await runtime.submit({ type: "model.select", model: "scripted/test" });
    }
    await runtime.close();
    assert.deepEqual(messages(), [
      "Terminal main: started without ~/.bashrc.",
      "Terminal build: started without ~/.bashrc.",
    ]);
  });
});
