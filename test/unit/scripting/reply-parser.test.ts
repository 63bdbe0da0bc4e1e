import assert from "node:assert/strict";
import fc from "fast-check";
import { bodyOf } from "../../../src/protocol/reply-text.ts";
import { LONGEST_FENCE_LINE } from "../../../src/scripting/fence.ts";
import { parseReply, type ReplyChunk, ReplyParser } from "../../../src/scripting/reply-parser.ts";

const fence = "```";

interface Streamed {
  readonly prose: string;
  readonly blocks: string[];
  readonly opened: { kind: string; filename?: string }[];
  readonly closed: number[];
}

/** What a consumer of the chunks ends up with; checks that they come in a sensible order. */
function gather(chunks: readonly ReplyChunk[]): Streamed {
  const result = { prose: "", blocks: [] as string[], opened: [] as Streamed["opened"], closed: [] as number[] };
  let open: number | null = null;
  for (const chunk of chunks) {
    if (chunk.kind === "prose") {
      assert.equal(open, null);
      assert.notEqual(chunk.delta, "");
      result.prose += chunk.delta;
    } else if (chunk.kind === "block.opened") {
      assert.equal(open, null);
      assert.equal(chunk.index, result.blocks.length);
      open = chunk.index;
      result.blocks.push("");
      result.opened.push(chunk.block);
    } else {
      assert.equal(chunk.index, open);
      if (chunk.kind === "block.closed") {
        result.closed.push(chunk.index);
        open = null;
      } else {
        assert.notEqual(chunk.delta, "");
        result.blocks[chunk.index] += chunk.delta;
      }
    }
  }
  return result;
}

function stream(pieces: Iterable<string>) {
  const parser = new ReplyParser();
  const chunks = [...pieces].flatMap((piece) => parser.push(piece));
  const end = parser.end();
  return { ...gather([...chunks, ...end.chunks]), reply: end.reply };
}

const codeUnits = (text: string) => Array.from({ length: text.length }, (_, at) => text.charAt(at));

function summary(text: string) {
  const reply = parseReply(text);
  return reply.blocks.map((block) => {
    const name = block.filename === undefined ? block.kind : `${block.kind} ${block.filename}`;
    return `${name}${block.closed ? "" : " (open)"}: ${JSON.stringify(bodyOf(text, block))}`;
  });
}

