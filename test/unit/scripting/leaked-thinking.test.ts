/** Thinking that stands in the text is never run, wherever its opening tag went; what only names a tag is left alone. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { splitThinking, thinkingText } from "../../../src/scripting/leaked-thinking.ts";
import { parseReply } from "../../../src/scripting/reply-parser.ts";
import { judgeReply, type ReplyVerdict } from "../../../src/scripting/reply-verdict.ts";

const judge = (text: string, cut = false): ReplyVerdict =>
  judgeReply(parseReply(text), { cut, toolNames: ["execute"] });
const program = (code: string) => `\`\`\`codepilot\n${code}\n\`\`\`\n`;
const payload = (name: string, body: string, marks = "```") => `${marks}text filename=${name}\n${body}\n${marks}\n`;
const draft = program('execute("main", "rm -rf build")');
const real = program('read_file("a")');

/** What would run, or what else the reply comes to. */
function outcome(text: string): string {
  const verdict = judge(text);
  return verdict.kind === "run" ? verdict.source : verdict.kind;
}

describe("thinking in a reply", () => {
  for (const [what, text, expected] of [
    ["has a draft, and the answer no block", `I could\n${draft}But no.\n</think>\n\nShall I?`, "chat"],
    ["has a draft, and the answer a program", `${draft}Better:\n</think>\n\n${real}`, 'read_file("a")\n'],
    ["ends within a line", `${draft}No.</think>I read it.\n${real}`, 'read_file("a")\n'],
    ["ends right before the fence", `${draft}No.</think>${real}`, 'read_file("a")\n'],
    ["has another name", `${draft}\n</thinking>\n${real}`, 'read_file("a")\n'],
    ["has a third name", `${draft}\n</reasoning>\nNo.`, "chat"],
    ["has its opening tag", `<think>\n${draft}</think>\n${real}`, 'read_file("a")\n'],
    ["never ends", `<think>\n${draft}`, "chat"],
    ["names its tag before it ends", `<think>a </think> b\n${draft}\n</think>\nNo.`, "chat"],
    ["begins after some words", `Hm.\n<think>\n${draft}</think>\nNo.`, "chat"],
    ["ends twice", `${draft}</think>\n${draft}</think>\nNo.`, "chat"],
    ["has a draft with its payload", `${draft}${payload("a", "x")}</think>\nNo.`, "chat"],
    ["has a completion", "```completion\nDone.\n```\n</think>\nNot yet.", "chat"],
    ["left its program open", `\`\`\`codepilot\nexecute("x")\n</think>\n\n${real}`, 'read_file("a")\n'],
    ["left an ordinary fence open", `${draft}\`\`\`sh\nls\n</think>\n\n${real}`, 'read_file("a")\n'],
    [
      "left a payload open",
      `${draft}\`\`\`text filename=a\nx\n</think>\n${program('write_file("b")')}${payload("b", "y")}`,
      'write_file("b")\n',
    ],
    ["left a fence open, and the answer has none", `${draft}\`\`\`sh\nls\n</think>\n\nNo.`, "rejected"],
    [
      "left a fence open, and the answer has a bare one",
      `${draft}\`\`\`sh\nls\n</think>\nSo:\n\`\`\`\n1\n\`\`\`\n`,
      "rejected",
    ],
    [
      "left a payload open, and the answer has an example",
      `${draft}\`\`\`text filename=a\n</think>\n\`\`\`js\n1\n\`\`\`\n`,
      "rejected",
    ],
  ] as const) {
    it(what, () => assert.equal(outcome(text), expected));
  }

  for (const [what, text] of [
    ["in a payload", `${program('write_file("a.md")')}${payload("a.md", "The end:\n</think>")}`],
    ["in a payload before others", `${program("x()")}${payload("a.md", "a</think>b")}${payload("b.md", "c")}`],
    ["in a payload with a longer fence", `${program("x()")}${payload("a.md", `</think>\n${draft}`, "````")}`],
    [
      "in a payload behind its opening tag",
      `${program("x()")}${payload("a.md", "<think>a</think>")}${payload("b", "c")}`,
    ],
    ["in the program", `${program('x("</think>")')}${payload("b.md", "c")}`],
    ["in a code span", `${program("x()")}I took out the stray \`</think>\`.\n`],
    ["as a pair", `${program("x()")}Models write <think>…</think> around it.\n`],
    ["in an ordinary fence", `\`\`\`html\n</think>\n\`\`\`\n${program("x()")}`],
  ] as const) {
    it(`leaves a tag alone that stands ${what}`, () => {
      const reply = parseReply(text);
      assert.equal(splitThinking(reply).answer, reply);
      assert.equal(judge(text).kind, "run");
    });
  }

  it("does not run the example in a payload that an inner fence has cut short", () => {
    for (const more of ["", `${payload("b.md", "y")}`, "```js\n1\n```\n"]) {
      const text = `${program("x()")}${payload("a.md", `Text\n</think>\n${draft}More`)}${more}`;
      assert.equal(outcome(text), "rejected", text);
    }
  });

  it("keeps the answer's indent, and takes the tags from what is shown", () => {
    const { end, answer } = splitThinking(parseReply("<think>\n a \n</think>\n \n  b"));
    assert.equal(answer.text, "  b");
    assert.equal(thinkingText("<think>\n a \n</think>\n \n".slice(0, end)), "a");
  });

  it("says that the reply was cut where it was", () => {
    const verdict = judge(`${draft}</think>\n\`\`\`codepilot\nread`, true);
    assert.match(verdict.kind === "rejected" ? verdict.message : "", /cut by the output limit inside the ```codepilot/);
  });

  it("never lets a block run that stands before a closing tag in the prose", () => {
    const piece = fc.constantFrom(
      draft,
      payload("a", "x"),
      "words\n",
      "```js\n1\n```\n",
      "```\n",
      "```codepilot\nexecute(1)\n",
      "```text filename=b\n",
      "</think>\n",
      "words </think>",
      "`</think>`\n",
    );
    const answer = fc.constantFrom("No.\n", real, `${real}${payload("c", "z")}`);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), answer, (pieces, rest) => {
        const thinking = pieces.join("");
        const before = parseReply(thinking);
        fc.pre(before.blocks.every(({ closed }) => closed) && !before.displayFenceOpen);
        const text = `${thinking}\n</think>\n${rest}`;
        const { end, answer: left } = splitThinking(parseReply(text));
        assert.equal(left.text, rest);
        assert.equal(end, text.length - rest.length);
        assert.ok(["chat", 'read_file("a")\n'].includes(outcome(text)));
      }),
      { numRuns: 2_000 },
    );
  });

  it("gets through huge and hostile replies", () => {
    for (const unit of [
      "</think>",
      "<think>",
      "```js\n</think>\n```js\n",
      "</think>```js\n",
      "```\n</think>\n",
      " \n",
    ]) {
      const text = unit.repeat(1_000_000 / unit.length);
      judge(text);
      judge(`${draft}${text}`);
      judge(`${draft}</think>${text}`);
    }
  }).timeout(120_000);
});
