/**
 * A program of its own: opens or resumes a session in the python interface and runs a generated task, and kills itself
 * with SIGKILL at the moment it is told. Arguments: one JSON object, see `DurableRun`.
 */
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import * as z from "zod";
import { Runtime } from "../../../src/embed/index.ts";
import type { Tool } from "../../../src/ports/tool.ts";
import type { AgentEvent } from "../../../src/protocol/events.ts";
import { ScriptedModel } from "../scripted-model.ts";
import { testTool } from "../session-harness.ts";
import { type DurableRun, generateTask, type KillMoment } from "./program.ts";

const run = JSON.parse(process.argv[2] ?? "{}") as DurableRun;
const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
/** Which call of `effect` an id belongs to, from 1. */
const ordinals = new Map<string, number>();

function dieAt(moment: KillMoment, callId: string): void {
  if (run.kill?.moment === moment && run.kill.call === ordinals.get(callId)) process.kill(process.pid, "SIGKILL");
}

/** Appends its key; a started one is resolved by the file's hash, as a real edit is. */
const effect: Tool<{ key: string }> = {
  name: "effect",
  description: "Appends a line.",
  input: z.strictObject({ key: z.string() }),
  parallelSafe: false,
  summarize: ({ key }) => `effect ${key}`,
  async plan({ key }) {
    const before = readFileSync(run.effects);
    const line = `${key}\n`;
    const recovery = {
      kind: "edit",
      path: run.effects,
      beforeHash: hash(before),
      afterHash: hash(Buffer.concat([before, Buffer.from(line)])),
    } as const;
    return {
      kind: "planned",
      call: {
        access: { kind: "none" },
        recovery,
        async run({ callId }) {
          dieAt("before-effect", callId);
          appendFileSync(run.effects, line);
          dieAt("after-effect", callId);
          return { status: "done", output: `effect ${key}` };
        },
      },
    };
  },
};

const fail = testTool({ name: "fail", run: () => ({ status: "failed", output: "it failed" }) });
const look = testTool({ name: "look", parallelSafe: true });

const { programs } = generateTask(run.seed);
const model = new ScriptedModel((request) => {
  const results = request.input.filter((entry) => entry.kind === "user" && entry.text.startsWith("[EXECUTION RESULT]"));
  const program = programs[results.length] ?? 'print("too many replies")\n';
  const completion = results.length >= programs.length - 1 ? "\n```completion\nDone.\n```\n" : "";
  return { text: `Next.\n\n\`\`\`codepilot\n${program}\`\`\`\n${completion}` };
});

function watch(event: AgentEvent): void {
  if (event.type === "tool.requested" && event.tool === "effect") {
    ordinals.set(event.callId, ordinals.size + 1);
    dieAt("requested", event.callId);
  }
  if (event.type === "tool.started") dieAt("started", event.callId);
  if (event.type === "tool.finished") dieAt("finished", event.callId);
}

const runtime = await Runtime.open({
  cwd: run.cwd,
  home: run.home,
  model: "scripted/test",
  interface: "python",
  allowAll: true,
  ...(run.resume ? { resume: run.session } : { sessionId: run.session }),
  adapters: { modelClient: () => model },
  onEvent: watch,
});
for (const tool of [effect, fail, look] as Tool[]) runtime.registerTool(tool);
const end = runtime.interruptedTurn ? await runtime.resume() : await runtime.run("Do it.");
const scripts = (runtime.state.turns.at(-1)?.entries ?? []).flatMap((entry) =>
  entry.kind === "script" ? [{ source: entry.source, ...entry.outcome }] : [],
);
process.stdout.write(
  `${JSON.stringify({ reason: end.reason, error: end.error, scripts, effectCalls: ordinals.size })}\n`,
);
await runtime.close();
