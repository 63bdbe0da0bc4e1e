/** What the person runs in a terminal is told by an event: exactly what they ran, exactly once acknowledged. */
import assert from "node:assert/strict";
import type { TerminalAttachment, TerminalEvent } from "../../../src/ports/terminals.ts";
import { eventually, type TestTerminals, testTerminals } from "../../support/terminals.ts";

type Ended = Extract<TerminalEvent, { type: "command-ended" }>;

describe("commands of the person", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  let person: TerminalAttachment;
  let seen = "";
  let ended: Ended[] = [];

  const attach = async (name: string) => {
    const attachment = await t.terminals.attach(name, (data) => {
      seen += data;
    });
    assert.ok(attachment);
    seen += attachment.snapshot;
    return attachment;
  };
  const statusOf = (name: string) => t.terminals.list().find((info) => info.name === name)?.status;
  /** Types a line once the shell waits, and waits until it is through. */
  const runs = async (line: string, at = person, name = "main") => {
    await eventually(`${name} is idle`, () => statusOf(name) === "idle" && atPrompt());
    const before = seen.length;
    at.write(`${line}\r`);
    await eventually(`${line} is through`, () => seen.indexOf("\x1b]633;C", before) >= 0 && atPrompt());
  };
  const atPrompt = () => seen.lastIndexOf("\x1b]633;B") >= seen.lastIndexOf("\x1b]633;C");
  const told = () => ended.map(({ name, command }) => [name, command.command, command.exitCode]);

  beforeEach(async () => {
    t = await testTerminals({ bashrc: "PS1='person$ '\nHISTCONTROL=ignoreboth\n" });
    seen = "";
    ended = [];
    t.terminals.on((event) => {
      if (event.type === "command-ended") ended.push(event);
    });
    person = await attach("main");
    await eventually("the prompt is shown", () => seen.includes("person$ "));
  });
  afterEach(async () => {
    person.dispose();
    await t.close();
    assert.deepEqual(t.complaints, []);
  });

  it("are told with their result, in order, from any terminal", async () => {
    await t.terminals.open({ name: "mine", createdBy: "person" });
    const mine = await attach("mine");
    await runs("echo by hand; (exit 5)");
    await runs("cd / && seq 1 20000", mine, "mine");
    await runs("for i in 1 2; do\r echo $i\rdone");
    assert.deepEqual(told(), [
      ["main", "echo by hand; (exit 5)", 5],
      ["mine", "cd / && seq 1 20000", 0],
      ["main", ended[2]?.command.command, 0],
    ]);
    const [first, second, third] = ended.map(({ command }) => command);
    assert.deepEqual(first?.output, { text: "by hand\n", droppedChars: 0 });
    assert.equal(first?.cwd, t.home);
    assert.equal(second?.cwd, "/");
    assert.ok((second?.durationMs ?? -1) >= 0);
    assert.match(second?.output.text ?? "", /^1\n2\n[\s\S]*characters omitted[\s\S]*\n20000\n$/);
    assert.ok((second?.output.text.length ?? 0) < 8_200);
    assert.match(third?.command ?? "", /^for i in 1 2; do\s+echo \$i[;\n]\s*done$/);
    assert.equal(third?.output.text, "1\n2\n");
    mine.dispose();
  });

  it("are not what the agent runs or types, nor prompts, Enter or comments", async () => {
    await t.command("echo agent");
    await t.write("echo typed by the agent\r");
    await t.write("sleep 0.3; echo one\recho two\r");
    await eventually("it is through", () => seen.includes("\x07two") && atPrompt());
    for (const keys of ["\r", "\r", "\x0c", "# a comment\r", "half", "\x03"]) {
      const before = seen.length;
      person.write(keys);
      await eventually("it is shown", () => seen.length > before);
    }
    await eventually("the prompt is back", () => seen.includes("half^C") && atPrompt());
    await t.command("printf '\\e[c'; sleep 0.1");
    await t.write("echo after a question\r");
    assert.deepEqual(told(), []);
    await runs("echo mine");
    assert.deepEqual(told(), [["main", "echo mine", 0]]);
  });

  it("begun with a blank are not told, nor shown to the agent", async () => {
    await runs(" echo unremembered");
    await runs("HISTCONTROL=");
    await runs(" echo unremembered too");
    assert.deepEqual(told(), [["main", "HISTCONTROL=", 0]]);
    person.write(" sleep 0.4; echo unremembered\r");
    await eventually("it runs", () => statusOf("main") === "running");
    const busy = await t.run("true");
    assert.ok(busy.kind === "busy" && !busy.command.includes("unremembered"), JSON.stringify(busy));
    assert.doesNotMatch(JSON.stringify(t.terminals.list()), /unremembered/);
    const read = await t.read();
    assert.ok(read.kind === "read");
    assert.doesNotMatch(JSON.stringify(read), /unremembered/);
    assert.equal(ended.length, 1);
  });

  it("typed where nothing is shown keep their words to themselves", async () => {
    const asks = async (options: string) => {
      const before = seen.length;
      person.write(`stty -echo; echo ready; read ${options} -t 5 password; stty echo\r`);
      await eventually("it asks", () => seen.indexOf("\x07ready\r\n", before) >= 0);
    };
    await asks("-r");
    person.write("hunter1\r");
    await eventually("it is told", () => ended.length === 1);
    assert.match(ended[0]?.command.command ?? "", /read -r -t 5 password/);
    await eventually("the prompt is back", atPrompt);
    await asks("-n 1");
    // One character is taken; the rest of the secret becomes a line of the shell.
    person.write("xhunter2\r");
    await eventually("it is taken", () => ended.length === 3);
    assert.doesNotMatch(JSON.stringify(ended), /hunter/);
    assert.equal(told().at(-1)?.[1], "(typed without echo)");
    assert.equal(told().at(-1)?.[2], 127);
  });

  it("that end the shell are told, those that end with their terminal are not", async () => {
    person.write("exit 3\r");
    await eventually("it is told", () => ended.length === 1);
    assert.deepEqual([ended[0]?.command.status, ended[0]?.command.exitCode], ["exited", 3]);
    await t.terminals.open({ name: "other", createdBy: "person" });
    const other = await attach("other");
    other.write("sleep 60\r");
    await eventually("it runs", () => statusOf("other") === "running");
    await t.terminals.terminate("other");
    assert.equal(ended.length, 1);
  });

  it("are told again until they are acknowledged, the newest ten with the number of the others", async () => {
    for (let count = 1; count <= 13; count++) await runs(`echo ${count}`);
    assert.deepEqual(
      ended.map(({ leftOut }) => leftOut),
      new Array(13).fill(0),
    );
    const ids = ended.map(({ command }) => command.commandId);
    ended = [];
    t.terminals.retell();
    assert.deepEqual(
      ended.map(({ command }) => command.commandId),
      ids.slice(3),
    );
    assert.deepEqual(
      ended.map(({ leftOut }) => leftOut),
      [3, ...new Array(9).fill(0)],
    );
    for (const id of ids) t.terminals.acknowledge(id);
    ended = [];
    t.terminals.retell();
    assert.deepEqual(ended, []);
  });

  it("leave what the agent's own commands print to its next read", async () => {
    const running = await t.command("sleep 0.4; echo late", { timeoutMs: 50 });
    assert.equal(running.status, "running");
    await eventually("it is over", () => statusOf("main") === "idle");
    await runs("echo of the person");
    const read = await t.read();
    assert.ok(read.kind === "read");
    assert.equal(read.output.text.trim(), "late");
    assert.equal(read.command?.command, "sleep 0.4; echo late");
    assert.deepEqual(told(), [["main", "echo of the person", 0]]);
  });

  it("can be watched while they run", async () => {
    person.write("echo begun; sleep 0.6; echo over\r");
    await eventually("it has begun", () => seen.includes("\x07begun"));
    const read = await t.read(50);
    assert.ok(read.kind === "read");
    assert.equal(read.command?.status, "running");
    assert.equal(read.output.text, "begun\n");
    await eventually("it is told", () => ended.length === 1);
    assert.equal(ended[0]?.command.output.text, "begun\nover\n");
    const after = await t.read();
    assert.ok(after.kind === "read");
    assert.equal(after.output.text, "");
  });
});

