import assert from "node:assert/strict";
import type { TerminalAttachment, TerminalEvent } from "../../../src/ports/terminals.ts";
import { eventually, type TestTerminals, testTerminals } from "../../support/terminals.ts";

/** What a viewer sees, as the text of a screen. */
async function screenOf(data: string, cols = 120, rows = 30): Promise<string> {
  const { Terminal } = (await import("@xterm/headless")).default;
  const terminal = new Terminal({ cols, rows, scrollback: 20_000, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(data, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true) ?? "");
  terminal.dispose();
  return lines.join("\n").trimEnd();
}

describe("a terminal shared with the person", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  let person: TerminalAttachment;
  let seen = "";

  beforeEach(async () => {
    t = await testTerminals({ bashrc: "PS1='person$ '\n" });
    seen = "";
    const attachment = await t.terminals.attach("main", (data) => {
      seen += data;
    });
    assert.ok(attachment);
    person = attachment;
    seen = person.snapshot + seen;
    await eventually("the prompt is shown", () => seen.includes("person$ "));
  });
  afterEach(async () => {
    person.dispose();
    await t.close();
    assert.deepEqual(t.complaints, []);
  });

  it("shows the commands of the agent as if they had been typed", async () => {
    await t.command("echo hello");
    await t.command("for i in 1 2; do\n  echo $i\ndone");
    await eventually("it is shown", () => seen.includes("2\r\n"));
    await t.command("true");
    await eventually("the last prompt", async () => (await screenOf(seen)).endsWith("person$ true\nperson$"));
    assert.equal(
      await screenOf(seen),
      "person$ echo hello\nhello\nperson$ for i in 1 2; do\n>   echo $i\n> done\n1\n2\nperson$ true\nperson$",
    );
    assert.doesNotMatch(seen, /cp=[0-9a-f]{24}|__cp_|7777/);
  });

  it("is busy while the person runs something, and nothing is typed", async () => {
    person.write("sleep 0.5; echo slept\r");
    await eventually("it runs", () => t.terminals.list()[0]?.status === "running");
    const result = await t.run("echo intruder");
    assert.ok(result.kind === "busy");
    assert.equal(result.command, "sleep 0.5; echo slept");
    const read = await t.read();
    assert.ok(read.kind === "read");
    assert.equal(read.command, null, "at its end it is told by an event");
    assert.doesNotMatch(seen, /intruder/);
  });

  it("is busy while the person is in the middle of a multi-line command", async () => {
    person.write("for i in 1 2\r");
    await eventually("PS2", () => /> $/.test(seen));
    await eventually("busy", async () => (await t.run("echo intruder")).kind === "busy");
    person.write("do echo $i; done\r");
    await eventually("it ran", () => seen.includes("1\r\n2\r\n"));
    await eventually("it ended", () => t.terminals.list()[0]?.status === "idle");
    assert.equal((await t.command("echo free")).output.text, "free\n");
  });

  it("gives an unfinished line back after a command of the agent", async () => {
    person.write("echo half a li");
    await eventually("the echo", () => seen.includes("half a li"));
    assert.equal((await t.command("echo agent")).output.text, "agent\n");
    await eventually("the line is back", async () => (await screenOf(seen)).endsWith("person$ echo half a li"));
    person.write("ne\r");
    await eventually("it ran", () => seen.includes("\x07half a line\r\n"));
  });

  it("repaints for a late viewer", async () => {
    await t.command("printf '\\e[32mgreen\\e[0m\\n'; seq 1 200");
    await eventually("the prompt", async () => (await screenOf(seen)).endsWith("200\nperson$"));
    const late = await t.terminals.attach("main", () => {});
    assert.ok(late);
    assert.equal(await screenOf(late.snapshot), await screenOf(seen));
    assert.ok(late.snapshot.includes("\x1b[32mgreen"));
    late.dispose();
  });

  it("goes on for a viewer exactly where its snapshot ends, while output flows", async () => {
    const running = t.command("for i in $(seq 1 3000); do echo $i; done; echo the end");
    await eventually("it flows", () => seen.includes("\n200\r\n"));
    let late = "";
    const attachment = await t.terminals.attach("main", (data) => {
      late += data;
    });
    await running;
    await eventually("all is delivered", () => /3000\r\nthe end/.test(attachment?.snapshot + late));
    const numbers = (await screenOf(attachment?.snapshot + late)).split("\n").filter((line) => /^\d+$/.test(line));
    assert.ok(numbers.length >= 1900);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => String(3000 - numbers.length + index + 1)),
    );
    attachment?.dispose();
  });

  it("is never slowed by a viewer that hangs, which is told what it missed", async () => {
    let release = () => {};
    let pieces: string[] = [];
    const stuck = await t.terminals.attach("main", (data) => {
      pieces.push(data);
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    const result = await t.command("seq 1 600000 | sed 's/$/ and some more text/'", { maxOutputChars: 100 });
    assert.equal(result.status, "completed");
    assert.ok(pieces.join("").length <= 65_536);
    pieces = [];
    release();
    await eventually("it goes on", () => pieces.length > 0);
    assert.match(await screenOf(pieces.join("")), /bytes skipped[\s\S]*\n600000 and some more text/);
    stuck?.dispose();
  });

  it("repaints a full-screen program for a viewer that fell behind", async () => {
    let release = () => {};
    let pieces: string[] = [];
    const stuck = await t.terminals.attach("main", (data) => {
      pieces.push(data);
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    const paint = "tput smcup; for i in $(seq 1 60000); do printf '\\e[5;1Hframe number %d' $i; done; sleep 5";
    const running = t.command(`yes | head -c 1500000; ${paint}`, { timeoutMs: 1500 });
    await running;
    await eventually("painted", async () => {
      const shown = await t.write("", 10);
      return shown.kind === "read" && shown.output.text.includes("frame number 60000");
    });
    pieces = [];
    release();
    await eventually("a repaint", () => pieces.join("").startsWith("\x1bc"));
    assert.match(await screenOf(pieces.join("")), /^\n*frame number 60000$/);
    stuck?.dispose();
  });

  it("follows the size of its viewer", async () => {
    person.resize(90, 20);
    assert.equal((await t.command("stty size")).output.text, "20 90\n");
    person.resize(0, Number.NaN);
    assert.match((await t.command("stty size")).output.text, /^\d+ \d+\n$/);
  });

  it("passes foreign sequences through and takes no marker from programs", async () => {
    await t.command("printf '\\e]633;D;0\\a\\e]8;;http://x\\e\\\\link\\e]8;;\\e\\\\\\n'");
    await eventually("it is shown", () => seen.includes("\x1b]8;;http://x\x1b\\link"));
    assert.ok(seen.includes("\x1b]633;D;0\x07\x1b]8;;"));
  });

  it("tells its life to listeners", async () => {
    const events: TerminalEvent[] = [];
    const listening = t.terminals.on((event) => events.push(event));
    await t.terminals.open({ name: "second", createdBy: "person" });
    await t.command("exit 6", { terminal: "second" });
    listening.dispose();
    const ofSecond = events.filter((event) => ("name" in event ? event.name : event.terminal.name) === "second");
    assert.equal(ofSecond[0]?.type, "opened");
    assert.deepEqual(ofSecond.at(-1), { type: "exited", name: "second", exitCode: 6 });
    const info = t.terminals.list().find(({ name }) => name === "second");
    assert.deepEqual([info?.status, info?.exitCode, info?.pid, info?.createdBy], ["exited", 6, null, "person"]);
    const refused = await t.run("true", { terminal: "second" });
    assert.ok(refused.kind === "failed" && /ended with exit code 6/.test(refused.message));
    assert.equal((await t.terminals.open({ name: "second", createdBy: "agent" })).kind, "opened");
    assert.equal((await t.terminals.open({ name: "second", createdBy: "agent" })).kind, "exists");
    assert.equal((await t.command("echo again", { terminal: "second" })).output.text, "again\n");
  });
});
