/** The demo model plays over the real file tools and the sample workspace's real tests, and says what is true. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromRoot } from "../../../scripts/paths.ts";
import type { ModelInput, ToolSpec } from "../../../src/ports/model-client.ts";
import { DemoClient } from "../../../src/providers/demo/client.ts";
import { readTestReport } from "../../../src/providers/demo/read-conversation.ts";
import { modelRequest, take, toInput } from "../../support/model-conformance.ts";
import { toolbox } from "../../support/toolbox.ts";

const files = ["package.json", "src/cart.js", "test/cart.test.js"];
const sample = Object.fromEntries(
  files.map((file) => [file, readFileSync(fromRoot(`test/fixtures/sample-workspace/${file}`), "utf8")]),
);
const tools: ToolSpec[] = ["read_file", "write_file", "execute", "read_output", "find"].map((name) => ({
  kind: "function",
  name,
  description: "",
  parameters: {},
}));

interface Played {
  readonly texts: readonly string[];
  readonly calls: readonly string[];
  readonly cart: string;
  readonly input: readonly ModelInput[];
}

/** Plays until a reply without calls; `deny` names what the person does not allow. */
async function play(options: { tree?: Record<string, string>; deny?: string; before?: ModelInput[]; steer?: string }) {
  await using box = await toolbox({ tree: options.tree ?? sample });
  const input: ModelInput[] = [...(options.before ?? []), { kind: "user", text: "Make the tests pass." }];
  const texts: string[] = [];
  const calls: string[] = [];
  const client = new DemoClient({ delayMs: 0 });
  for (let step = 0; step < 12; step += 1) {
    const { events, outcome } = await take(client, modelRequest({ input, tools }));
    assert.equal(outcome.kind, "done");
    const said = toInput(events);
    input.push(...said);
    texts.push(said[0]?.kind === "assistant" ? said[0].text : "");
    const asked = said.filter((entry) => entry.kind === "tool_call");
    if (asked.length === 0) break;
    for (const { callId, name, argumentsText } of asked) {
      calls.push(name);
      const args = JSON.parse(argumentsText);
      const result =
        name === options.deny
          ? { status: "denied", output: "Denied by the person. Nothing was done." }
          : name === "execute"
            ? { status: "done", output: runTests(box.workspace.root) }
            : await box.call(name, args);
      input.push({ kind: "tool_result", callId, name, output: result.output, failed: result.status !== "done" });
    }
    if (options.steer && step === 0) input.push({ kind: "user", text: options.steer });
  }
  const cart = options.tree ? "" : readFileSync(join(box.workspace.root, "src/cart.js"), "utf8");
  return { texts, calls, cart, input } satisfies Played;
}

function runTests(cwd: string): string {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, status } = spawnSync(process.execPath, ["--test"], { cwd, encoding: "utf8", env });
  return `[terminal:main:cmd1] $ npm test\n${stdout}\n[status: completed | return_code: ${status} | pid: 1 | cwd: ${cwd}]`;
}

