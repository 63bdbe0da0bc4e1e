/** A real Python engine for tests, and a host that writes down what a program did. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Json } from "../../src/base/json.ts";
import { createNodePythonEngine } from "../../src/node/script-host/python-engine.ts";
import type {
  ScriptBlock,
  ScriptCall,
  ScriptEnd,
  ScriptEngine,
  ScriptFunction,
  ScriptHost,
  ScriptReply,
  ScriptTask,
} from "../../src/ports/script-engine.ts";

/** Of the layer's run where there is one, so that the memory image is made once for all test files. */
export const sharedHome = process.env.CODEPILOT_HOME ?? join(tmpdir(), `codepilot-python-tests-${process.pid}`);

export const NOW_MS = 1_770_000_000_000;

export const functions: readonly ScriptFunction[] = [
  {
    name: "read_file",
    doc: "Reads a file.",
    parameters: [{ name: "path" }, { name: "start_line", default: null }, { name: "limit", default: 100 }],
  },
  { name: "find", doc: "Finds files.", parameters: [{ name: "pattern" }, { name: "max_results", default: null }] },
  { name: "payload", doc: "A payload.", parameters: [{ name: "filename" }, { name: "content", default: null }] },
];

export function testEngine(home = sharedHome): ScriptEngine {
  return createNodePythonEngine({ home });
}

export async function openTask(engine: ScriptEngine, seed = "seed"): Promise<ScriptTask> {
  return await engine.open({ seed, functions, workDir: "/w/shop" }, AbortSignal.timeout(60_000));
}

export type Answer = (call: ScriptCall, index: number) => Partial<ScriptReply> | Promise<Partial<ScriptReply>>;

export interface Ran {
  readonly end: ScriptEnd;
  /** `print`s and calls in their order. */
  readonly log: readonly string[];
  readonly printed: string;
  readonly calls: readonly ScriptCall[];
}

export interface RunOptions extends Partial<Omit<ScriptBlock, "source">> {
  readonly answer?: Answer;
  readonly signal?: AbortSignal;
}

/** Runs one block. Replies are `<tool> <arguments as JSON>` unless `answer` says otherwise; the clock moves 1 s a call. */
export async function runBlock(task: ScriptTask, source: string, options: RunOptions = {}): Promise<Ran> {
  const log: string[] = [];
  const calls: ScriptCall[] = [];
  let printed = "";
  let nowMs = options.nowMs ?? NOW_MS;
  const host: ScriptHost = {
    async call(asked) {
      const replies: ScriptReply[] = [];
      for (const call of asked) {
        log.push(`call ${call.tool} ${JSON.stringify(call.arguments)} @${call.line}`);
        nowMs += 1_000;
        const reply = await options.answer?.(call, calls.length);
        calls.push(call);
        replies.push({
          kind: "returned",
          text: `${call.tool} ${JSON.stringify(call.arguments)}`,
          attributes: {},
          nowMs,
          replayed: false,
          ...reply,
        });
      }
      return replies;
    },
    print(text, line) {
      printed += text;
      log.push(`print ${JSON.stringify(text)} @${line}`);
    },
  };
  const { cpuLimitMs = 20_000, sleepLimitMs = 5_000 } = options;
  const { replayed = false } = options;
  const block = { source, nowMs, cpuLimitMs, sleepLimitMs, replayed };
  const end = await task.run(block, host, options.signal ?? AbortSignal.timeout(60_000));
  return { end, log, printed, calls };
}

/** The printed text of a block that must complete. */
export async function printedBy(task: ScriptTask, source: string, options: RunOptions = {}): Promise<string> {
  const { end, printed } = await runBlock(task, source, options);
  if (end.kind !== "completed") throw new Error(`${JSON.stringify(end)}\n${printed}`);
  return printed;
}

export const raised = (text: string, attributes: Record<string, Json> = {}): Partial<ScriptReply> => ({
  kind: "raised",
  text,
  attributes,
  exception: "ToolError",
});
