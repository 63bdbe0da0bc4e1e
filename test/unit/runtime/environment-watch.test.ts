/** What the model is told of files that changed while it worked, by a session with real files and real tools. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { AppError } from "../../../src/base/app-error.ts";
import type { ModelInput, ModelRequest } from "../../../src/ports/model-client.ts";
import type { Tool } from "../../../src/ports/tool.ts";
import type { AgentEvent } from "../../../src/protocol/events.ts";
import { restoreLedger } from "../../../src/workspace/restore-ledger.ts";
import type { ScriptedReply } from "../../support/scripted-model.ts";
import { type HarnessOptions, openTestSession, testTool } from "../../support/session-harness.ts";
import { type Toolbox, toolbox } from "../../support/toolbox.ts";

const TAG = "[ENVIRONMENT CHANGE]";

const changesIn = (input: readonly ModelInput[]): string[] =>
  input.flatMap((item) => (item.kind === "user" && item.text.startsWith(TAG) ? [item.text] : []));

function sessionOver(box: Toolbox, options: HarnessOptions) {
  return openTestSession({
    approver: { kind: "allow-all" },
    fileWatch: box.fileWatch,
    ...options,
    tools: [...box.tools, ...(options.tools ?? [])],
  });
}

const call = (name: string, args: Record<string, unknown>): ScriptedReply => ({ calls: [{ name, arguments: args }] });
const read = (path: string) => call("read_file", { path });
const put = (box: Toolbox, path: string, text: string) => writeFileSync(box.workspace.path(path), text);

describe("an environment change", () => {
  it("is told before the next request, whenever in a step it happens, and once", async () => {
    await using box = await toolbox({ tree: { "a.txt": "1\n", "b.txt": "1\n", "c.txt": "1\n", "d.txt": "1\n" } });
    const command = testTool({
      name: "command",
      run: () => {
        put(box, "b.txt", "while a tool runs\n");
        return { status: "done", output: "ran" };
      },
    });
    const replies = [read("a.txt"), read("b.txt"), read("c.txt"), call("command", {}), { text: "done" }];
    const t = sessionOver(box, {
      tools: [command],
      script: (_request, index) => {
        if (index === 3) put(box, "a.txt", "while the model thinks\n");
        return replies[index] ?? { text: "done again" };
      },
    });
    t.session.on((event) => {
      if (event.type === "tool.finished" && event.callId === "call_3_0") put(box, "c.txt", "after the tool\n");
    });
    await t.run("go");
    put(box, "a.txt", "between the turns\n");
    put(box, "d.txt", "nobody has read this one\n");
    await t.run("and on");
    const told = t.model.requests.map(({ input }) => changesIn(input));
    assert.deepEqual(
      told.map((texts) => texts.length),
      [0, 0, 0, 0, 1, 2],
    );
    const [first, second] = told.at(-1) ?? [];
    assert.match(first ?? "", /a\.txt: .*\n {4}1 \| while the model thinks\nb\.txt: .*\n {4}1 \| while a tool runs\nc/);
    assert.match(second ?? "", /a\.txt: changed, line 1\n {4}1 \| between the turns$/);
    assert.equal(t.model.requests.at(-1)?.input.at(-1)?.kind, "user", "after the task it belongs to");
  });

  it("leaves what was sent before as it was", async () => {
    await using box = await toolbox({ tree: { "a.txt": "1\n" } });
    const t = sessionOver(box, {
      script: (_request, index) => {
        if (index > 0) put(box, "a.txt", `${index}\n${"more\n".repeat(index)}`);
        return index < 5 ? read("a.txt") : { text: "done" };
      },
    });
    await t.run("go");
    await t.run("again");
    const sent = t.model.requests.map(({ input }) => input);
    for (const [index, input] of sent.slice(1).entries()) {
      assert.deepEqual(input.slice(0, sent[index]?.length), sent[index]);
    }
  });

  it("is part of the journal, in which it follows its words", async () => {
    await using box = await toolbox({ tree: { "a.txt": "1\n" } });
    const t = sessionOver(box, { script: [read("a.txt"), { text: "read" }, { text: "done" }] });
    await t.run("go");
    put(box, "a.txt", "2\n");
    await t.run("on");
    const at = t.kept.findIndex((event) => event.type === "environment.changed");
    const words = t.kept[at - 1];
    assert.ok(words?.type === "item.finished" && words.item.kind === "user_message");
    assert.equal(words.item.origin, "runtime");
    assert.equal(t.session.state.turns.at(-1)?.finished?.reason, "completed");
  });

  it("is told again when it could not be written", async () => {
    await using box = await toolbox({ tree: { "a.txt": "1\n" } });
    let full = false;
    const t = sessionOver(box, {
      script: [read("a.txt"), { text: "read" }, { text: "done" }],
      onAppend: (events) => {
        if (full && events.some((event) => event.type === "environment.changed")) {
          throw new AppError("storage", "the disk is full");
        }
      },
    });
    await t.run("go");
    put(box, "a.txt", "2\n");
    full = true;
    assert.equal((await t.run("on"))?.error?.class, "storage");
    full = false;
    await t.run("again");
    assert.equal(changesIn(t.model.requests.at(-1)?.input ?? []).length, 1);
  });

  it("does not hold up a turn whose disk does not answer, nor its end", async () => {
    await using box = await toolbox({ tree: { "a.txt": "1\n" } });
    const t = sessionOver(box, { script: [read("a.txt"), { text: "done" }] });
    let looked = () => {};
    const looking = new Promise<void>((resolve) => {
      looked = resolve;
    });
    box.fileWatch.look = () => {
      looked();
      return new Promise(() => {});
    };
    const running = t.run("go");
    await looking;
    await t.session.submit({ type: "turn.interrupt" });
    assert.equal((await running)?.reason, "interrupted");
  });

  it("comes to light after a crash, wherever the journal was cut, and once", async () => {
    await using box = await toolbox({ tree: { "a.txt": "1\n" } });
    const script = ({ input }: ModelRequest): ScriptedReply => {
      const results = input.filter((item) => item.kind === "tool_result").length;
      if (results === 0) return read("a.txt");
      if (results === 1) return call("find", { pattern: "nothing" });
      return { text: "done" };
    };
    const whole = sessionOver(box, { script });
    await whole.run("go");
    const knownFrom = whole.kept.findIndex((event) => event.type === "tool.finished");
    for (let cut = knownFrom + 1; cut < whole.kept.length; cut += 1) {
      put(box, "a.txt", "1\n");
      const journal = whole.kept.slice(0, cut);
      await using again = await reopened(box, journal);
      put(box, "a.txt", "changed meanwhile\n");
      const t = sessionOver(again, { script, journal });
      await t.session.submit({ type: "turn.resume" });
      await t.session.idle();
      assert.equal(t.session.state.turns[0]?.finished?.reason, "completed");
      const told = t.kept.filter((event) => event.type === "environment.changed");
      const askedAgain = t.model.requests.length > 0;
      assert.equal(told.length, askedAgain ? 1 : 0, `cut at ${cut}`);
      // A third process knows what the second one has told.
      await using third = await reopened(box, t.kept);
      const u = sessionOver(third, { script: [{ text: "done" }], journal: t.kept });
      await u.run("on");
      assert.equal(u.kept.filter((event) => event.type === "environment.changed").length, 1, `cut at ${cut}`);
    }
  });

  it("is never an own write, not even one whose end nobody saw", async () => {
    await using box = await toolbox({ tree: { "a.txt": "1\n" } });
    const script = ({ input }: ModelRequest): ScriptedReply => {
      const results = input.filter((item) => item.kind === "tool_result").length;
      if (results === 0) return read("a.txt");
      if (results === 1) return call("write_file", { path: "a.txt", content: "mine\n" });
      return { text: "done" };
    };
    const whole = sessionOver(box, { script });
    await whole.run("go");
    for (let cut = 1; cut < whole.kept.length; cut += 1) {
      const journal = whole.kept.slice(0, cut);
      const began = journal.some((event) => event.type === "tool.started" && event.recovery.kind === "edit");
      put(box, "a.txt", began ? "mine\n" : "1\n");
      await using again = await reopened(box, journal);
      const t = sessionOver(again, { script, journal });
      await t.session.submit({ type: "turn.resume" });
      await t.session.idle();
      assert.equal(readFileSync(box.workspace.path("a.txt"), "utf8"), "mine\n");
      assert.deepEqual(
        t.kept.filter((event) => event.type === "environment.changed"),
        [],
        `cut at ${cut}`,
      );
    }
  });

  it("of every known file is told exactly once before the next request, an own write never", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { minLength: 1, maxLength: 6 }), async (steps) => {
        await using box = await toolbox({ tree: Object.fromEntries(FILES.map((file) => [file, "0\n0\n0\n0\n"])) });
        const oracle = new Oracle(box);
        const tools = box.tools.map((tool) => oracle.observing(tool));
        const world = testTool({
          name: "world",
          run: ({ edit }) => {
            oracle.foreign(edit as ForeignEdit);
            return { status: "done", output: "the world went on" };
          },
        });
        let expected: readonly string[] = [];
        let count = 0;
        const t = openTestSession({
          approver: { kind: "allow-all" },
          fileWatch: box.fileWatch,
          tools: [...tools, world],
          script: (request, index) => {
            const told = changesIn(request.input);
            if (expected.length > 0) count += 1;
            assert.equal(told.length, count, `request ${index}: ${told.at(-1)}`);
            const names = expected.length === 0 ? [] : namesIn(told.at(-1) ?? "");
            assert.deepEqual(names, expected, `request ${index}: ${told.at(-1)}`);
            const step = steps[index];
            if (!step) return { text: "done" };
            for (const edit of step.whileThinking) oracle.foreign(edit);
            return { calls: step.calls.map(toCall) };
          },
        });
        let running = 0;
        t.session.on((event) => {
          if (event.type === "tool.requested") running += 1;
          if (event.type !== "tool.finished") return;
          running -= 1;
          if (running > 0) return;
          for (const edit of steps[t.model.requests.length - 1]?.afterwards ?? []) oracle.foreign(edit);
          expected = oracle.boundary();
        });
        const finished = await t.run("go");
        assert.equal(finished?.reason, "completed", JSON.stringify(finished));
      }),
      { numRuns: 60 },
    );
  });
});

/** What the next process makes of the same workspace. */
async function reopened(box: Toolbox, journal: readonly AgentEvent[]): Promise<Toolbox> {
  const again = await toolbox({ workspace: box.workspace });
  restoreLedger(again.ledger, journal);
  return again;
}

