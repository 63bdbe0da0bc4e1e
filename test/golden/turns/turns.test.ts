/** Whole turns over the real tools, a real shell and a scripted model: what was sent, what happened, what is left. */
import { countingIds } from "../../../src/base/ids.ts";
import { Runtime } from "../../../src/embed/runtime.ts";
import type { RuntimeOptions } from "../../../src/embed/runtime-options.ts";
import type { AgentEvent } from "../../../src/protocol/events.ts";
import { assertGolden } from "../../support/golden.ts";
import { reply } from "../../support/python-session.ts";
import { type Script, ScriptedModel } from "../../support/scripted-model.ts";
import { fileTree } from "../../support/temp-workspace.ts";
import { transcript } from "../../support/transcript.ts";

const files = {
  "src/cart.js": "export function total(items) {\n  return items.reduce((sum, item) => sum - item.price, 0);\n}\n",
  "AGENTS.md": "Use tabs never.\n",
};

const fix = {
  path: "src/cart.js",
  mode: "edit",
  start_line: 2,
  end_line: 2,
  content: "  return items.reduce((sum, item) => sum + item.price, 0);",
};

async function play(name: string, script: Script, options: Partial<RuntimeOptions> = {}): Promise<void> {
  const workspace = await fileTree(files);
  const model = new ScriptedModel(script);
  const events: AgentEvent[] = [];
  const runtime = await Runtime.open({
    cwd: workspace.root,
    model: "scripted/test",
    store: "memory",
    sessionId: "ses_golden",
    onEvent: (event) => events.push(event),
    ...options,
    adapters: { modelClient: () => model, ids: countingIds() },
  });
  try {
    await runtime.run("Fix the sum in the cart.");
  } finally {
    await runtime.close();
  }
  const left = { "src/cart.js": await workspace.read("src/cart.js") };
  await workspace.dispose();
  assertGolden(
    `test/golden/turns/${name}.golden.txt`,
    transcript({ events, requests: model.requests, files: left, replace: [[workspace.root, "/workspace"]] }),
  );
}

describe("golden turns", function () {
  this.timeout(120_000);

  it("reads, edits, runs a command and finishes", () =>
    play(
      "fix",
      [
        {
          reasoning: "The tests tell.",
          text: "I look at the file first.",
          calls: [{ name: "read_file", arguments: { path: "src/cart.js" } }],
        },
        { calls: [{ name: "write_file", arguments: fix }] },
        {
          text: "Now I check it.",
          calls: [{ name: "execute", arguments: { command: "grep -c '+ item' src/cart.js" } }],
        },
        { text: "The sum adds now; grep finds the plus." },
      ],
      { allowAll: true },
    ));

  it("goes on without what was denied", () =>
    play("denied", [
      { calls: [{ name: "read_file", arguments: { path: "src/cart.js" } }] },
      { calls: [{ name: "write_file", arguments: fix }] },
      { text: "I may not change the file. Line 2 subtracts where it should add." },
    ]));

  it("tells the model what is wrong with its calls", () =>
    play(
      "bad-calls",
      [
        {
          calls: [
            // Calls that run together end in any order, so each stands between two that run alone.
            { name: "edit_file", arguments: {} },
            { name: "read_file", arguments: { path: "src/basket.js" } },
            { name: "write_file", arguments: fix },
            { name: "read_file", arguments: '{"path": "src/ca' },
            { name: "write_file", arguments: { path: "src/cart.js", mode: "append", content: "x" } },
            { name: "find", arguments: { pattern: "(" } },
          ],
        },
        { text: "I should have read the file first." },
      ],
      { allowAll: true },
    ));

  it("reads, edits, runs a command and finishes by programs", () => {
    const line = 2;
    const { path, content } = fix;
    return play(
      "programs",
      [
        {
          reasoning: "```codepilot\nexecute('main', 'this is only a thought')\n```",
          text: reply({
            words: "I look at the file, and open a terminal for the checks.",
            code: 'cart = read_file("src/cart.js")\nprint(cart.total_lines, "lines")\nexecute("checks", "true", new_terminal=True)',
          }),
        },
        {
          text: reply({
            words: "The second line subtracts.",
            code: `write_file("${path}", start_line=${line}, end_line=${line}, mode="edit")\nwrite_file("notes.md")\nprint(cart.path)\nmissing`,
            files: [
              [path, content],
              ["src/other.js", "nobody asks for it\n"],
              ["notes.md", "# Notes\n\n```js\ntotal([]);\n```\n"],
            ],
            completion: "Fixed.",
          }),
        },
        {
          text: reply({
            words: "It was written; now I check it.",
            code: `found = execute("checks", "grep -c '+ item' ${path}")\nassert found.return_code == 0`,
            completion: "The sum adds now; grep finds the plus.",
          }),
        },
      ],
      { allowAll: true, interface: "python", maxSteps: 4 },
    );
  });
});