describe("the demo model", () => {
  it("reads, tests, corrects, tests again and reports what the tests said", async () => {
    const { texts, calls, cart, input } = await play({});
    assert.deepEqual(calls, ["read_file", "read_file", "execute", "write_file", "execute"]);
    assert.match(cart, /subtotal\(items\) - Math\.round\(\(percent \/ 100\) \* subtotal\(items\)\);/);
    assert.match(texts[2] ?? "", /Of 4 tests 3 pass and 1 fails\. .*“takes the discount off.*849 !== 722/);
    assert.match(texts.at(-1) ?? "", /All 4 tests pass/);
    const ids = input.flatMap((entry) => (entry.kind === "tool_call" ? [entry.callId] : []));
    assert.equal(new Set(ids).size, ids.length);
  });

  it("does it again when asked again, and finds nothing to do", async () => {
    const first = await play({});
    const cart = { ...sample, "src/cart.js": first.cart };
    const second = await play({ tree: cart, before: [...first.input] });
    assert.deepEqual(second.calls, ["read_file", "read_file", "execute"]);
    assert.match(second.texts.at(-1) ?? "", /All 4 tests pass\. There is nothing to repair/);
  });

  it("does not take what the runtime tells for words of the person", async () => {
    const { texts, calls } = await play({ steer: "[ENVIRONMENT CHANGE]\nsrc/cart.js: changed, line 1" });
    assert.deepEqual(calls, ["read_file", "read_file", "execute", "write_file", "execute"]);
    assert.ok(!texts.some((text) => text.includes("You wrote")));
  });

  it("stops and says so when the change is denied", async () => {
    const { texts, calls, cart } = await play({ deny: "write_file" });
    assert.equal(calls.at(-1), "write_file");
    assert.match(texts.at(-1) ?? "", /not allowed, so `src\/cart\.js` is as it was/);
    assert.equal(cart, sample["src/cart.js"]);
  });

  it("stops and says so when the command is denied", async () => {
    const { texts, calls, cart } = await play({ deny: "execute" });
    assert.deepEqual(calls, ["read_file", "read_file", "execute"]);
    assert.match(texts.at(-1) ?? "", /was not allowed, so I have not run it\. No file was changed/);
    assert.equal(cart, sample["src/cart.js"]);
  });

  it("does not claim a repair that the tests do not confirm", async () => {
    const broken = `${sample["test/cart.test.js"]}\ntest("is wrong", () => assert.equal(1, 2));\n`;
    const { texts } = await play({ tree: { ...sample, "test/cart.test.js": broken } });
    assert.match(texts.at(-1) ?? "", /not satisfied\. Of 5 tests 4 pass and 1 fails/);
  });

  it("changes nothing where it does not find the line", async () => {
    const cart = sample["src/cart.js"]?.replace("Math.floor(percent / 100)", "0") ?? "";
    const { texts, calls } = await play({ tree: { ...sample, "src/cart.js": cart } });
    assert.ok(!calls.includes("write_file"));
    assert.match(texts.at(-1) ?? "", /do not find the line/);
  });

  it("says what it is in another workspace, and lists what it sees", async () => {
    const { texts, calls } = await play({ tree: { "README.md": "# Other\n", "lib/a.py": "import os\n" } });
    assert.deepEqual(calls, ["read_file", "read_file", "find"]);
    assert.match(texts.at(-1) ?? "", /not a language model.*Nothing was changed/);
    assert.match(texts.at(-1) ?? "", /`lib\/a\.py`/);
  });

  it("goes on when the person says something in between", async () => {
    const { texts, calls } = await play({ steer: "Be quick" });
    assert.match(texts[1] ?? "", /^You wrote: “Be quick”\. A script can not act on that/);
    assert.equal(calls.at(-1), "execute");
  });

  it("needs its tools", async () => {
    const { text, events } = await take(new DemoClient({ delayMs: 0 }), modelRequest({ tools: [] }));
    assert.match(text, /need the tools read_file/);
    assert.ok(!events.some(({ type }) => type === "tool_call"));
  });

  it("stops streaming on abort", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    const startedAt = performance.now();
    const { outcome } = await take(new DemoClient({ delayMs: 60_000 }), modelRequest({ tools }), controller.signal);
    assert.deepEqual(outcome, { kind: "aborted" });
    assert.ok(performance.now() - startedAt < 30_000);
  });
});

describe("readTestReport", () => {
  it("reads both of Node's formats", () => {
    const spec = readTestReport("✖ adds (1.5ms)\nℹ pass 3\nℹ fail 1\n[status: completed | return_code: 1 | pid: 3]");
    const tap = readTestReport("not ok 2 - adds\n# pass 3\n# fail 1\n[status: completed | return_code: 1 | pid: 3]");
    for (const report of [spec, tap]) {
      const { passed, failed, exitCode, running, failingTest } = report;
      assert.deepEqual([passed, failed, exitCode, running, failingTest], [3, 1, 1, false, "adds"]);
    }
  });

  it("says nothing of output that is something else", () => {
    const report = readTestReport("npm: command not found\n[status: completed | return_code: 127 | pid: 3]");
    assert.deepEqual([report.passed, report.failed, report.exitCode], [undefined, undefined, 127]);
    assert.equal(report.tail, "npm: command not found");
  });
});
