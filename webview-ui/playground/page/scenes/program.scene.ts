/** The model acts through programs: every state of their card, while they are written, run and have ended. */
import { FOLDER, type Scene, type Script, type Stage } from "../stage.ts";
import { cartDiff, edit, failedOutput, newFileDiff, ran, read, TASK, testOutput } from "./material.ts";
import { fencesOf, ProgramCalls, program, type ReplyParts, reply } from "./program-material.ts";

const coupon = `/** A discount the shop hands out. */
export interface Coupon {
  readonly code: string;
  /** Whole percent, 1 to 100. */
  readonly percent: number;
}
`;

const total = `export function total(lines: readonly CartLine[], coupon?: Coupon): number {
  const sum = lines.reduce((cents, line) => cents + line.unitCents * line.count, 0);
  if (!coupon) return sum;
  return Math.max(0, sum - Math.round((sum * coupon.percent) / 100));
}
`;

const fixCode = `cart = read_file("src/cart.ts")
print("lines:", cart.total_lines)

# The coupon's type first: the cart needs it.
write_file("src/coupon.ts")
write_file("src/cart.ts", mode="edit", start_line=12, end_line=20)

result = execute("main", "npm test", timeout=60)
assert result.return_code == 0, result.output`;

const fix: ReplyParts = {
  words: "`total` treats the percentage as a fraction. I fix it, give coupons a type of their own, and run the tests.",
  code: fixCode,
  files: [
    ["src/coupon.ts", coupon],
    ["src/cart.ts", total],
  ],
  completion:
    "The tests pass now. `total` in `src/cart.ts` divides the percentage by 100 and rounds to whole cents; coupons have a type of their own in `src/coupon.ts`.",
};

/** Reads the cart and writes the coupon. */
function begin(script: Script): ProgramCalls {
  script.turn(TASK);
  const calls = new ProgramCalls(script, program(script, fix));
  const reading = calls.request(1, "read_file", { path: "src/cart.ts" }, "Read src/cart.ts");
  script.start(reading).finish(reading, "done", read("src/cart.ts", 41), "", 30);
  calls.print(2, "lines: 41\n");
  const writing = calls.request(
    5,
    "write_file",
    { path: "src/coupon.ts", mode: "w", content: coupon },
    "Write src/coupon.ts",
  );
  script.start(writing).finish(writing, "done", edit("src/coupon.ts", newFileDiff, 9, 0), "", 44);
  return calls;
}

function askForCart(script: Script, calls: ProgramCalls): { callId: string; permissionId: string } {
  const args = { path: "src/cart.ts", mode: "edit", start_line: 12, end_line: 20, content: total };
  const callId = calls.request(6, "write_file", args, "Edit src/cart.ts:12-20");
  const access = {
    kind: "write",
    path: `${FOLDER}/src/cart.ts`,
    insideWorkspace: true,
    unread: false,
    change: "modify",
    diff: cartDiff,
    addedLines: 7,
    removedLines: 3,
  } as const;
  const reason = "every change asks until it is allowed";
  return { callId, permissionId: script.ask(callId, "write_file", "Edit src/cart.ts:12-20", access, "src/**", reason) };
}

function test(script: Script, calls: ProgramCalls, output: string, exitCode: number): void {
  const callId = calls.request(8, "execute", { session_id: "main", command: "npm test", timeout: 60 }, "$ npm test");
  script.start(callId).finish(callId, "done", ran("npm test", output, exitCode), "", 1_840);
}

