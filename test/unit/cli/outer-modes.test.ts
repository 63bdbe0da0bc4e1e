import assert from "node:assert/strict";
import xterm from "@xterm/headless";
import { OuterModes } from "../../../src/cli/attach/outer-modes.ts";

/** A terminal that has shown this, then what gives it back. */
async function givenBack(...shown: string[]) {
  const terminal = new xterm.Terminal({ cols: 40, rows: 10, allowProposedApi: true });
  const modes = new OuterModes();
  const write = (data: string) => new Promise<void>((resolve) => terminal.write(data, resolve));
  await write("mine\r\n");
  for (const data of shown) {
    modes.push(data);
    await write(data);
  }
  const restore = modes.restore();
  await write(restore);
  const { active } = terminal.buffer;
  const fresh = new xterm.Terminal({ allowProposedApi: true });
  assert.deepEqual({ ...terminal.modes }, { ...fresh.modes });
  assert.equal(active.type, "normal");
  await write("|");
  const text = Array.from({ length: 10 }, (_, row) => active.getLine(row)?.translateToString(true)).join("\n");
  return { restore, text: text.trimEnd() };
}

describe("a terminal that programs have changed", () => {
  it("is as before: screen, cursor, mouse, keyboard, paste, lines", async () => {
    const changes = "\x1b[?1h\x1b=\x1b[?1000h\x1b[?1002;1006h\x1b[?1004h\x1b[?2004h\x1b[?7l\x1b[?25l\x1b[4h";
    const { text } = await givenBack(`\x1b[?1049h${changes}\x1b[2J\x1b[5;5Hvim`);
    assert.equal(text, "mine\n|");
  });

  it("is so too where the sequences come in pieces, or one was never finished", async () => {
    assert.equal((await givenBack("\x1b[?10", "49hvim")).text, "mine\n|");
    assert.equal((await givenBack("\x1b[?1049h\x1b]0;never finished")).text, "mine\n|");
    assert.equal((await givenBack("there\x1b[?2004h\x1b[3")).text, "mine\nthere|");
  });

  it("keeps its line when there is nothing to undo, and the screen that a program has left", async () => {
    assert.equal((await givenBack("a\x1b[2;8r\x1b[3;2Hb")).text, "mine\na\n b|");
    assert.equal((await givenBack("\x1b[?1049hless\x1b[?1049l")).text, "mine\n|");
    assert.ok(!(await givenBack("\x1b[?1049hless\x1b[?1049l")).restore.includes("1049"));
    assert.equal((await givenBack("\x1b[?1049hless\x1bcnew")).text, "new|");
  });

  it("gets back as many keyboard protocols as were put on it", async () => {
    const { restore } = await givenBack("\x1b[>1u\x1b[?1049h\x1b[>5u\x1b[>1u\x1b[<u");
    assert.ok(restore.indexOf("\x1b[<1u") < restore.indexOf("\x1b[?1049l"));
    assert.equal(restore.split("\x1b[<1u").length, 3);
    assert.ok(!(await givenBack("plain")).restore.includes("u"));
  });
});