const FILES = ["x.txt", "y.txt"] as const;

interface ForeignEdit {
  readonly file: string;
  /** Null: deletes it. */
  readonly text: string | null;
}
type Action =
  | { readonly kind: "read"; readonly file: string; readonly whole: boolean }
  | { readonly kind: "write"; readonly file: string; readonly mode: "w" | "a"; readonly text: string }
  | { readonly kind: "world"; readonly edit: ForeignEdit };

const file = fc.constantFrom(...FILES);
// Few contents of one size, so that files often get back what they had, and no length gives a change away.
const text = fc.constantFrom("0\n0\n0\n0\n", "1\n0\n0\n0\n", "0\n0\n0\n1\n", "1\n1\n1\n1\n");
const foreignEdit = fc.record({ file, text: fc.option(text, { freq: 5 }) });
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("read" as const), file, whole: fc.boolean() }),
  fc.record({ kind: fc.constant("write" as const), file, mode: fc.constantFrom("w" as const, "a" as const), text }),
  fc.record({ kind: fc.constant("world" as const), edit: foreignEdit }),
);
const stepArbitrary = fc.record({
  whileThinking: fc.array(foreignEdit, { maxLength: 2 }),
  calls: fc.array(action, { minLength: 1, maxLength: 4 }),
  afterwards: fc.array(foreignEdit, { maxLength: 2 }),
});

