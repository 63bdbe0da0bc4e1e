import assert from "node:assert/strict";
import fc from "fast-check";
import { ControlScanner } from "../../../src/terminals/control-scanner.ts";
import { TerminalQueries } from "../../../src/terminals/terminal-queries.ts";
import { splitInput } from "../../../src/terminals/terminal-replies.ts";

function scanned(chunks: readonly string[]): string[] {
  const seen: string[] = [];
  const scanner = new ControlScanner({
    csi: (parameters, final) => seen.push(`csi ${parameters}${final}`),
    osc: (code, data) => seen.push(`osc ${code} ${data}`),
    request: (kind) => seen.push(`request ${kind}`),
    reset: () => seen.push("reset"),
  });
  for (const chunk of chunks) scanner.push(chunk);
  return seen;
}

function queries(viewers: number) {
  const typed: string[] = [];
  const desk = new TerminalQueries({
    answer: (text) => typed.push(text),
    cursor: async () => ({ row: 3, col: 7 }),
    hasViewers: () => viewers > 0,
  });
  const scanner = new ControlScanner({
    csi: (parameters, final) => desk.csi(parameters, final),
    osc: (code, data) => desk.osc(code, data),
    request: (kind) => desk.request(kind),
    reset() {},
  });
  const said = (data: string, active: boolean) =>
    desk.received(data, active).map(({ kind, text }) => `${kind} ${text}`);
  return { desk, typed, asks: (text: string) => scanner.push(text), said };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("control sequences in output", () => {
  const pieces = [
    ...[
      "text\r\n",
      "\x1b[31m",
      "\x1b[2;5H",
      "\x1b[?25l",
      "\x1b[?1049;2004h",
      "\x1b[6n",
      "\x1b[>c",
      "\x1b[1;5r",
      "日本",
    ],
    ...["\x1b]0;a title\x07", "\x1b]11;?\x1b\\", "\x1b]633;C\x07", "\x1b]8;;http://x\x1b\\", "\x1bP$qm\x1b\\", "\x1bc"],
    ...["\x1b", "\x1b[", "\x1b]2;cut off\x1b[5n", "\x1b7", "\x1b[?2026$p", "\x1b[2 q"],
  ];

  it("are found wherever the chunks are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 20 }), fc.array(fc.nat(12)), (parts, cuts) => {
        const text = parts.join("");
        const chunks: string[] = [];
        let at = 0;
        for (const size of [...cuts, text.length]) {
          chunks.push(text.slice(at, at + size));
          at += size;
        }
        assert.deepEqual(scanned(chunks), scanned([text]));
      }),
    );
  });

  it("are told with their parameters, those of no interest are not", () => {
    assert.deepEqual(scanned([pieces.slice(0, 15).join("")]), [
      ...["csi ?25l", "csi ?1049;2004h", "csi 6n", "csi >c", "csi 1;5r", "osc 0 a title", "osc 11 ?", "request $q"],
      "reset",
    ]);
  });

  it("that never end are let go", () => {
    assert.deepEqual(scanned([`\x1b]0;${"x".repeat(5000)}`, "\x1b[5n"]), ["csi 5n"]);
    assert.deepEqual(scanned([`\x1b[${"1;".repeat(5000)}`, "\x1b[5n"]), ["csi 5n"]);
  });
});

describe("questions of programs to their terminal", () => {
  it("are answered in order while nobody looks", async () => {
    const { asks, typed } = queries(0);
    asks("\x1b[c\x1b[6n\x1b[?6n\x1b]11;?\x07\x1b[?2026$p\x1b[5n\x1b[>0q");
    await settled();
    assert.deepEqual(typed, [
      ...["\x1b[?1;2c", "\x1b[3;7R", "\x1b[?3;7R", "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b[?2026;0$y", "\x1b[0n"],
    ]);
  });

  it("are answered once, by the active viewer", () => {
    const { asks, said, desk, typed } = queries(2);
    asks("\x1b[c\x1b]11;?\x07");
    assert.deepEqual(said("\x1b[?62;22c", false), []);
    assert.deepEqual(said("\x1b[?1;2c", true), ["answer \x1b[?1;2c"]);
    assert.deepEqual(said("\x1b[?1;2c", true), [], "nobody asks any more");
    assert.deepEqual(said("\x1b]11;rgb:ffff/ffff/ffff\x1b\\", false), []);
    assert.deepEqual(said("\x1b]10;rgb:0000/0000/0000\x07", true), [], "that colour was not asked for");
    assert.deepEqual(said("\x1b]11;rgb:ffff/ffff/ffff\x1b\\", true), ["answer \x1b]11;rgb:ffff/ffff/ffff\x1b\\"]);
    desk.dispose();
    assert.deepEqual(typed, []);
  });

  it("are answered from here when no viewer does, and a late answer is dropped", async function () {
    this.timeout(120_000);
    const { asks, said, typed } = queries(1);
    asks("\x1b[>q\x1b[c");
    while (typed.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(typed, ["\x1b[?1;2c"]);
    assert.deepEqual(said("\x1b[?1;2c", true), []);
    assert.deepEqual(said("\x1bP>|xterm.js(6.0.0)\x1b\\", true), []);
  });

  it("are not collected without end", async () => {
    const { asks, typed } = queries(0);
    asks("\x1b[c".repeat(1000));
    await settled();
    assert.equal(typed.length, 16);
    asks("\x1b[5n");
    await settled();
    assert.equal(typed.at(-1), "\x1b[0n");
  });

  it("leave what a person types alone", () => {
    const { said } = queries(2);
    const typing = [
      "ls\r",
      "\x1b",
      "\x1b[A",
      "\x1bOP",
      "\x1b[1;5C",
      "\x1b[200~pasted\x1b[201~",
      "\x1b[<0;3;4M",
      "\x1b[1;2R",
    ];
    for (const keys of [...typing, "\x1b[I", "\x1b[15~", "\x1b[97;5u"]) {
      for (const active of [true, false]) assert.deepEqual(said(keys, active), [`typed ${keys}`]);
    }
    assert.deepEqual(said("a\x1b[?1;2cb", false), ["typed a", "typed b"]);
  });

  it("lose nothing of what a viewer sends", () => {
    const piece = fc.constantFrom(
      "x",
      "\x1b[?1;2c",
      "\x1b[",
      "\x1b[3;4R",
      "\x1bP>|v\x1b\\",
      "\x1b]11;rgb:1/2/3\x07",
      "\x1b[0n",
      "日",
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const data = pieces.join("");
        assert.equal(
          splitInput(data)
            .map(({ text }) => text)
            .join(""),
          data,
        );
      }),
    );
  });
});