export const programRunning: Scene = {
  before: (script) => {
    const calls = begin(script);
    askForCart(script, calls);
    script.at = Date.now() - 4_000;
  },
  play: async (stage) => {
    const answer = await stage.next((message) => message.type === "op" && message.op.type === "permission.answer");
    if (answer.type !== "op" || answer.op.type !== "permission.answer") return;
    const { script } = stage;
    const request = script.events.findLast(({ type }) => type === "tool.requested");
    const callId = request?.type === "tool.requested" ? request.callId : "";
    const scriptId = request?.type === "tool.requested" ? (request.script?.scriptId ?? "") : "";
    script.allow(answer.op.permissionId);
    script.start(callId).finish(callId, "done", edit("src/cart.ts", cartDiff, 7, 3), "", 44);
    stage.send();
    await stage.sleep(800);
    const running = script.id("call");
    script.add({
      type: "tool.requested",
      callId: running,
      tool: "execute",
      argumentsText: '{"command":"npm test"}',
      summary: "$ npm test",
      script: { scriptId, index: 4, line: 8 },
    });
    script.start(running);
    stage.send();
    const stop = await stage.next((message) => message.type === "op" && message.op.type === "script.stop");
    if (stop.type !== "op") return;
    script.finish(running, "cancelled", ran("npm test", "\n> node --test\n", 130), "Stopped.", 2_000);
    const outcome = {
      status: "cancelled",
      clean: false,
      output: "",
      printed: "",
      names: null,
      durationMs: 9_000,
    } as const;
    script.add({ type: "script.finished", scriptId, outcome });
    stage.send();
    await stage.sleep(600);
    await stage.stream("You stopped the tests; I leave them alone.");
    script.response();
    script.end("completed", 2, 14_000);
    stage.send();
  },
};

export const programFailed: Scene = {
  before: (script) => {
    const calls = begin(script);
    const { callId, permissionId } = askForCart(script, calls);
    script.allow(permissionId).start(callId);
    script.finish(callId, "done", edit("src/cart.ts", cartDiff, 7, 3), "", 44);
    test(script, calls, failedOutput, 1);
    calls.end({
      status: "failed",
      printed: "lines: 41\n",
      errorLine: 9,
      output: `lines: 41

EXECUTION ERROR (Control Block, line 9): AssertionError: ✖ takes a coupon's percentage off
Traceback (most recent call last):
  line 9, in <module>
    assert result.return_code == 0, result.output
AssertionError: ✖ takes a coupon's percentage off
Statements before line 9 have run, and what they did stands: go on from there, do not repeat them.`,
    });
  },
};

export const programDone: Scene = {
  before: (script) => {
    const calls = begin(script);
    const { callId, permissionId } = askForCart(script, calls);
    script.allow(permissionId).start(callId);
    script.finish(callId, "done", edit("src/cart.ts", cartDiff, 7, 3), "", 44);
    test(script, calls, testOutput, 0);
    calls.end({ status: "completed", printed: "lines: 41\n" });
    script.end("completed", 1, 9_800);
  },
};

const scanCode = `import re

found = {}
for path in find(r"\\.ts$", "src").matches:
    text = read_file(path)
    found[path] = len(re.findall(r"^export ", text, re.M))
    print(path, found[path])

for path, count in sorted(found.items(), key=lambda item: -item[1])[:10]:
    print(f"{count:4} {path}")`;

const parts = (count: number) => Array.from({ length: count }, (_, part) => `src/part-${part + 1}.ts`);

/** 120 calls, and it goes on. */
export const programMany: Scene = {
  before: (script) => {
    script.turn("Which file exports the most?");
    const calls = new ProgramCalls(script, program(script, { words: "I count them in all files.", code: scanCode }));
    for (const path of parts(119)) {
      const callId = calls.request(5, "read_file", { path }, `Read ${path}`);
      script.start(callId).finish(callId, "done", read(path, 40), "", 12);
      calls.print(7, `${path} 3\n`);
    }
    const last = calls.request(5, "read_file", { path: "src/part-120.ts" }, "Read src/part-120.ts");
    script.start(last);
  },
};

/** 1,000 calls that are done, as many as a program may make; then another program. */
export const programThousand: Scene = {
  before: (script) => {
    script.turn("Which file exports the most?");
    const calls = new ProgramCalls(script, program(script, { words: "I count them in all files.", code: scanCode }));
    for (const path of parts(1_000)) {
      const callId = calls.request(5, "read_file", { path }, `Read ${path}`);
      script.start(callId).finish(callId, "done", read(path, 40), "", 12);
    }
    calls.end({ status: "completed", printed: "  41 src/part-7.ts\n" });
    const second = new ProgramCalls(script, program(script, { words: "Now the tests.", code: scanCode }));
    for (const path of parts(60)) {
      const callId = second.request(5, "read_file", { path: `test/${path}` }, `Read test/${path}`);
      script.start(callId).finish(callId, "done", read(`test/${path}`, 40), "", 12);
    }
    second.end({ status: "completed", printed: "   3 test/src/part-7.ts\n" });
    script.says("Most of them are in `src/part-7.ts`.").response().end("completed", 3, 61_000);
  },
};

