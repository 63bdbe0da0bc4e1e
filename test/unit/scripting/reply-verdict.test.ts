import assert from "node:assert/strict";
import fc from "fast-check";
import * as messages from "../../../src/scripting/protocol-messages.ts";
import { parseReply } from "../../../src/scripting/reply-parser.ts";
import { judgeReply, type ReplyVerdict } from "../../../src/scripting/reply-verdict.ts";
import { assertGolden } from "../../support/golden.ts";

const toolNames = ["read_file", "write_file", "execute", "find", "ask_user", "exec"];
const judge = (text: string, cut = false): ReplyVerdict => judgeReply(parseReply(text), { cut, toolNames });

function rejection(text: string, cut = false): string {
  const verdict = judge(text, cut);
  assert.equal(verdict.kind, "rejected");
  return verdict.kind === "rejected" ? verdict.message : "";
}

const control = '```codepilot\nwrite_file("a.py")\n```\n';
const payload = (name: string, body = "x\n", marks = "```") => `${marks}text filename=${name}\n${body}${marks}\n`;
const completion = "```completion\nDone.\n```\n";

/** One reply for each way to break the protocol. */
const broken: Readonly<Record<string, { readonly text: string; readonly cut?: boolean }>> = {
  "cut answer": { text: "The reason is", cut: true },
  "cut in a payload": { text: `${control}${payload("a.py")}\`\`\`text filename=b.py\nimport`, cut: true },
  "cut behind a block": { text: `${control}${payload("a.py")}`, cut: true },
  "cut in the program": { text: "```codepilot\nwrite_", cut: true },
  "unclosed program": { text: '```codepilot\nread_file("a")' },
  "unclosed payload": { text: `${control}\`\`\`text filename="my file.md"\nx\n` },
  "unclosed completion": { text: "```completion\nDone." },
  "two programs": { text: `${control}\n${control}` },
  "three completions": { text: completion.repeat(3) },
  "empty program": { text: "```codepilot\n\n```\n" },
  "payload without program": { text: payload("a.py") },
  "payloads without program": {
    text: `${Array.from({ length: 12 }, (_, n) => payload(`${n}.py`)).join("")}${completion}`,
  },
  "payload without a name": { text: `${control}${payload("a.py")}${payload('""')}` },
  "payload that ends at an inner fence": {
    text: `${control}${payload("README.md", "Run\n```\nnpm start\n```\nand look.\n")}`,
  },
  "payload without filename behind another": { text: `${control}${payload("a.py")}\n\`\`\`\nimport b\n\`\`\`\n` },
  "program in an unclosed fence": { text: `Like this:\n\`\`\`\nx\n\n${control}` },
  "program and completion in an unclosed fence": { text: `\`\`\`\nx\n\n${control}\n${completion}` },
};

