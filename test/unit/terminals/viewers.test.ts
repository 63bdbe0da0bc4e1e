/** Several viewers of one real terminal: sizes, answers to programs, and some that do not keep up. */
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { TerminalAttachment } from "../../../src/ports/terminals.ts";
import { Display } from "../../../src/terminals/display.ts";
import { eventually, type TestTerminals, testTerminals } from "../../support/terminals.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

describe("several viewers of a terminal", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  const attached: TerminalAttachment[] = [];

  const attach = async (onData: (data: string) => void | Promise<void> = () => {}) => {
    const attachment = await t.terminals.attach("main", onData);
    assert.ok(attachment);
    attached.push(attachment);
    return attachment;
  };
  const size = async () => (await t.command("stty size")).output.text.trim();

  beforeEach(async () => {
    t = await testTerminals({ bashrc: "PS1='$ '\n" });
  });
  afterEach(async () => {
    for (const attachment of attached.splice(0)) attachment.dispose();
    await t.close();
    assert.deepEqual(t.complaints, []);
  });

  it("has the size of the one that was used last, and of the next when that goes", async () => {
    const [one, two, three] = [await attach(), await attach(), await attach()];
    assert.equal(await size(), "30 120");
    one.resize(90, 20);
    assert.equal(await size(), "20 90");
    two.resize(70, 10);
    assert.equal(await size(), "10 70");
    three.write(" ");
    assert.equal(await size(), "10 70", "the third has not said its size");
    one.write("\x7f");
    assert.equal(await size(), "20 90");
    three.resize(100, 40);
    assert.equal(await size(), "40 100");
    three.resize(0, Number.NaN);
    assert.equal(await size(), "40 100");
    three.dispose();
    assert.equal(await size(), "20 90");
    one.dispose();
    assert.equal(await size(), "10 70");
    two.dispose();
    assert.equal(await size(), "10 70", "nobody wants another");
    assert.equal((await attach()).size.cols, 70);
  });

  it("leaves nothing behind when it goes", async () => {
    const visit = async () => {
      const seen: string[] = [];
      const attachment = await t.terminals.attach("main", (data) => void seen.push(data));
      await t.command("echo shown");
      await eventually("it is shown", () => seen.join("").includes("shown"));
      attachment?.dispose();
      return new WeakRef(seen);
    };
    const seen = [await visit(), await visit(), await visit()];
    await eventually("what they have seen is forgotten", () => {
      collect();
      return seen.every((each) => each.deref() === undefined);
    });
  });

  it("is told the end of the shell when it stays, and comes to its last screen afterwards", async () => {
    await t.terminals.open({ name: "other", createdBy: "agent" });
    let seen = "";
    const stays = await t.terminals.attach("other", (data) => {
      seen += data;
    });
    const gone = await t.terminals.attach("other", () => {});
    gone?.dispose();
    await t.run("echo last words; exit 3", { terminal: "other" });
    await stays?.ended;
    assert.match(seen, /last words/);
    const late = await t.terminals.attach("other", () => {});
    assert.match(late?.snapshot ?? "", /last words/);
    await late?.ended;
  });

  it("may come to a display that nobody needs any more, which keeps nothing", async () => {
    const display = new Display({ cols: 80, rows: 24 }, { write() {}, resize() {} });
    display.show("shown\r\n");
    const view = await display.attach(() => {});
    assert.match(view.snapshot, /shown/);
    display.dispose();
    display.show("later\r\n");
    const late = await display.attach(() => {});
    assert.doesNotMatch(late.snapshot, /shown|later/);
    assert.equal(await display.screen.visibleText(), "");
    await late.settled();
    late.detach();
    view.detach();
    display.dispose();
  });

  it("gets one answer to what a program asks, from the one that was used last", async () => {
    const seen = { one: "", two: "" };
    /** As xterm.js does. */
    const answering = (name: "one" | "two", reply: string) => (data: string) => {
      seen[name] += data;
      const asked = data.split("\x1b[c").length - 1;
      for (let count = 0; count < asked; count++) viewers[name]!.write(reply);
    };
    const viewers: { one?: TerminalAttachment; two?: TerminalAttachment } = {};
    viewers.one = await attach(answering("one", "\x1b[?1;1c"));
    viewers.two = await attach(answering("two", "\x1b[?2;2c"));
    viewers.two.resize(80, 24);
    const program =
      "import os,sys,tty,termios,select;" +
      "old=termios.tcgetattr(0); tty.setcbreak(0); os.write(1,b'\\x1b[c');" +
      "got=b''\nwhile select.select([0],[],[],0.5)[0]: got+=os.read(0,99)\n" +
      "termios.tcsetattr(0,termios.TCSANOW,old); print(repr(got))";
    const ask = async () =>
      (await t.command(`python3 -c $'${program.replace(/'/g, "\\'").replace(/\n/g, "\\n")}'`)).output.text;
    assert.match(await ask(), /b'\\x1b\[\?2;2c'/);
    viewers.one.write("\x7f");
    assert.match(await ask(), /b'\\x1b\[\?1;1c'/);
    assert.ok(seen.one.includes("\x1b[c") && seen.two.includes("\x1b[c"));
    // Nothing was left over for the shell.
    assert.equal((await t.command("echo clean")).output.text, "clean\n");
    assert.doesNotMatch(seen.one, /\^\[\[\?\d/);
  });

  it("keeps up each at its own pace in a flood, and bounds what it holds for those that do not", async () => {
    const fast = { bytes: 0, last: "" };
    await attach((data) => {
      fast.bytes += data.length;
      fast.last = (fast.last + data).slice(-200);
    });
    const slow = { pieces: 0, largest: 0, last: "", skipped: 0 };
    await attach(async (data) => {
      slow.pieces += 1;
      slow.largest = Math.max(slow.largest, data.length);
      slow.skipped += /bytes skipped/.test(data) ? 1 : 0;
      slow.last = (slow.last + data).slice(-200);
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    const stuck: string[] = [];
    let release = () => {};
    await attach((data) => {
      stuck.push(data);
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    collect();
    const before = process.memoryUsage();
    const result = await t.command("yes 'a line of some length that is repeated' | head -c 20000000; echo the end", {
      timeoutMs: 30_000,
      maxOutputChars: 100,
    });
    assert.equal(result.status, "completed");
    collect();
    const after = process.memoryUsage();
    assert.ok(stuck.join("").length <= 65_536, "nothing is queued for one that does not read");
    const held = after.arrayBuffers - before.arrayBuffers;
    assert.ok(held < 8_000_000, `${held} bytes for three viewers`);
    await eventually("the fast one has it all", () => fast.last.includes("the end"));
    await eventually("the slow one is at the end", () => slow.last.includes("the end"));
    assert.ok(slow.largest <= 70_000 && slow.skipped >= 1);
    stuck.length = 0;
    release();
    await eventually("the stuck one goes on", () => stuck.length > 0);
    assert.match(stuck[0] ?? "", /bytes skipped/);
    assert.match(stuck.join(""), /the end/);
    release();
  });

  it("shows a late one modes and title of what runs", async () => {
    await t.command("printf '\\e]2;at work\\a\\e[?1049h\\e[?1002h\\e[?1006h\\e[?25lfull'; sleep 0.2");
    const { snapshot } = await attach();
    for (const sequence of ["\x1b]2;at work\x07", "\x1b[?1049h", "\x1b[?1002h", "\x1b[?1006h", "\x1b[?25l", "full"]) {
      assert.ok(snapshot.includes(sequence), JSON.stringify(sequence));
    }
    await t.command("printf '\\e[?1049l\\e[?1002l\\e[?1006l\\e[?25h'");
    const later = (await attach()).snapshot;
    for (const sequence of ["\x1b[?1049h", "\x1b[?1002h", "\x1b[?1006h", "\x1b[?25l"]) {
      assert.ok(!later.includes(sequence), JSON.stringify(sequence));
    }
  });
});