const rows = Array.from({ length: 20_000 }, (_, row) => `${row},article-${row},${(row * 37) % 5000}`).join("\n");

export const programPayload: Scene = {
  before: (script) => {
    script.turn("Make sample articles");
    const parts: ReplyParts = {
      words: "I write them as a table.",
      code: 'write_file("data/articles.csv")\nwrite_file("data/empty.csv")\nexecute("main", "wc -l data/*.csv")',
      files: [
        ["data/articles.csv", `id,name,cents\n${rows}\n`],
        ["a/very/long/path/that/does/not/fit/into/a/narrow/panel/at/all/articles-of-last-year.csv", "id\n"],
        ["data/empty.csv", ""],
      ],
    };
    const calls = new ProgramCalls(script, program(script, parts));
    const writing = calls.request(
      1,
      "write_file",
      { path: "data/articles.csv", content: "id" },
      "Write data/articles.csv",
    );
    script.start(writing);
    script.finish(writing, "done", edit("data/articles.csv", newFileDiff, 20_001, 0), "", 44);
    const counting = calls.request(3, "execute", { command: "wc -l data/*.csv" }, "$ wc -l data/*.csv");
    script.start(counting);
  },
};

/** Ends that are neither clean nor an error of the program. */
export const programEnds: Scene = {
  before: (script) => {
    script.turn("Tidy up");
    reply(script, {
      words: "I do two things at once.",
      code: "print(1)",
      files: [["a.txt", "a\n"]],
      completion: "All done.",
    });
    script.response();
    const stopped = new ProgramCalls(script, program(script, { words: "Again.", code: "while True:\n    pass" }));
    stopped.end({ status: "cancelled", clean: false, durationMs: 12_000 });
    const flawed = new ProgramCalls(
      script,
      program(script, {
        words: "I write the notes.",
        code: 'print("x\\n" * 40)',
        files: [["notes.md", "# Notes\n"]],
        completion: "The notes are written.",
      }),
    );
    flawed.end({
      status: "completed",
      clean: false,
      printed: "x\n".repeat(40),
      output:
        'x\n\nPAYLOAD ERROR: 1 of 1 payload blocks was not used: "notes.md". Write it with write_file("notes.md") in a further block.\n\nThe completion block was not taken: the task is not done while something in its block failed. Repair it, then complete.',
    });
    const long = Array.from({ length: 900 }, (_, line) => `value_${line} = ${line} * 2  # one of many`).join("\n");
    const lost = new ProgramCalls(script, program(script, { words: "A long one.", code: long }));
    const call = lost.request(612, "read_file", { path: "a.txt" }, "Read a.txt");
    script.start(call);
  },
  interrupted: true,
};

export const programStreaming: Scene = {
  play: async (stage) => {
    const { script } = stage;
    script.turn(TASK);
    stage.send();
    await stage.sleep(800);
    await streamReply(stage, {
      ...fix,
      files: [...(fix.files ?? []), ["data/articles.csv", `${rows.slice(0, 4_000)}\n`]],
    });
    if (stage.stopped()) return;
    const calls = new ProgramCalls(script, program(script, fix));
    const reading = calls.request(1, "read_file", { path: "src/cart.ts" }, "Read src/cart.ts");
    script.start(reading);
    stage.send();
  },
};

/** In small pieces, as a model writes; the item itself is left to the caller. */
async function streamReply(stage: Stage, parts: ReplyParts): Promise<void> {
  const { script } = stage;
  const itemId = script.id("item");
  const pieces = async (text: string, tell: (delta: string) => void): Promise<void> => {
    for (let from = 0; from < text.length && !stage.stopped(); from += 12) {
      tell(text.slice(from, from + 12));
      stage.send();
      await stage.sleep(40);
    }
  };
  script.add({ type: "item.started", itemId, kind: "assistant_message" });
  await pieces(parts.words, (delta) => script.add({ type: "text.delta", itemId, delta }, 0));
  for (const [index, { kind, body, filename }] of fencesOf(parts).entries()) {
    const block = {
      type: "block.delta",
      itemId,
      index,
      kind,
      ...(filename === undefined ? {} : { filename }),
    } as const;
    script.add({ ...block, delta: "" }, 0);
    await pieces(body, (delta) => script.add({ ...block, delta }, 0));
  }
}
