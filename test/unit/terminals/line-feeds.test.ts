import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { NodePtySpawner } from "../../../src/node/pty/node-pty-spawner.ts";
import { LineFeedMode } from "../../../src/terminals/line-feed-mode.ts";
import { RawHistory } from "../../../src/terminals/raw-history.ts";
import { eventually, type TestTerminals, testTerminals } from "../../support/terminals.ts";

/** Half a megabyte is what makes a flood; this is four. */
const flood = "seq 1 600000";
const settings = "stty -a | grep -o -- '-*onlcr'";
/** Prints lines in one piece, and at once asks as for a password. */
const asks = `
import sys, termios, time
sys.stdout.write("0123456\\n" * int(sys.argv[1]))
sys.stdout.flush()
hidden = termios.tcgetattr(0)
hidden[3] &= ~termios.ECHO
termios.tcsetattr(0, termios.TCSAFLUSH, hidden)
time.sleep(0.2)
now = termios.tcgetattr(0)
hidden[3] |= termios.ECHO
termios.tcsetattr(0, termios.TCSAFLUSH, hidden)
print("shown:", bool(now[3] & termios.ECHO))
`;
const loneLineFeed = /(?<!\r)\n/;

describe("line feeds of a flood", function () {
  this.timeout(120_000);

  for (const shell of ["bash", "zsh", "fish"]) {
    describe(shell, () => {
      let t: TestTerminals;
      let file: string;
      before(async function () {
        const program = await new NodePtySpawner().findShell(shell);
        if (program === null) return this.skip();
        t = await testTerminals({ shell: program });
        file = (await t.command("echo $__cp_feeds")).output.text.trim();
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

      it("are as ever after commands that end just as they have become a flood", async () => {
        // What was typed at a prompt whose settings were changed under the shell would wait for an Enter.
        for (let lines = 62_000; lines < 82_000; lines += 2_000) {
          await t.command(`seq 1000000 ${1_000_000 + lines}`);
          assert.equal(
            (await t.command(settings, { timeoutMs: 10_000 })).output.text.trim(),
            "onlcr",
            `${lines} lines`,
          );
        }
      });

      it("leave alone what a program sets at the end of its flood, such as that a password is not shown", async function () {
        await writeFile(join(t.home, "asks.py"), asks);
        for (let lines = 75_000; lines < 125_000; lines += 10_000) {
          const { output } = await t.command(`python3 asks.py ${lines}`);
          if (/not found/.test(output.text)) return this.skip();
          assert.match(output.text, /shown: False/, `${lines} lines`);
        }
      });

      it("are as ever for a program that was stopped in its flood and goes on", async () => {
        let seen = "";
        const view = await t.terminals.attach("main", (data) => {
          seen += data;
        });
        const { output } = await t.command(`sh -c "${flood}; kill -TSTP \\$\\$; ${settings}; seq 1 9"`);
        assert.match(output.text, /600000/);
        await t.command("fg");
        view?.dispose();
        assert.doesNotMatch(seen, loneLineFeed);
        assert.equal((await t.command(settings)).output.text.trim(), "onlcr");
      });

      it("are as ever soon after a flood in which the file that tells the shell was removed", async () => {
        const { output } = await t.command(`sh -c "${flood}; ${settings}; rm -f '$FEEDS'"`.replace("$FEEDS", file));
        assert.match(output.text, /600000\n-onlcr\n?$/);
        await eventually("they are", async () => (await t.command(settings)).output.text.trim() === "onlcr");
      });

      it("stay as they are where a program paints", async () => {
        const { output } = await t.command(`printf '\\033[2J\\033[31m%s\\033[0m\\n' red; ${flood}; ${settings}`);
        assert.match(output.text, /600000\nonlcr\n?$/);
      });

      it("stay as they are where the person has set them", async () => {
        await t.command("stty -onlcr");
        // Not every shell lets them be.
        const before = (await t.command(settings)).output.text.trim();
        await t.command(flood);
        assert.equal((await t.command(settings)).output.text.trim(), before);
        await t.command("stty onlcr");
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
  const plain = "0123456789abcdef\r\n".repeat(40_000);

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

  /** A command that has become a flood, and the system is asked. */
  async function flooded() {
    const all = made();
    all.mode.began();
    all.mode.printed(plain);
    await all.turn();
    all.mode.printed(plain);
    await all.turn();
    return all;
  }
  const asked = ["file=1", "lone true", "system does not"];

  it("is changed once, after the shell knows of it, until the shell says that it is right again", async () => {
    const { mode, events, answer, turn } = await flooded();
    mode.printed(plain);
    assert.deepEqual(events, asked);
    answer();
    await turn();
    mode.printed(plain);
    await turn();
    assert.deepEqual(events.splice(0), [...asked, "file=2"]);
    mode.restored();
    mode.ended();
    assert.deepEqual(events.splice(0), ["lone false"]);
    mode.began();
    mode.printed(plain);
    await turn();
    mode.printed(plain);
    await turn();
    assert.deepEqual(events, asked);
  });

  it("is told to the shell again when a command has ended that has not put it right", async () => {
    const { mode, events, answer, turn } = await flooded();
    answer();
    await turn();
    mode.ended();
    await turn();
    assert.deepEqual(events, [...asked, "file=2", "file=2"]);
  });

  it("is changed for coloured lines too, wherever they are cut", async () => {
    const coloured = "\x1b[1;31mred\x1b[0m and \x1b]8;;file:///a\x1b\\a link\x1b]8;;\x07\x1b[K\r\n";
    const flood = coloured.repeat(200);
    for (let cut = 0; cut <= coloured.length; cut++) {
      const { mode, events, turn } = made();
      const print = (chars: number) => {
        for (let at = cut; at < chars; at += flood.length) {
          mode.printed(flood.slice(0, cut));
          mode.printed(flood.slice(cut));
        }
      };
      mode.began();
      print(600_000);
      await turn();
      print(200_000);
      await turn();
      assert.ok(events.includes("system does not"), `cut at ${cut}`);
    }
  });

  it("is put right by us where the shell has given up waiting for the change", async () => {
    const { mode, events, answer, turn } = await flooded();
    mode.restored();
    mode.ended();
    answer();
    await turn();
    answer();
    await turn();
    assert.deepEqual(events, [...asked, "file=", "system adds", "lone false"]);
  });

  for (const [what, end] of [
    ["it has ended", (mode: LineFeedMode) => mode.ended()],
    ["another has begun", (mode: LineFeedMode) => mode.began()],
    ["somebody has typed", (mode: LineFeedMode) => mode.typed()],
    ["it paints", (mode: LineFeedMode) => mode.printed("\x1b[?1049h")],
  ] as const) {
    it(`is left alone, and the shell told so, when ${what} before it was seen to go on`, async () => {
      const { mode, events, turn } = made();
      mode.began();
      mode.printed(plain);
      await turn();
      end(mode);
      mode.printed(plain.slice(0, 200_000));
      await turn();
      assert.deepEqual(events, ["file=1", "file="]);
    });
  }

  it("is left alone while no more comes, and changed once more does", async () => {
    const { mode, events, turn } = made();
    mode.began();
    mode.printed(plain);
    await eventually("it is given up", () => events.includes("file="));
    mode.printed(plain);
    await turn();
    mode.printed(plain);
    await turn();
    assert.deepEqual(events, ["file=1", "file=", ...asked]);
  });

  it("is left alone when the disk is full", async () => {
    const { mode, events, fillDisk, turn } = made();
    fillDisk(true);
    mode.began();
    mode.printed(plain);
    await turn();
    mode.printed(plain);
    await turn();
    assert.deepEqual(events, ["file=1"]);
    fillDisk(false);
    mode.ended();
    mode.began();
    mode.printed(plain);
    await turn();
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
