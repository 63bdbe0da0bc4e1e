import assert from "node:assert/strict";
import fc from "fast-check";
import { NodePtySpawner } from "../../../src/node/pty/node-pty-spawner.ts";
import { LineFeedMode } from "../../../src/terminals/line-feed-mode.ts";
import { RawHistory } from "../../../src/terminals/raw-history.ts";
import { eventually, type TestTerminals, testTerminals } from "../../support/terminals.ts";

/** Half a megabyte is what makes a flood; this is four. */
const flood = "seq 1 600000";
const settings = "stty -a | grep -o -- '-*onlcr'";
const loneLineFeed = /(?<!\r)\n/;

describe("line feeds of a flood", function () {
  this.timeout(120_000);

  for (const shell of ["bash", "zsh", "fish"]) {
    describe(shell, () => {
      let t: TestTerminals;
      before(async function () {
        const file = await new NodePtySpawner().findShell(shell);
        if (file === null) return this.skip();
        t = await testTerminals({ shell: file });
      });
      after(() => t?.close());

      it("come without carriage returns from the system, with them to viewers, and are as ever afterwards", async () => {
        assert.equal((await t.command(settings)).output.text.trim(), "onlcr");
        let seen = "";
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the end of both commands
        const both = /600000\r\n-onlcr\r\n[\s\S]*633;D;0[\s\S]*onlcr[^\n]*\r\n[^\n]*\x1b\]633;D;0/;
        const view = await t.terminals.attach("main", (data) => {
          seen += data;
        });
        assert.ok(view !== null);
        const { text, droppedLines } = (await t.command(`sh -c "${flood}; ${settings}"`)).output;
        assert.match(text, /^1\n2\n3\n/);
        assert.match(text, /599999\n600000\n-onlcr\n?$/);
        assert.ok(droppedLines !== undefined);
        assert.equal((await t.command(settings)).output.text.trim(), "onlcr");
        await eventually("the viewer has seen the end", () => both.test(seen));
        view.dispose();
        assert.doesNotMatch(seen, loneLineFeed);
        const later = await t.terminals.attach("main", () => undefined);
        assert.match(later?.snapshot ?? "", /599998\r\n599999\r\n600000\r\n-onlcr/);
        later?.dispose();
      });

      it("are as ever after a flood that was interrupted", async () => {
        const running = await t.command("yes", { timeoutMs: 300 });
        assert.equal(running.status, "running");
        await t.write("\x03");
        await eventually("it ends", async () => (await t.terminals.list())[0]?.status !== "running");
        assert.equal((await t.command(settings)).output.text.trim(), "onlcr");
      });

      it("stay as they are where a program paints", async () => {
        const { output } = await t.command(`printf '\\033[2J\\033[31m%s\\033[0m\\n' red; ${flood}; ${settings}`);
        assert.match(output.text, /600000\nonlcr\n?$/);
      });

      it("stay as they are where somebody types", async () => {
        const asking = await t.command(`read answer; ${flood}; ${settings}`, { timeoutMs: 300 });
        assert.equal(asking.status, "running");
        let text = "";
        await t.write("go\r");
        await eventually("it has printed all", async () => {
          const read = await t.read(200);
          if (read.kind === "read") text += read.output.text;
          return /600000\n-?onlcr/.test(text);
        });
        assert.match(text, /600000\nonlcr/);
      });
    });
  }
});

