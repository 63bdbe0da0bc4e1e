/** What the model and the person are told of commands that the person runs in terminals. */
import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app-error.ts";
import type { ModelInput } from "../../../src/ports/model-client.ts";
import type { TerminalEvent, Terminals } from "../../../src/ports/terminals.ts";
import type { AgentEvent } from "../../../src/protocol/events.ts";
import { commandResult } from "../../support/scripted-terminals.ts";
import { type HarnessOptions, noTerminals, openTestSession, testTool } from "../../support/session-harness.ts";
import { eventually } from "../../support/terminals.ts";

type Ended = Extract<TerminalEvent, { type: "command-ended" }>;

const toldIn = (input: readonly ModelInput[]): string[] =>
  input.flatMap((item) => (item.kind === "user" && item.text.startsWith("[TERMINAL ACTIVITY]") ? [item.text] : []));

/** Terminals in which only the person does something; they keep what was not acknowledged, as the real ones do. */
class PersonTerminals implements Pick<Terminals, "on" | "retell" | "acknowledge"> {
  readonly kept: Ended[] = [];
  readonly #listeners = new Set<(event: TerminalEvent) => void>();
  #count = 0;

  runs(command: string, changes: Parameters<typeof commandResult>[0] = {}, terminal = "main"): void {
    this.#count += 1;
    const result = commandResult({ command, commandId: `cmd_${this.#count}`, ordinal: this.#count, ...changes });
    const event: Ended = { type: "command-ended", name: terminal, command: result, leftOut: 0 };
    this.kept.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  on(listener: (event: TerminalEvent) => void) {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  retell(): void {
    for (const event of [...this.kept]) for (const listener of this.#listeners) listener(event);
  }

  acknowledge(commandId: string): void {
    const at = this.kept.findIndex(({ command }) => command.commandId === commandId);
    if (at >= 0) this.kept.splice(at, 1);
  }

  get port(): Terminals {
    return {
      ...noTerminals,
      on: (listener) => this.on(listener),
      retell: () => this.retell(),
      acknowledge: (id) => this.acknowledge(id),
    };
  }
}

function sessionWith(terminals: PersonTerminals, options: Omit<HarnessOptions, "terminals">) {
  return openTestSession({ approver: { kind: "allow-all" }, ...options, terminals: terminals.port });
}

const look = testTool({ name: "look" });
const call = { calls: [{ name: "look", arguments: {} }] };

describe("a command of the person", () => {
  let terminals: PersonTerminals;
  beforeEach(() => {
    terminals = new PersonTerminals();
  });

  it("is told with all there is to know before the next request, and once", async () => {
    const t = sessionWith(terminals, {
      tools: [look],
      script: (_request, index) => {
        if (index === 0) {
          terminals.runs("npm test", {
            exitCode: 1,
            durationMs: 1234,
            output: { text: "1 failing\n", droppedChars: 0 },
          });
        }
        return index < 2 ? call : { text: "done" };
      },
    });
    await t.run("go");
    terminals.runs("cd /tmp", { cwd: "/tmp", output: { text: "", droppedChars: 0 } }, "mine");
    terminals.runs("exit 3", { status: "exited", exitCode: 3, cwd: null });
    await t.run("on");
    const told = t.model.requests.map(({ input }) => toldIn(input));
    assert.deepEqual(
      told.map((texts) => texts.length),
      [0, 1, 1, 2],
    );
    assert.deepEqual(told.at(-1), [
      "[TERMINAL ACTIVITY]\nThe person ran a command.\n\n" +
        "[terminal:main:cmd1] $ npm test\n1 failing\n[by the person | return_code: 1 | took: 1.2 s | cwd: /work]",
      "[TERMINAL ACTIVITY]\nThe person ran 2 commands.\n\n" +
        "[terminal:mine:cmd2] $ cd /tmp\n(no output)\n[by the person | return_code: 0 | took: 0.0 s | cwd: /tmp]\n\n" +
        "[terminal:main:cmd3] $ exit 3\n(no output)\n[by the person | the shell ended | return_code: 3 | took: 0.0 s | cwd: -]",
    ]);
    assert.equal(t.session.state.turns.at(-1)?.finished?.reason, "completed");
    assert.deepEqual(terminals.kept, []);
  });

  it("leaves what was sent before as it was", async () => {
    const t = sessionWith(terminals, {
      tools: [look],
      script: (_request, index) => {
        terminals.runs(`echo ${index}`);
        return index % 3 < 2 ? call : { text: "done" };
      },
    });
    terminals.runs("echo before the first task");
    await t.run("go");
    terminals.runs("echo between");
    await t.run("again");
    const sent = t.model.requests.map(({ input }) => input);
    assert.equal(sent.length, 6);
    for (const [index, input] of sent.slice(1).entries()) {
      assert.deepEqual(input.slice(0, sent[index]?.length), sent[index]);
    }
    assert.equal(toldIn(sent.at(-1) ?? []).length, 6);
  });

  it("is a line in the timeline, which the words to the model are not", async () => {
    const t = sessionWith(terminals, { script: [{ text: "done" }] });
    terminals.runs("npm test\n# twice", { exitCode: 1 });
    await eventually("it is shown", () => t.session.state.earlyNotices.length === 1);
    assert.equal(t.session.state.earlyNotices[0]?.message, "You ran npm test … (1 more line) in main: exit 1");
    await t.run("go");
    terminals.runs("exit", { status: "exited", exitCode: null }, "mine");
    await eventually("it is shown", () => t.types().filter((type) => type === "terminal.ran").length === 2);
    const entries = t.session.state.turns[0]?.entries ?? [];
    assert.deepEqual(
      entries.map((entry) =>
        entry.kind === "item"
          ? `${entry.item.kind} ${"origin" in entry.item ? entry.item.origin : ""}`
          : entry.kind === "notice"
            ? entry.message
            : entry.kind,
      ),
      [
        "user_message person",
        "You ran npm test … (1 more line) in main: exit 1",
        "user_message terminal",
        "assistant_message ",
        "You ran exit in mine: the shell ended, killed",
      ],
    );
  });

  it("is told with nine others at most, and the number of those before", async () => {
    const t = sessionWith(terminals, { script: [{ text: "done" }] });
    const output = { text: `${"x".repeat(20_000)}\n`, droppedChars: 0 };
    for (let count = 1; count <= 14; count++) terminals.runs(`echo ${count}`, { output });
    await t.run("go");
    const [text = ""] = toldIn(t.model.requests[0]?.input ?? []);
    assert.match(
      text,
      /^\[TERMINAL ACTIVITY\]\nThe person ran 10 commands, and 4 before them\.\n\n\[terminal:main:cmd5\] /,
    );
    assert.equal(text.match(/characters omitted/g)?.length, 10);
    assert.match(text, /read_output\(session_id="main", command=14, from_line=1\)/);
    assert.ok(text.length < 20_000);
    assert.equal(t.kept.filter(({ type }) => type === "terminal.ran").length, 14);
  });

  it("waits for the next turn when it ends while the last reply is given", async () => {
    const t = sessionWith(terminals, {
      script: (_request, index) => {
        if (index === 0) terminals.runs("echo late");
        return { text: "done" };
      },
    });
    await t.run("go");
    assert.equal(t.model.requests.length, 1);
    await t.run("on");
    assert.equal(toldIn(t.model.requests[1]?.input ?? []).length, 1);
  });

  it("is neither lost nor told twice, wherever the journal was cut", async () => {
    const script = ({ input }: { readonly input: readonly ModelInput[] }) =>
      input.filter(({ kind }) => kind === "tool_result").length < 2 ? call : { text: "done" };
    const whole = sessionWith(terminals, {
      tools: [look],
      script: (request, index) => {
        if (index === 0) terminals.runs("echo first");
        if (index === 1) terminals.runs("echo second");
        return script(request);
      },
    });
    await whole.run("go");
    await whole.run("on");
    const ran = whole.kept.filter(({ type }) => type === "terminal.ran");
    assert.equal(ran.length, 2);
    for (let cut = 1; cut <= whole.kept.length; cut += 1) {
      const journal = whole.kept.slice(0, cut);
      const again = new PersonTerminals();
      // The terminals went on, and have not heard of anything that was written.
      for (const event of whole.kept) {
        if (event.type !== "terminal.ran") continue;
        const { terminal, output, droppedChars, ...command } = event.command;
        const result = commandResult({ ...command, output: { text: output, droppedChars } });
        again.kept.push({ type: "command-ended", name: terminal, command: result, leftOut: 0 });
      }
      const t = sessionWith(again, { tools: [look], script, journal });
      if (t.session.interruptedTurn) await t.session.submit({ type: "turn.resume" });
      await t.session.idle();
      await t.run("and now");
      const texts = toldIn(t.model.requests.at(-1)?.input ?? []).join("\n");
      for (const words of ["echo first", "echo second"]) {
        assert.equal(texts.split(`$ ${words}\n`).length - 1, 1, `${words}, cut at ${cut}:\n${texts}`);
      }
      assert.ok(texts.indexOf("echo first") < texts.indexOf("echo second"));
      assert.deepEqual(again.kept, [], `cut at ${cut}`);
    }
  });

  it("is kept by the terminals until it could be written", async () => {
    let full = true;
    const isRan = (event: AgentEvent) => event.type === "terminal.ran";
    const t = sessionWith(terminals, {
      script: [{ text: "done" }, { text: "done" }],
      onAppend: (events) => {
        if (full && events.some(isRan)) throw new AppError("storage", "the disk is full");
      },
    });
    terminals.runs("echo kept");
    assert.equal((await t.run("go"))?.error?.class, "storage");
    assert.equal(terminals.kept.length, 1);
    assert.ok(!t.kept.some(isRan));
    full = false;
    await t.run("again");
    assert.equal(toldIn(t.model.requests.at(-1)?.input ?? []).length, 1);
    assert.deepEqual(terminals.kept, []);
  });

  it("is told again when the words could not be written", async () => {
    let full = false;
    const t = sessionWith(terminals, {
      script: [{ text: "done" }, { text: "done" }],
      onAppend: (events) => {
        if (full && events.some(({ type }) => type === "terminal.reported")) throw new AppError("storage", "full");
      },
    });
    terminals.runs("echo kept");
    full = true;
    assert.equal((await t.run("go"))?.error?.class, "storage");
    full = false;
    await t.run("again");
    assert.equal(toldIn(t.model.requests.at(-1)?.input ?? []).length, 1);
  });
});
