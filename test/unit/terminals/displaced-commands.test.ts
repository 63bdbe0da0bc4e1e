/** A command of the agent's that was typed and that the shell never read: something else had the keyboard. */
import assert from "node:assert/strict";
import { NodePtySpawner } from "../../../src/node/pty/node-pty-spawner.ts";
import type { TerminalAttachment } from "../../../src/ports/terminals.ts";
import { eventually, type TestTerminals, testTerminals } from "../../support/terminals.ts";

const spawner = new NodePtySpawner();
const quiet = { ".local/share/fish/generated_completions/none.fish": "" };

for (const shell of ["bash", "zsh", "fish"]) {
  const missing = (await spawner.findShell(shell)) === null;
  (missing ? describe.skip : describe)(`a command that ${shell} has not read`, function () {
    this.timeout(120_000);
    let t: TestTerminals;
    let person: TerminalAttachment;
    let seen = "";
    beforeEach(async () => {
      t = await testTerminals({ shell, files: quiet });
      await t.command("true");
      seen = "";
      const attachment = await t.terminals.attach("main", (data) => {
        seen += data;
      });
      assert.ok(attachment);
      person = attachment;
      seen = person.snapshot + seen;
    });
    afterEach(async () => {
      person.dispose();
      await t.close();
      assert.deepEqual(t.complaints, []);
    });
    const atPrompt = () => seen.lastIndexOf("\x1b]633;B") >= seen.lastIndexOf("\x1b]633;C");
    const status = () => t.terminals.list()[0]?.status;

    it("is given up when the person's line begins in its place, and does not run later", async () => {
      for (const round of [1, 2, 3]) {
        await eventually("the prompt", atPrompt);
        seen = "";
        person.write("sh -c 'echo on; exec cat'\r");
        const displaced = await t.command("touch ran", { timeoutMs: 20_000 });
        assert.deepEqual([displaced.status, displaced.output.text], ["unknown", ""], `round ${round}`);
        const busy = await t.run("true");
        assert.equal(busy.kind, "busy");
        await eventually("it runs", () => /[^ ]on\r\n/.test(seen));
        person.write("\x03");
        await eventually("it is over", () => status() === "idle");
        assert.equal((await t.command("echo next; ls")).output.text, "next\n");
      }
    });

    it("is run after the person's line when that was a short one, and the next is not mistaken", async () => {
      for (let round = 0; round < 5; round++) {
        person.write("true\r");
        const logged = await t.command(`echo ${round} >>log`, { timeoutMs: 20_000 });
        assert.deepEqual([logged.status, logged.exitCode], ["completed", 0], `round ${round}`);
        assert.equal((await t.command(`echo next ${round}`)).output.text, `next ${round}\n`);
      }
      assert.doesNotMatch(seen, /__cp_|cp=[0-9a-f]{24}/);
      const shown = t.terminals.list()[0];
      assert.equal(shown?.status, "idle");
      assert.equal((await t.command("cat log")).output.text, "0\n1\n2\n3\n4\n");
    });
  });
}

describe("a command that bash does not come to because it asks a question", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  let person: TerminalAttachment;
  beforeEach(async () => {
    t = await testTerminals();
    await t.command('for i in {1..150}; do touch "file$i"; done');
    let seen = "";
    const attachment = await t.terminals.attach("main", (data) => {
      seen += data;
    });
    assert.ok(attachment);
    person = attachment;
    await eventually("the prompt", () => t.terminals.list()[0]?.status === "idle");
    person.write("ls file\t\t");
    await eventually("the question", () => /Display all 150 possibilities/.test(seen));
  });
  afterEach(async () => {
    person.dispose();
    await t.close();
    assert.deepEqual(t.complaints, []);
  });
  const answer = async () => {
    person.write("n\x15");
    await t.write("", 50);
    assert.equal((await t.command("echo next; ls ran* 2>/dev/null | wc -l")).output.text.trim(), "next\n0");
  };

  it("is given up at the timeout", async () => {
    const result = await t.command("touch ran", { timeoutMs: 300 });
    assert.equal(result.status, "unknown");
    assert.equal(t.terminals.list()[0]?.status, "idle");
    await answer();
  });

  it("is given up by an abort", async () => {
    const abort = new AbortController();
    const running = t.command("touch ran", { signal: abort.signal, timeoutMs: 20_000 });
    await eventually("it is typed", () => t.terminals.list()[0]?.command === "touch ran");
    abort.abort();
    assert.equal((await running).status, "unknown");
    await answer();
  });
});

describe("a command that bash has read and is slow to begin", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  beforeEach(async () => {
    t = await testTerminals({ bashrc: "PS0='$(sleep 0.8)'\n" });
    await t.command("true");
  });
  afterEach(async () => {
    await t.close();
    assert.deepEqual(t.complaints, []);
  });

  it("goes on after its timeout", async () => {
    const result = await t.command("sleep 0.5; echo done", { timeoutMs: 50 });
    assert.equal(result.status, "running");
    const read = await t.read();
    assert.ok(read.kind === "read");
    assert.deepEqual([read.command?.status, read.command?.output.text], ["completed", "done\n"]);
  });

  it("is ended when it begins after it was aborted, under its own words", async () => {
    const begun: (string | null)[] = [];
    t.terminals.on((event) => {
      if (event.type === "changed" && event.terminal.status === "running") begun.push(event.terminal.command);
    });
    const abort = new AbortController();
    const running = t.command("sleep 20", { signal: abort.signal, timeoutMs: 20_000, commandId: "aborted" });
    await eventually("it is typed", () => t.terminals.list()[0]?.commandId === "aborted");
    await new Promise((resolve) => setTimeout(resolve, 100));
    abort.abort();
    assert.equal((await running).status, "unknown");
    await eventually("it begins", () => begun.includes("sleep 20"));
    await eventually("it is ended", () => t.terminals.list()[0]?.status === "idle");
    assert.equal((await t.command("echo next")).output.text, "next\n");
  });
});