describe("the mode of line feeds", () => {
  const plain = "0123456789abcdef\n".repeat(40_000);

  function made() {
    const events: string[] = [];
    const asked: (() => void)[] = [];
    const mode = new LineFeedMode({
      carriageReturns: (on) => {
        events.push(`system ${on ? "adds" : "does not"}`);
        return new Promise((resolve) => asked.push(resolve));
      },
      display: { loneLineFeeds: (lone) => void events.push(`lone ${lone}`) },
      folder: {
        pathOf: async (name) => name,
        write: async (name, content) => {
          events.push(`${name}=${content}`);
          if (full) throw new Error("ENOSPC");
          return name;
        },
        remove: async () => undefined,
      },
      fileName: "file",
    });
    let full = false;
    return {
      mode,
      events,
      answer: () => asked.shift()?.(),
      fillDisk: (to: boolean) => {
        full = to;
      },
      /** What was under way has its turn. */
      turn: () => new Promise((resolve) => setTimeout(resolve, 5)),
    };
  }

  it("is changed once, after the shell knows of it, until the shell says that it is right again", async () => {
    const { mode, events, answer, turn } = made();
    mode.began();
    mode.printed(plain);
    mode.printed(plain);
    mode.printed(plain);
    await turn();
    answer();
    await turn();
    assert.deepEqual(events, ["file=1", "lone true", "system does not"]);
    mode.restored();
    mode.ended();
    assert.deepEqual(events.slice(3), ["lone false"]);
    mode.began();
    mode.printed(plain);
    await turn();
    assert.deepEqual(events.slice(4), ["file=1", "lone true", "system does not"]);
  });

  it("is changed for coloured lines too, wherever they are cut", async () => {
    const coloured = "\x1b[1;31mred\x1b[0m and \x1b]8;;file:///a\x1b\\a link\x1b]8;;\x07\x1b[K\n";
    const flood = coloured.repeat(200);
    for (let cut = 0; cut <= coloured.length; cut++) {
      const { mode, events, turn } = made();
      mode.began();
      for (let at = cut; at < 600_000; at += flood.length) {
        mode.printed(flood.slice(0, cut));
        mode.printed(flood.slice(cut));
      }
      await turn();
      assert.ok(events.includes("system does not"), `cut at ${cut}`);
    }
  });

  it("is put right by us where the shell was faster than the change", async () => {
    const { mode, events, answer, turn } = made();
    mode.began();
    mode.printed(plain);
    await turn();
    mode.restored();
    mode.ended();
    answer();
    await turn();
    answer();
    await turn();
    assert.deepEqual(events, ["file=1", "lone true", "system does not", "system adds", "lone false"]);
  });

  it("is left alone when the command has ended by the time its shell knows", async () => {
    const { mode, events, turn } = made();
    mode.began();
    mode.printed(plain);
    mode.ended();
    mode.began();
    await turn();
    assert.deepEqual(events, ["file=1", "lone false"]);
    mode.restored();
    mode.printed(plain);
    await turn();
    assert.equal(events.filter((each) => each === "system does not").length, 1);
  });

  it("is left alone when the disk is full", async () => {
    const { mode, events, fillDisk, turn } = made();
    fillDisk(true);
    mode.began();
    mode.printed(plain);
    await turn();
    assert.deepEqual(events, ["file=1", "lone false"]);
    fillDisk(false);
    mode.ended();
    mode.began();
    mode.printed(plain);
    await turn();
    assert.ok(events.includes("system does not"));
  });

  it("is nobody's outside of commands, and of those that paint or are typed into", async () => {
    const { mode, events, turn } = made();
    mode.printed(plain);
    mode.began();
    mode.printed("\x1b[1");
    mode.printed(";1H");
    mode.printed(plain);
    mode.began();
    mode.typed();
    mode.printed(plain);
    mode.began();
    mode.printed(plain.slice(0, 500_000));
    mode.ended();
    mode.printed(plain);
    await turn();
    assert.deepEqual(events, []);
  });
});

describe("lone line feeds in the raw history", () => {
  it("are given their carriage returns wherever a part is cut, and nothing else is", () => {
    const piece = fc.oneof(
      fc.record({ text: fc.stringMatching(/^[ab\n\ré😀]{0,40}$/u) }),
      fc.record({ lone: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(), fc.nat(), (pieces, start, length) => {
        const history = new RawHistory(400);
        let lone = false;
        /** For every byte: the byte, and whether it lies where line feeds are lone. */
        const bytes: { byte: number; lone: boolean }[] = [];
        for (const each of pieces) {
          if ("lone" in each) {
            lone = each.lone;
            history.loneLineFeeds(lone);
          } else {
            history.push(each.text);
            for (const byte of Buffer.from(each.text)) bytes.push({ byte, lone });
          }
        }
        const position = start % (bytes.length + 1);
        if ((bytes[position]?.byte ?? 0) >= 0x80) return;
        const part = history.from(position, length);
        if (part === null) return assert.ok(bytes.length > 400);
        const expected = bytes.slice(position, part.end).flatMap((each) => {
          return each.lone && each.byte === 10 ? [13, 10] : [each.byte];
        });
        // One that is there already may be there twice, which moves the cursor no further.
        const once = (text: string) => text.replace(/\r+\n/g, "\r\n");
        assert.equal(once(part.text), once(Buffer.from(expected).toString("utf8")));
      }),
      { numRuns: 500 },
    );
  });

  it("are left to a program that fills the screen", () => {
    const history = new RawHistory(10_000);
    history.loneLineFeeds(true);
    history.push("a\nb\n\x1b[?1049hc\nd\x1b[?1049le\n");
    history.loneLineFeeds(false);
    history.push("f\n");
    assert.equal(history.whole().text, "a\r\nb\r\n\x1b[?1049hc\nd\x1b[?1049le\r\nf\n");
  });

  it("count as one byte: what was skipped is what the terminal printed", () => {
    const history = new RawHistory(1_000);
    history.loneLineFeeds(true);
    history.push("0123456\n".repeat(1_000));
    const newest = history.newest(100);
    assert.equal(newest.position, 7_904);
    assert.equal(newest.text, "0123456\r\n".repeat(12));
    assert.equal(history.end, 8_000);
  });
});