function toCall(action: Action) {
  switch (action.kind) {
    case "read": {
      const range = action.whole ? {} : { start_line: 1, end_line: 1 };
      return { name: "read_file", arguments: { path: action.file, ...range } };
    }
    case "write":
      return { name: "write_file", arguments: { path: action.file, mode: action.mode, content: action.text } };
    case "world":
      return { name: "world", arguments: { edit: action.edit } };
  }
}

const namesIn = (text: string) => [...new Set([...text.matchAll(/^(\w\.txt): /gm)].map((match) => match[1] as string))];

interface Known {
  /** What the model was last told or shown; null: that there is no file. */
  told: string | null;
  /** An own write went over somebody else's change. */
  covered: boolean;
}

/** Says of which files something is to be told, from what was done to them. */
class Oracle {
  readonly #box: Toolbox;
  readonly #known = new Map<string, Known>();

  constructor(box: Toolbox) {
    this.#box = box;
  }

  foreign({ file, text }: ForeignEdit): void {
    if (text === null) rmSync(this.#box.workspace.path(file), { force: true });
    else put(this.#box, file, text);
  }

  /** Files to be told of now; from then on they are told. */
  boundary(): readonly string[] {
    const names: string[] = [];
    for (const [name, known] of this.#known) {
      const now = this.#content(name);
      if (known.covered || known.told !== now) names.push(name);
      this.#known.set(name, { told: now, covered: false });
    }
    return names.sort();
  }

  /** The tool, with what its calls let the model know. */
  observing(tool: Tool): Tool {
    return {
      ...tool,
      plan: async (input, context) => {
        const plan = await tool.plan(input, context);
        if (plan.kind === "refused") return plan;
        const { path, end_line, mode } = input as { path: string; end_line?: number; mode?: string };
        const run: typeof plan.call.run = async (running) => {
          const before = this.#content(path);
          const result = await plan.call.run(running);
          if (result.status !== "done") return result;
          if (tool.name === "read_file") this.#read(path, end_line === undefined);
          if (tool.name === "write_file") this.#wrote(path, before, mode ?? "w");
          return result;
        };
        return { kind: "planned", call: { ...plan.call, run } };
      },
    };
  }

  #read(name: string, whole: boolean): void {
    const known = this.#known.get(name);
    const now = this.#content(name);
    // A part does not show what changed in the rest.
    if (known && !whole && known.told !== null && known.told !== now) return;
    this.#known.set(name, { told: now, covered: known?.covered ?? false });
  }

  #wrote(name: string, before: string | null, mode: string): void {
    const known = this.#known.get(name);
    const now = this.#content(name);
    // Nothing was written; what it asked for is what is there.
    if (before === now) {
      this.#read(name, mode === "w");
      return;
    }
    const covered = known !== undefined && (known.covered || known.told !== before);
    this.#known.set(name, { told: now, covered });
  }

  #content(name: string): string | null {
    try {
      return readFileSync(this.#box.workspace.path(name), "utf8");
    } catch {
      return null;
    }
  }
}