describe("reply verdict", () => {
  it("runs a program with its payloads and closing words", () => {
    const text = `First.\n${control}${payload("a.py", "a\n\n")}${payload('"b c.py"', "")}${completion}`;
    const reply = parseReply(text);
    assert.deepEqual(judgeReply(reply, { cut: false, toolNames }), {
      kind: "run",
      control: reply.blocks[0],
      source: 'write_file("a.py")\n',
      payloads: [
        { filename: "a.py", content: "a\n\n", index: 1 },
        { filename: "b c.py", content: "", index: 2 },
      ],
      completion: "Done.",
    });
  });

  it("takes payloads that stand before the program, and a program of comments only", () => {
    const verdict = judge(`${payload("a")}\`\`\`codepilot\n# nothing to do\n\`\`\`\n`);
    assert.equal(verdict.kind === "run" && verdict.payloads.length, 1);
    assert.equal(verdict.kind === "run" && verdict.completion, null);
  });

  it("takes a completion alone for the end of the task", () => {
    assert.deepEqual(judge(`Good.\n${completion}`), {
      kind: "finished",
      completion: "Done.",
      foreignEnvelope: false,
    });
    assert.deepEqual(judge("```completion\n```"), { kind: "finished", completion: "", foreignEnvelope: false });
  });

  it("sees beside a completion alone what was meant to act", () => {
    for (const text of [
      "```python\nexecute('main', 'make')\n```\n",
      "I do it: ```codepilot\nexecute('main', 'make')\n ```\n\n```\n",
      "```python codepilot\nprint(1)\n```\n",
      '<tool_call>{"name": "x"}</tool_call>\n',
    ]) {
      const verdict = judge(text + completion);
      assert.ok(verdict.kind === "finished" && verdict.foreignEnvelope, text);
    }
  });

  it("takes a reply without blocks for an answer", () => {
    assert.deepEqual(judge("Because.\n```js\nread_file(1)\n```\n"), { kind: "chat", foreignEnvelope: false });
    assert.deepEqual(judge(""), { kind: "chat", foreignEnvelope: false });
    assert.deepEqual(judge("A program looks so:\n````\n```codepilot\nx()\n```\n````\n"), {
      kind: "chat",
      foreignEnvelope: false,
    });
  });

  it("explains every mistake in the same words", () => {
    const texts = Object.entries(broken).map(([name, { text, cut }]) => `# ${name}\n${rejection(text, cut)}\n`);
    texts.push(`# foreign envelope\n${messages.foreignEnvelope()}\n`);
    assertGolden("test/golden/scripting/rejections.golden.txt", texts.join("\n"));
  });

  it("begins each message with the cause, then says that nothing ran", () => {
    for (const { text, cut } of Object.values(broken)) {
      const [cause = "", ran = "", ...repairs] = rejection(text, cut).split("\n");
      assert.match(cause, /^PROTOCOL ERROR: .+\.$/);
      assert.match(ran, /^No tool code from the previous response ran/);
      assert.ok(repairs.length > 0);
    }
  });

  it("lets a payload have fences in it when its own is longer or of another kind", () => {
    const body = "```\nx\n```\n";
    for (const marks of ["````", "~~~"]) {
      const verdict = judge(`${control}${payload("a.md", body, marks)}\nLike so:\n\`\`\`\ny\n\`\`\`\n`);
      assert.equal(verdict.kind === "run" && verdict.payloads[0]?.content, body);
    }
  });

  it("never runs a payload that an inner fence has cut short", () => {
    const fenced = fc.tuple(fc.constantFrom("", "js", "sh", " "), fc.constantFrom("x\n", "", "a\n\nb\n"));
    const inner = fc.oneof(
      fc.constantFrom("text\n", "\n"),
      fenced.map(([info, code]) => `\`\`\`${info}\n${code}\`\`\`\n`),
    );
    const rest = fc.array(fc.constantFrom(payload("b.md"), completion, "\n"), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(inner, { maxLength: 8 }), rest, (lines, after) => {
        const body = lines.join("");
        const verdict = judge(`${control}${payload("a.md", body)}${after.join("")}`);
        if (verdict.kind === "run") assert.equal(verdict.payloads[0]?.content, body);
        else assert.ok(body.includes("```") || after.filter((block) => block === completion).length > 1);
      }),
      { numRuns: 1_000 },
    );
  });

  it("names no more than a few of very many, and shortens long names", () => {
    const many = rejection(Array.from({ length: 1_000 }, (_, n) => payload(`${"d/".repeat(500)}${n}`)).join(""));
    assert.ok(many.length < 4_000);
    assert.match(many, /and 990 more/);
  });
});