for (const shell of ["zsh", "fish"]) {
  describe(`commands of the person in ${shell}`, function () {
    this.timeout(120_000);
    let t: TestTerminals;

    beforeEach(async () => {
      t = await testTerminals({ shell });
    });
    afterEach(async () => {
      await t.close();
      assert.deepEqual(t.complaints, []);
    });

    it("are told with their result; those begun with a blank, and those of the agent, are not", async () => {
      const ended: Ended[] = [];
      t.terminals.on((event) => {
        if (event.type === "command-ended") ended.push(event);
      });
      let seen = "";
      const person = await t.terminals.attach("main", (data) => {
        seen += data;
      });
      /** Typed at the prompt: before, line editing is the kernel's. */
      const runs = async (line: string) => {
        await eventually("the prompt is back", () => seen.lastIndexOf("\x1b]633;B") >= seen.lastIndexOf("\x1b]633;C"));
        const before = seen.length;
        person?.write(`${line}\r`);
        await eventually(`${line} runs`, () => seen.indexOf("\x1b]633;C", before) >= 0);
      };
      await t.command("echo agent");
      person?.write("\r");
      await runs(" echo blank");
      await runs("echo left\x1b[D\x1b[D\x7fX\x05; false");
      await eventually("it is told", () => ended.length === 1);
      await eventually("idle", () => t.terminals.list()[0]?.status === "idle");
      await t.write("echo typed by the agent\r");
      await runs("cd /");
      await eventually("it is told", () => ended.length === 2);
      assert.deepEqual(
        ended.map(({ command }) => [command.command, command.exitCode, command.cwd, command.output.text]),
        [
          ["echo lXft; false", 1, t.home, "lXft\n"],
          ["cd /", 0, "/", ""],
        ],
      );
    });
  });
}
