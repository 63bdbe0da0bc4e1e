import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { NodePtySpawner } from "../../../src/node/pty/node-pty-spawner.ts";
import type { ReadSpool, SpoolResult } from "../../../src/ports/terminals.ts";
import { removeFolder } from "../../support/remove-folder.ts";
import { eventually, type TestTerminals, testTerminals } from "../../support/terminals.ts";

const noSignal = new AbortController().signal;

describe("the whole output of commands", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  beforeEach(async () => {
    t = await testTerminals();
  });
  afterEach(async () => {
    await t.close();
    assert.deepEqual(t.complaints, []);
  });

  const spool = (fromLine: number, lineCount: number, more: Partial<ReadSpool> = {}) =>
    t.terminals.readSpool({ terminal: "main", fromLine, lineCount, maxOutputChars: 40_000, signal: noSignal, ...more });
  async function text(fromLine: number, lineCount: number, more: Partial<ReadSpool> = {}): Promise<string> {
    const result = await spool(fromLine, lineCount, more);
    assert(result.kind === "lines", JSON.stringify(result));
    assert.deepEqual(result.losses, []);
    return result.pieces.map((piece) => piece.text).join("\n---\n");
  }
  const seq = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`).join("\n");
  /** The private folder of these terminals, found by the file of the shell in it. */
  const privateFolder = async () => {
    const [, folder] = /^(.*\/codepilot-[^/]+)\//.exec((await t.command('echo "$__cp_file"')).output.text) ?? [];
    assert(folder !== undefined);
    return folder;
  };
  const spoolsIn = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith("output-"));

  it("is readable by lines and by command, rendered as in the result", async () => {
    const first = await t.command("for i in $(seq 1 30000); do printf '\\e[3%dmline %d\\e[0m\\n' $((i % 8)) $i; done");
    assert.equal(first.totalLines, 30_000);
    const { droppedLines } = first.output;
    assert(droppedLines !== undefined);
    assert.ok(first.output.text.startsWith("line 1\nline 2\n"));
    const second = await t.command("echo short");
    assert.deepEqual([second.totalLines, second.output.droppedLines], [1, undefined]);
    assert.equal(await text(1, 10), "short");
    assert.equal(await text(12_345, 3, { ordinal: 1 }), "line 12345\nline 12346\nline 12347");
    // What the result left out, and nothing that it shows whole.
    const [head = ""] = first.output.text.split("\n[…");
    assert.ok(head.includes(`line ${droppedLines.from - 1}\n`) && !head.includes(`line ${droppedLines.from}\n`));
    assert.equal(await text(droppedLines.from, 1, { ordinal: 1 }), `line ${droppedLines.from}`);
    const cut = await spool(1, 30_000, { ordinal: 1, maxOutputChars: 100 });
    assert(cut.kind === "lines" && cut.nextLine !== null);
    assert.ok(cut.pieces[0]!.text.length <= 100);
    assert.equal(cut.pieces[0]!.toLine, cut.nextLine - 1);
  });

  it("is readable while the command runs", async () => {
    await t.command("seq 1 40000; sleep 30", { timeoutMs: 1500 });
    await eventually("all lines have come", async () => {
      const result = await spool(40_000, 1);
      return result.kind === "lines" && result.pieces[0]?.text === "40000";
    });
    const result = await spool(39_999, 10);
    assert(result.kind === "lines");
    assert.deepEqual([result.command.status, result.command.totalLines], ["running", 40_000]);
    assert.equal(await text(20_000, 5), seq(20_000, 20_004));
  });

  it("says which lines of the newest output a read left out", async () => {
    await t.command("echo first; read x; seq 1 100000", { timeoutMs: 300 });
    await t.read(0);
    await t.write("\n", 100);
    const read = await t.read(10_000);
    assert(read.kind === "read" && read.command?.status === "completed", JSON.stringify(read).slice(0, 300));
    const { droppedLines, text: shown } = read.output;
    assert(droppedLines !== undefined);
    const [head = "", tail = ""] = shown.split(/\n\[… \d+ characters omitted …\]\n/);
    const lastShown = Number(head.split("\n").at(-2));
    // "first" and the echo of Enter are lines too.
    const offset = 100_000 + 2 - read.command.totalLines;
    assert.equal(offset, 0, `${read.command.totalLines}`);
    assert.equal(await text(droppedLines.from - 1, 1), `${lastShown}`);
    assert.equal(await text(droppedLines.to + 1, 1), tail.split("\n")[1]);
  });

  it("says what there is when a command or a terminal is not known", async () => {
    assert.deepEqual(await spool(1, 1), { kind: "no-command", ordinals: [] });
    await t.command("true");
    await t.command("true");
    assert.deepEqual(await spool(1, 1, { ordinal: 9 }), { kind: "no-command", ordinals: [1, 2] });
    assert.deepEqual(await spool(1, 1, { terminal: "x" }), { kind: "no-terminal", names: ["main"] });
    const empty = await spool(1, 5);
    assert(empty.kind === "lines");
    assert.deepEqual([empty.pieces, empty.command.totalLines], [[], 0]);
  });

  it("touches the disk only for what does not fit, and leaves nothing", async () => {
    const folder = await privateFolder();
    await t.command("seq 1 5000");
    assert.deepEqual(await spoolsIn(folder), []);
    await t.command("seq 1 50000");
    await spool(1, 1);
    assert.equal((await spoolsIn(folder)).length, 1);
    await t.close();
    await assert.rejects(readdir(folder), { code: "ENOENT" });
    t = await testTerminals();
  });

  it("is of no consequence to the command when its folder goes away", async () => {
    const folder = await privateFolder();
    await t.command("seq 1 50000");
    await spool(1, 1);
    const running = t.command("for i in 1 2 3; do seq 1 400000; sleep 0.1; done; (exit 5)", { timeoutMs: 30_000 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    await removeFolder(folder);
    const result = await running;
    assert.deepEqual([result.status, result.exitCode, result.totalLines], ["completed", 5, 1_200_000]);
    assert.match(result.output.text, /400000\n$/);
    const lost: SpoolResult = await spool(1, 1, { ordinal: 2 });
    assert(lost.kind === "lines");
    assert.deepEqual([lost.pieces, lost.losses], [[], ["its file can not be read (ENOENT)"]]);
  });
});

describe("output of every kind", function () {
  this.timeout(120_000);
  let t: TestTerminals;
  beforeEach(async () => {
    t = await testTerminals();
  });
  afterEach(async () => {
    await t.close();
    assert.deepEqual(t.complaints, []);
  });
  /** Runs a program in the terminal. */
  const node = async (program: string) => {
    await writeFile(join(t.home, "program.cjs"), program);
    return t.command("node program.cjs", { timeoutMs: 30_000 });
  };
  const whole = async (lineCount = 100) => {
    const request = { terminal: "main", fromLine: 1, lineCount, maxOutputChars: 2_000_000, signal: noSignal };
    const result = await t.terminals.readSpool(request);
    assert(result.kind === "lines");
    return result.pieces.map(({ text }) => text).join("\n");
  };

  it("`yes`, which only an interrupt ends, with memory bounded", async () => {
    const abort = new AbortController();
    const before = process.memoryUsage().rss;
    const running = t.command("yes", { signal: abort.signal, timeoutMs: 30_000 });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const grown = process.memoryUsage().rss - before;
    const range = { terminal: "main", fromLine: 5000, lineCount: 2, maxOutputChars: 100, signal: noSignal };
    const middle = await t.terminals.readSpool(range);
    assert.ok(middle.kind === "lines" && middle.pieces[0]?.text === "y\ny", JSON.stringify(middle));
    abort.abort();
    const result = await running;
    assert.equal(result.status, "completed");
    assert.ok(result.totalLines > 10_000);
    assert.ok(grown < 150e6, `${grown}`);
    assert.equal((await t.command("echo alive")).output.text, "alive\n");
  });

  for (const [what, bytes] of [
    ["100-byte", 99],
    ["2-byte", 1],
  ] as const) {
    it(`a flood of ${what} lines, all of it readable`, async () => {
      const line = "x".repeat(bytes);
      const result = await t.command(`yes ${line} | head -c 3000000`, { timeoutMs: 30_000 });
      assert.equal(result.totalLines, 3_000_000 / (bytes + 1));
      const last = await t.terminals.readSpool({
        terminal: "main",
        fromLine: result.totalLines,
        lineCount: 5,
        maxOutputChars: 1000,
        signal: noSignal,
      });
      assert(last.kind === "lines");
      assert.deepEqual([last.losses, last.pieces.map(({ text }) => text)], [[], [line]]);
    });
  }

  it("1 MB without a line end", async () => {
    const result = await t.command("head -c 1000000 /dev/zero | tr '\\0' z", { timeoutMs: 30_000 });
    assert.equal(result.totalLines, 1);
    assert.equal(await whole(), "z".repeat(1_000_000));
    assert.equal((await t.command("echo after")).output.text, "after\n");
  });

  it("binary", async () => {
    const result = await t.command("head -c 200000 /dev/urandom; echo; echo end", { timeoutMs: 30_000 });
    assert.equal(result.status, "completed");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
    assert.doesNotMatch(result.output.text, /[\x00-\x08\x0b-\x1f\x7f]/);
    assert.equal((await t.command("echo after")).output.text, "after\n");
  });

  it("wide and combining characters, cut anywhere", async () => {
    const line = "漢字 🙂 é e\u0301 👩‍👩‍👧 ｆｕｌｌ ภาษาไทย";
    const program = `const b=Buffer.from(${JSON.stringify(`${line}\n`)}.repeat(2000));let i=0;(function w(){if(i<b.length)process.stdout.write(b.subarray(i,i+=1021),w)})()`;
    const result = await node(program);
    assert.equal(result.totalLines, 2000);
    assert.equal(await whole(2000), Array(2000).fill(line).join("\n"));
  });

  it("a character in two pieces that come apart", async () => {
    const program = `process.stdout.write(Buffer.from([0xe6,0xbc]));setTimeout(()=>process.stdout.write(Buffer.from([0xa2,10])),150)`;
    assert.equal((await node(program)).output.text, "漢\n");
  });

  for (const [what, program, expected] of [
    [
      "one line with carriage returns",
      `for (let i=0;i<=100;i++) process.stdout.write('\\r['+'#'.repeat(i/5).padEnd(20)+'] '+i+'%'); console.log()`,
      "[####################] 100%\n",
    ],
    [
      "like curl -#",
      `for (let i=0;i<=100;i+=10) process.stdout.write('\\r'+'#'.repeat(i/2)+'  '+i+'.0%'); process.stdout.write('\\r'+'#'.repeat(60)+' 100.0%\\n')`,
      `${"#".repeat(60)} 100.0%\n`,
    ],
    [
      "of several lines, moved up to",
      `for (let i=0;i<=50;i++) process.stdout.write((i?'\\x1b[3A':'')+['a','b','c'].map((n)=>'\\x1b[2K'+n+': '+i*2+'%\\n').join(''))`,
      "a: 100%\nb: 100%\nc: 100%\n",
    ],
    [
      "a spinner as npm draws it",
      `const r=require('readline');for (let i=0;i<40;i++){process.stdout.write('⠋⠙⠹⠸'[i%4]);r.cursorTo(process.stdout,0);} r.clearLine(process.stdout,0);console.log('added 3 packages')`,
      "added 3 packages\n",
    ],
    [
      "in colours",
      `for (let i=0;i<9;i++) process.stdout.write('\\x1b[32m'+i+'\\x1b[0m\\r');console.log('\\x1b[1mdone\\x1b[22m')`,
      "done\n",
    ],
  ] as const) {
    it(`progress ${what}, collapsed to its last state`, async () => {
      assert.equal((await node(program)).output.text, expected);
    });
  }

  it("plain, coloured or drawn anew, without ever needing a screen", async () => {
    // In a process of its own, in which nothing else has asked for one.
    const source = (path: string) => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);
    const program = `
      import { createRequire } from "node:module";
      const { testTerminals } = await import(${source("test/support/terminals.ts")});
      const { cache } = createRequire(import.meta.url);
      const screens = () => Object.keys(cache).filter((path) => path.includes("headless")).length > 0;
      const t = await testTerminals();
      await t.command("seq 1 100000; printf '\\e[31mred\\e[0m\\n'; for i in 1 2 3; do printf '\\r%d' $i; done; ls -la --color=always /");
      await t.read();
      console.log(screens());
      await t.write("echo typed\\n");
      console.log(screens());
      await t.close();`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
    assert.equal(stdout, "false\ntrue\n");
  });

  it("in colours for the eye, without for the model", async () => {
    const seen: string[] = [];
    const result = await t.command("printf '\\e[31mred\\e[0m\\n'", { onOutput: (chunk) => seen.push(chunk) });
    assert.equal(result.output.text, "red\n");
    assert.ok(seen.join("").includes("\x1b[31mred"));
    const attachment = await t.terminals.attach("main", () => {});
    assert.ok(attachment?.snapshot.includes("\x1b[31mred"));
    attachment?.dispose();
  });
});

for (const shell of ["zsh", "fish"]) {
  const missing = (await new NodePtySpawner().findShell(shell)) === null;
  (missing ? describe.skip : describe)(`floods in ${shell}, counted to the line`, function () {
    this.timeout(120_000);
    let t: TestTerminals;
    before(async () => {
      // Without this folder fish begins to read all manual pages, in the background.
      t = await testTerminals({ shell, files: { ".local/share/fish/generated_completions/none.fish": "" } });
    });
    after(async () => {
      await t.close();
      assert.deepEqual(t.complaints, []);
    });

    for (const [lineBytes, totalBytes] of [
      [100, 50_000_000],
      [2, 5_000_000],
    ] as const) {
      it(`${totalBytes / 1e6} MB in lines of ${lineBytes} bytes`, async () => {
        const line = "x".repeat(lineBytes - 1);
        const result = await t.command(`yes ${line} | head -c ${totalBytes}`, { timeoutMs: 50_000 });
        assert.deepEqual(
          [result.status, result.exitCode, result.totalLines],
          ["completed", 0, totalBytes / lineBytes],
          result.output.text.slice(-500),
        );
        assert.ok(result.output.text.endsWith(`\n${line}\n`));
        assert.equal((await t.command("echo next")).output.text, "next\n");
      });
    }
  });
}