interface Line {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The same grammar as a plain loop over lines, from the wording of the CommonMark specification. */
function naive(text: string) {
  const lines: Line[] = [];
  for (const match of text.matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/g)) {
    if (match[0] === "" && match.index > 0) continue;
    lines.push({ start: match.index, end: match.index + match[0].length, text: match[1] ?? "" });
  }
  let prose = "";
  const blocks: { kind: string; filename: string | undefined; body: string; closed: boolean }[] = [];
  let open: { marks: string; indent: number; block: boolean } | null = null;
  for (const line of lines) {
    const raw = text.slice(line.start, line.end);
    const fenceLine = /^( {0,3})(`{3,}|~{3,})(.*)$/s.exec(line.text);
    if (open) {
      const [, , marks = "", rest = ""] = fenceLine ?? [];
      if (fenceLine && marks[0] === open.marks[0] && marks.length >= open.marks.length && /^[ \t]*$/.test(rest)) {
        const last = blocks.at(-1);
        if (open.block && last) last.closed = true;
        else prose += raw;
        open = null;
        continue;
      }
      const last = blocks.at(-1);
      if (open.block && last) last.body += raw.replace(new RegExp(`^ {0,${open.indent}}`), "");
      else prose += raw;
      continue;
    }
    const [, indent = "", marks = "", info = ""] = fenceLine ?? [];
    if (!fenceLine || (marks.startsWith("`") && info.includes("`"))) {
      prose += raw;
      continue;
    }
    const words = info.trim().split(/[ \t]+/);
    const language = words[0]?.toLowerCase() ?? "";
    const filename = words.find((word) => word.startsWith("filename="))?.slice("filename=".length);
    const kind =
      { codepilot: "control", completion: "completion" }[language] ?? (filename === undefined ? "" : "payload");
    open = { marks, indent: indent.length, block: kind !== "" };
    if (kind === "") prose += raw;
    else blocks.push({ kind, filename: kind === "payload" ? filename : undefined, body: "", closed: false });
  }
  return { prose, blocks, displayFenceOpen: open !== null && !open.block };
}

const indents = fc.constantFrom("", "", "", " ", "   ", "    ", "\t");
const marks = fc.constantFrom("```", "```", "````", "~~~", "~~~~~", "``");
const infos = fc.constantFrom(
  "codepilot",
  " CodePilot x",
  "completion",
  "text filename=a.txt",
  "filename=b",
  "js",
  "",
  "",
  "",
  "  \t",
  " `",
  "codepilot`",
  "md filename=a`b",
);
const fenceLines = fc.tuple(indents, marks, infos).map((parts) => parts.join(""));
const otherLines = fc.oneof(
  fc.constantFrom("", "text", "  indented", "   ", "😀 é", "a ``` b", "\ud83d", "\udc00x", "-", "> ```codepilot"),
  fc.string({ unit: fc.constantFrom("`", "~", " ", "a", "😀"), maxLength: 8 }),
);
const ends = fc.constantFrom("\n", "\n", "\n", "\r\n", "\r", "");
const replies = fc
  .array(fc.tuple(fc.oneof(fenceLines, otherLines), ends), { maxLength: 24 })
  .map((lines) => lines.map(([line, end]) => line + end).join(""));

function cutAt(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
  return places.slice(1).map((place, index) => text.slice(places[index], place));
}

describe("reply parser", () => {
  it("agrees with a plain reading line by line", () => {
    fc.assert(
      fc.property(replies, (text) => {
        const reply = parseReply(text);
        const blocks = reply.blocks.map((block) => ({
          kind: block.kind,
          filename: block.filename,
          body: bodyOf(text, block),
          closed: block.closed,
        }));
        const { prose, displayFenceOpen } = reply;
        assert.deepEqual({ prose, blocks, displayFenceOpen }, naive(text));
        assert.equal(reply.text, text);
      }),
      { numRuns: 3_000 },
    );
  });

  it("gives the same however the reply is cut, in the middle of characters and line ends too", () => {
    fc.assert(
      fc.property(replies, fc.array(fc.nat(1_000), { maxLength: 20 }), (text, cuts) => {
        const reply = parseReply(text);
        for (const pieces of [[text], cutAt(text, cuts), codeUnits(text)]) {
          const streamed = stream(pieces);
          assert.deepEqual(streamed.reply, reply);
          assert.equal(streamed.prose, reply.prose);
          assert.deepEqual(
            streamed.blocks,
            reply.blocks.map((block) => bodyOf(text, block)),
          );
          assert.deepEqual(
            streamed.opened,
            reply.blocks.map(({ kind, filename }) => ({ kind, ...(filename === undefined ? {} : { filename }) })),
          );
          assert.deepEqual(
            streamed.closed,
            reply.blocks.flatMap((block, index) => (block.closed ? [index] : [])),
          );
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("keeps characters whole in every delta when the reply's are", () => {
    fc.assert(
      fc.property(replies, (text) => {
        const parser = new ReplyParser();
        for (const piece of codeUnits(text.toWellFormed())) {
          for (const chunk of parser.push(piece)) if ("delta" in chunk) assert.ok(chunk.delta.isWellFormed());
        }
      }),
    );
  });

  it("covers the reply with blocks and prose without a gap", () => {
    fc.assert(
      fc.property(replies, (text) => {
        const { blocks, displayFences } = parseReply(text);
        let last = 0;
        for (const { start, bodyStart, bodyEnd, end } of [...blocks, ...displayFences].sort(
          (a, b) => a.start - b.start,
        )) {
          assert.ok(last <= start && start < bodyStart && bodyStart <= bodyEnd && bodyEnd <= end);
          last = end;
        }
        assert.ok(last <= text.length);
      }),
    );
  });

  it("takes a typical reply apart", () => {
    const text = `I write two files.\n\n${fence}codepilot\nwrite_file("a.md")\n${fence}\n${fence}text filename=a.md\n# A\n\n${fence}\n\nBye\n${fence}completion\nDone.\n${fence}`;
    assert.deepEqual(summary(text), [
      'control: "write_file(\\"a.md\\")\\n"',
      'payload a.md: "# A\\n\\n"',
      'completion: "Done.\\n"',
    ]);
    assert.equal(parseReply(text).prose, "I write two files.\n\n\nBye\n");
  });

  it("reads file names bare, quoted and with spaces", () => {
    const names = {
      "text filename=src/a.py": "src/a.py",
      'text filename="my file.txt"': "my file.txt",
      "text filename='it is \"x\".txt' title=1": 'it is "x".txt',
      'python title="b filename=no" filename=C:\\x\\y.py': "C:\\x\\y.py",
      "filename=Makefile": "Makefile",
      'text filename=""': "",
      "text filename=": "",
      'text filename="half': '"half',
      "text filename=a=b": "a=b",
    };
    for (const [info, filename] of Object.entries(names)) {
      const [block] = parseReply(`${fence}${info}\n${fence}`).blocks;
      assert.deepEqual([block?.kind, block?.filename], ["payload", filename], info);
    }
    for (const info of ["text myfilename=a", "text filename a", "text name=filename", "{filename=a}"]) {
      assert.deepEqual(parseReply(`${fence}${info}\n${fence}`).blocks, [], info);
    }
  });

  it("knows program and completion by the first word, in any case, whatever else the line says", () => {
    assert.deepEqual(summary("```  CodePilot filename=x\na\n```"), ['control: "a\\n"']);
    assert.deepEqual(summary("~~~COMPLETION filename=x\na\n~~~"), ['completion: "a\\n"']);
    assert.deepEqual(summary("```codepilots\na\n```"), []);
    assert.deepEqual(summary("```python codepilot\na\n```"), []);
  });

  it("keeps payloads to the byte: empty, without and with several final newlines, with CRLF", () => {
    assert.deepEqual(summary("```text filename=__init__.py\n```"), ['payload __init__.py: ""']);
    assert.deepEqual(summary("```text filename=a\n\n\n```"), ['payload a: "\\n\\n"']);
    assert.deepEqual(summary("```text filename=a\r\nx\r\n\ty \r\n```\r\n"), ['payload a: "x\\r\\n\\ty \\r\\n"']);
    assert.deepEqual(summary("```text filename=a\nx"), ['payload a (open): "x"']);
    assert.deepEqual(summary("```text filename=a"), ['payload a (open): ""']);
  });

  it("closes only with the same mark, at least as many, and nothing behind them", () => {
    assert.deepEqual(summary("````md filename=a\n```js\nx\n```\n~~~~\n```` x\n    ````\n  `````  \t\nafter"), [
      'payload a: "```js\\nx\\n```\\n~~~~\\n```` x\\n    ````\\n"',
    ]);
    assert.deepEqual(summary("~~~codepilot\n```\nx ~~~\n~~~~"), ['control: "```\\nx ~~~\\n"']);
  });

  it("opens nothing inside an ordinary fence, in indented code, in quotes and in the middle of a line", () => {
    for (const text of [
      "````md\n```codepilot\nx\n```\n````",
      "~~~\n```codepilot\nx\n```\n~~~",
      "```\n```codepilot\n```",
      "    ```codepilot\n    x\n    ```",
      "\t```codepilot",
      "> ```codepilot\n> x\n> ```",
      "x ```codepilot\nx",
      "```codepilot`\nx",
      "``codepilot\nx\n``",
    ]) {
      assert.deepEqual(summary(text), []);
      assert.equal(parseReply(text).prose, text);
    }
  });

  it("takes the opening fence's indent off the lines of a block", () => {
    assert.deepEqual(summary("  ```codepilot\n  a\n   b\n c\n\td\n\n  \r\n  ``\n  ```"), [
      'control: "a\\n b\\nc\\n\\td\\n\\n\\r\\n``\\n"',
    ]);
  });

  it("says whether an ordinary fence is still open, and where they are", () => {
    const text = "```JS\na\n```\n~~~ b\nc";
    const { displayFences, displayFenceOpen } = parseReply(text);
    assert.equal(displayFenceOpen, true);
    assert.deepEqual(
      displayFences.map(({ language, mark, length, bodyStart, bodyEnd }) => [
        language,
        mark,
        length,
        text.slice(bodyStart, bodyEnd),
      ]),
      [
        ["js", "`", 3, "a\n"],
        ["b", "~", 3, "c"],
      ],
    );
    assert.equal(parseReply("```\na\n```").displayFenceOpen, false);
    assert.equal(parseReply("```codepilot\na").displayFenceOpen, false);
  });
});

describe("reply parser, while the reply streams", () => {
  const pushed = (...pieces: string[]): ReplyChunk[][] => {
    const parser = new ReplyParser();
    return pieces.map((piece) => [...parser.push(piece)]);
  };
  const prose = (delta: string): ReplyChunk => ({ kind: "prose", delta });

  it("lets prose go at once, in the middle of a line too", () => {
    assert.deepEqual(pushed("Hel", "lo ``` `", "\n", "w"), [
      [prose("Hel")],
      [prose("lo ``` `")],
      [prose("\n")],
      [prose("w")],
    ]);
  });

  it("holds a line back only as long as it may open a block", () => {
    assert.deepEqual(pushed(" ", "`", "`", "x"), [[], [], [], [prose(" ``x")]]);
    assert.deepEqual(pushed("```", "j", "s", "\n", "x", "\n``", "`\n"), [
      [],
      [],
      [],
      [prose("```js\n")],
      [prose("x")],
      [prose("\n``")],
      [prose("`\n")],
    ]);
    assert.deepEqual(pushed("```a", "`", " b"), [[], [prose("```a`")], [prose(" b")]]);
  });

  it("never shows a mark of a block's fence", () => {
    assert.deepEqual(pushed("a\n`", "``code", "pilot\nx", "\n", "``", "`", "\n", "b"), [
      [prose("a\n")],
      [],
      [
        { kind: "block.opened", index: 0, block: { kind: "control" } },
        { kind: "block.delta", index: 0, delta: "x" },
      ],
      [{ kind: "block.delta", index: 0, delta: "\n" }],
      [],
      [],
      [{ kind: "block.closed", index: 0 }],
      [prose("b")],
    ]);
  });

  it("holds back no more than a fence line may be long, and reads a longer one alike however it is cut", () => {
    const long = 2 * LONGEST_FENCE_LINE;
    const cases = [
      `${fence}codepilot ${"x".repeat(long)}\ny\n${fence}\n`,
      `${fence}codepilot ${"x".repeat(long)}\`\ny\n${fence}codepilot\nz\n`,
      `${"`".repeat(long)}\ny\n${"`".repeat(long)}\n${fence}codepilot\n`,
      `  ${fence}codepilot\ny\n  ${"`".repeat(long)}\n  ${fence}${" ".repeat(long)}\nz\n${fence}\n`,
      ...[0, 1, 2].map((more) => `~~~codepilot\n~~~${" ".repeat(LONGEST_FENCE_LINE - 4 + more)}\r\n`),
      ...[0, 1, 2].map((more) => `~~~${"codepilot".padEnd(LONGEST_FENCE_LINE - 4 + more)}\r\nx\n`),
    ];
    for (const text of cases) {
      const parser = new ReplyParser();
      let out = 0;
      for (const [index, piece] of codeUnits(text).entries()) {
        for (const chunk of parser.push(piece)) if ("delta" in chunk) out += chunk.delta.length;
        if (index % 501 !== 0) continue;
        const lines = text.slice(0, text.lastIndexOf("\n", index) + 1);
        const { blocks, prose: shown } = parseReply(lines);
        // Fence lines of blocks and indents never come out.
        const cutOut = blocks.reduce((rest, block) => rest - bodyOf(lines, block).length, lines.length - shown.length);
        const held = index + 1 - out - cutOut;
        assert.ok(held <= LONGEST_FENCE_LINE + 4, `${held} characters are held back`);
      }
      assert.deepEqual(stream(codeUnits(text)).reply, parseReply(text));
      assert.equal(stream(codeUnits(text)).prose, parseReply(text).prose);
      assert.deepEqual(
        stream(codeUnits(text)).blocks,
        parseReply(text).blocks.map((block) => bodyOf(text, block)),
      );
    }
    assert.deepEqual(summary(cases[0]!), []);
    assert.deepEqual(summary(cases[1]!), ['control (open): "z\\n"']);
    assert.deepEqual(summary(cases[2]!), ['control (open): ""']);
    assert.equal(summary(cases[3]!).length, 1);
  });

  it("gets through huge and hostile replies", () => {
    const big = 200_000;
    const nested = `${fence}codepilot\n${"[".repeat(100_000)}${"]".repeat(100_000)}\n${fence}\n`;
    assert.equal(parseReply(nested).blocks.length, 1);
    assert.equal(parseReply(`${fence}text filename=a\nx\n${fence}\n`.repeat(100_000)).blocks.length, 100_000);
    assert.equal(parseReply(`${fence}js\nx\n${fence}\n`.repeat(100_000)).displayFences.length, 100_000);
    for (const unit of ["`", "~", " ", "\r", "\n", "a", "`\n", " `", "```a\n", "\ud83d"]) {
      const text = unit.repeat(big / unit.length);
      assert.equal(stream(codeUnits(text)).prose.length, text.length);
      const inBlock = `  ~~~codepilot\n${text}`;
      assert.equal(stream(codeUnits(inBlock)).blocks[0], bodyOf(inBlock, parseReply(inBlock).blocks[0]!));
    }
  }).timeout(60_000);
});