describe("reply verdict on calls of other conventions", () => {
  const foreign = (text: string): boolean => {
    const verdict = judge(text);
    assert.equal(verdict.kind, "chat", text);
    return verdict.kind === "chat" && verdict.foreignEnvelope;
  };

  it("knows them", () => {
    for (const text of [
      '{"name": "read_file", "arguments": {"path": "a"}}',
      'I look.\n\n{"name":"bash","arguments":{"command":"ls"}}',
      '[{"name": "read_file", "parameters": {"path": "a"}}]',
      '{"tool": "read_file", "path": "a"}',
      '{\n  "tool_calls": [\n    {"id": "1", "type": "function",\n     "function": {"name": "x", "arguments": "{}"}}]}',
      '{"arguments": {"path": "a"}, "name": "read_file"}',
      'Now:\n```json\n{"name": "read_file", "arguments": {"path": "a"}}\n```\n',
      '```\n{"action": "functions.execute", "action_input": "ls"}\n```',
      '```json\n{"name": "anything", "arguments": {}}\n```',
      '<tool_call>\n{"name": "x"}\n</tool_call>',
      'I look. <tool_call>{"name": "x"}</tool_call>',
      '<function_calls>\n<invoke name="read_file">\n<parameter name="path">a</parameter>',
      '<invoke name="x">',
      "<function=read_file>\n<parameter=path>a</parameter>",
      '[TOOL_CALLS] [{"name": "x"}]',
      "<|python_tag|>read_file('a')",
      "<|channel|>commentary to=functions.read_file <|message|>{}",
      'commentary to=functions.read_file {"path":"a"}',
      "<｜tool▁calls▁begin｜>x",
      "<read_file>\n<path>a</path>\n</read_file>",
      "I look:\n```python\nread_file('a')\n```",
      "```tool_code\nprint(default_api.read_file(path='a'))\n```",
      "```py\nresult = execute('main', 'ls')\n```",
      "a.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n",
      "```python\na.py\n<<<<< SRCH\nx\n=====\ny\n>>>>> RPLACE\n```",
      "*** Begin Patch\n*** Update File: a\n*** End Patch",
      "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
      "Here:\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
      "```diff\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n```",
      "I look: ```codepilot\nprint(1)\n```\n",
      "- ```codepilot\n  print(1)\n  ```\n",
      "> ```codepilot\n> print(1)\n> ```\n",
      "    ```codepilot\r\n    print(1)\r\n    ```\r\n",
      "```python codepilot\nprint(1)\n```\n",
      "```{codepilot}\nprint(1)\n```\n",
      "~~~codepilot.py\nprint(1)\n~~~\n",
      "```codepilot:\nprint(1)\n```\n",
      'read_file("a.py")',
      '[read_file(path="a"), find(pattern="x")]\n',
      "```\nread_file('a')\nexecute('main', 'ls')\n```",
      'functions.read_file({"path": "a"})',
      'Thought: I look.\nAction: read_file\nAction Input: {"path": "a"}',
      "<execute_command>\n<command>ls</command>\n</execute_command>",
      '<|tool_call|>[{"name": "x"}]',
    ]) {
      assert.equal(foreign(text), true, text);
    }
  });

  it("leaves answers alone", () => {
    for (const text of [
      "The file is JSON with a `name` and `arguments`.",
      'package.json:\n```json\n{"name": "read_file", "version": "1.0.0"}\n```\n',
      'Launch configuration:\n```json\n{"name": "Launch", "type": "node", "args": ["x"]}\n```\n',
      'An OpenAI call looks so:\n```json\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n```\n',
      'Set it to {"name": "x", "arguments": {}} in the settings.',
      "Some models write `<tool_call>` around JSON.",
      "Some models write <tool_call> tags around their calls.",
      "The tag ``<function_calls>`` and the token `<|channel|>` are not ours.",
      "```xml\n<tool_call>\n{}\n</tool_call>\n```\nis what Hermes models write.",
      "Use a list comprehension:\n```python\nprint([x for x in range(3)])\ns.find('a')\nexec('x')\n```",
      "```python\ndef find(x):\n    return x\n\nfind(3)\n```",
      "```python\nfrom tools import execute\n\nexecute('x')\n```",
      "```python\ndef main():\n    read_file('a')\n```",
      "```js\nread_file('a')\n```",
      "A conflict looks so:\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> main\n",
      "I changed this:\n```diff\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n```\n",
      "---\ntitle: x\n---\n\n# Heading",
      "read_file reads a file; find(pattern) looks for text.",
      "- a\n- [TOOL_CALLS] is a token of Mistral models",
      "A program begins with ```codepilot\nand ends with three backticks.",
      "Begin it with `codepilot` behind the marks:\n```text\ncodepilot\n```\n",
      "```sh\nnpm i codepilot\n```\n",
      "```yaml title=codepilot\na: 1\n```\n",
      "execute(command) runs a command (in a shell)",
      "find() gives up after 50 matches (see above). So does read_file (by lines).",
      "```\nfind . -name x\n```",
      "Action: none is needed.\nAction Input: none.",
      "```console\n$ codepilot exec\n```\n",
    ]) {
      assert.equal(foreign(text), false, text);
    }
  });

  it("gets through huge and hostile replies", () => {
    const size = 2_000_000;
    for (const unit of [
      "`",
      "``x",
      "{",
      '{"name":"x",',
      '{"name":"read_file"\n',
      '"name" : ',
      "<tool_call> ",
      "<",
      " ",
      "\n",
      "a, ",
      "a(\n",
      "find(\n",
      "x```codepilot",
      "Action: a\n",
      "[find(",
      "Action Input:\n",
      "def a\n",
      "import find\n",
      "--- a\n",
      "~~~py\nfind(\n~~~\n",
      "```\n```codepilot\n",
      "````\n```codepilot\n",
      "\ud83d",
    ]) {
      const text = unit.repeat(size / unit.length);
      judge(text);
      judge(`~~~python\n${text}`);
      judge(`${control}${payload("a")}${text}`);
    }
  }).timeout(120_000);
});
