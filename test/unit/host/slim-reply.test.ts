/** What of a reply and its program the panel is sent: bounded, and still told apart by its offsets. */
import assert from "node:assert/strict";
import { slimEntry, slimEvent } from "../../../src/host/chat/slim.ts";
import { slimProgram, slimReply } from "../../../src/host/chat/slim-reply.ts";
import { EVENT_VERSION } from "../../../src/protocol/events.ts";
import type { ScriptOutcome } from "../../../src/protocol/items.ts";
import { bodyOf, proseOf } from "../../../src/protocol/reply-text.ts";
import type { Entry } from "../../../src/protocol/state.ts";
import { parseReply } from "../../../src/scripting/reply-parser.ts";

const line = "x = 1  # one of very many lines\n";
const long = line.repeat(10_000);

function item(text: string) {
  return { kind: "assistant_message" as const, id: "a", text, blocks: [...parseReply(text).blocks] };
}

describe("slim replies", () => {
  it("leave a reply of usual size as it is", () => {
    const whole = item("Words.\n\n```codepilot\nprint(1)\n```\n");
    assert.equal(slimReply(whole), whole);
  });

  it("cut long bodies at a line, say how much is left out, and keep words and offsets", () => {
    const text = `Before.\n\n\`\`\`codepilot\n${long}\`\`\`\n\nBetween.\n\n  ~~~text filename=a.txt\n  ${long}  ~~~\n\n\`\`\`completion\nDone.\n\`\`\`\nAfter.\n`;
    const whole = item(text);
    const slim = slimReply(whole);
    assert.ok(slim.text.length < 50_000, `${slim.text.length}`);
    assert.equal(proseOf(slim.text, slim.blocks ?? []), proseOf(whole.text, whole.blocks));
    const [control, payload, completion] = slim.blocks ?? [];
    assert.ok(control && payload && completion);
    for (const [index, block] of [control, payload].entries()) {
      const before = whole.blocks[index];
      assert.ok(before);
      const head = bodyOf(slim.text, block);
      assert.ok(bodyOf(whole.text, before).startsWith(head) && head.endsWith("\n"));
      assert.equal(head.split("\n").length - 1 + (block.leftOut?.lines ?? 0), 10_000);
      assert.match(slim.text.slice(block.start, block.bodyStart), /^ {0,2}[`~]{3}/);
    }
    assert.equal(bodyOf(slim.text, completion), "Done.\n");
    assert.equal(completion.leftOut, undefined);
    assert.equal(slim.text.slice(completion.end), "After.\n");
  });

  it("bound a reply of very many payloads, and one of a single line", () => {
    const many = Array.from({ length: 150 }, (_, n) => `\`\`\`text filename=${n}\n${line.repeat(500)}\`\`\`\n`).join(
      "\n",
    );
    assert.ok(slimReply(item(many)).text.length < 220_000);
    const wide = slimReply(item(`\`\`\`text filename=a\n${"y".repeat(1_000_000)}\n\`\`\`\n`));
    assert.ok(wide.text.length < 25_000);
    assert.equal(wide.blocks?.[0]?.leftOut?.chars, 980_001);
  });

  it("keep the numbers of a program's lines", () => {
    const source = slimProgram(long);
    assert.ok(source.length < 110_000 && long.startsWith(source.slice(0, source.lastIndexOf("\n") + 1)));
    assert.match(source, /\n# … [\d,]+ more lines are left out here$/);
    assert.equal(slimProgram("print(1)\n"), "print(1)\n");
  });

  it("bound a program's entry and its events, and keep how it ended", () => {
    const error = "EXECUTION ERROR (Control Block, line 3): ValueError: no";
    const outcome: ScriptOutcome = {
      status: "failed",
      clean: false,
      output: `${long}\n\n${error}`,
      printed: long,
      errorLine: 3,
      names: Array.from({ length: 5_000 }, (_, n) => `name_${n}`),
      durationMs: 1,
    };
    const script = { scriptId: "p", itemId: "a", language: "python", source: long } as const;
    const entry: Entry = {
      kind: "script",
      ...script,
      startedAt: 1,
      step: 0,
      settled: true,
      outcome,
    };
    const base = { v: EVENT_VERSION, seq: 1, at: 1, sessionId: "s", turnId: "t" } as const;
    const finished = {
      type: "script.finished",
      scriptId: "p",
      outcome,
    } as const;
    for (const slim of [
      slimEntry(entry),
      slimEvent({ ...base, type: "script.started", ...script }),
      slimEvent({ ...base, ...finished }),
      slimEvent({ ...base, type: "script.output", scriptId: "p", chunk: long, line: 3 }),
    ]) {
      const text = JSON.stringify(slim);
      assert.ok(text.length < 170_000, `${text.length}`);
      if (text.includes('"outcome"')) assert.ok(text.includes(error));
    }
  });

  it("keep arguments readable as JSON when a text in them is long", () => {
    const argumentsText = JSON.stringify({
      path: "a.txt",
      edits: [{ start_line: 1, content: long }, { content: "b" }],
    });
    const slim = slimEvent({
      v: EVENT_VERSION,
      seq: 1,
      at: 1,
      sessionId: "s",
      type: "tool.requested",
      callId: "c",
      tool: "write_file",
      argumentsText,
      summary: "Write",
    });
    assert.ok(slim.type === "tool.requested" && slim.argumentsText.length < 20_000);
    const { path, edits } = JSON.parse(slim.argumentsText);
    assert.deepEqual([path, edits.length, edits[1].content], ["a.txt", 2, "b"]);
  });
});
