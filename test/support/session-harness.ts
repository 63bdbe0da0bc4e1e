/** A session over a scripted model, plain tools and a journal in memory, with everything it said kept in order. */
import * as z from "zod";
import type { Clock } from "../../src/base/clock.ts";
import { hashOf } from "../../src/base/content-hash.ts";
import { countingIds } from "../../src/base/ids.ts";
import { NodeFileSystem } from "../../src/node/files/node-file-system.ts";
import { silentLog } from "../../src/ports/log.ts";
import type { SessionJournal } from "../../src/ports/session-store.ts";
import type { Terminals } from "../../src/ports/terminals.ts";
import type { PlannedCall, Tool, ToolContext, ToolResult } from "../../src/ports/tool.ts";
import type { AgentEvent } from "../../src/protocol/events.ts";
import type { Access } from "../../src/protocol/permissions.ts";
import { reduceAll } from "../../src/protocol/reduce.ts";
import type { Approver } from "../../src/runtime/permission-gate.ts";
import type { Policy } from "../../src/runtime/permission-policy.ts";
import type { Answerer } from "../../src/runtime/question-desk.ts";
import { type ScriptSupport, Session } from "../../src/runtime/session.ts";
import { ToolRegistry } from "../../src/runtime/tool-registry.ts";
import { scriptFunctions } from "../../src/scripting/script-functions.ts";
import { FileWatch } from "../../src/workspace/file-watch.ts";
import { ReadLedger } from "../../src/workspace/read-ledger.ts";
import { type Script, ScriptedModel } from "./scripted-model.ts";

/** Time that passes only when somebody sleeps. */
export function manualClock(): Clock & { slept: number[] } {
  let now = 1_000;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    async sleep(delayMs, signal) {
      if (signal?.aborted) return;
      slept.push(delayMs);
      now += delayMs;
    },
  };
}

export interface TestTool {
  readonly name: string;
  readonly access?: Access;
  readonly parallelSafe?: boolean;
  readonly recovery?: PlannedCall["recovery"];
  readonly run?: (input: Record<string, unknown>, context: ToolContext) => Promise<ToolResult> | ToolResult;
}

export function testTool(spec: TestTool): Tool {
  return {
    name: spec.name,
    description: `The tool ${spec.name}.`,
    input: z.looseObject({}),
    parallelSafe: spec.parallelSafe ?? false,
    summarize: (input) => `${spec.name} ${JSON.stringify(input)}`,
    async plan(input) {
      return {
        kind: "planned",
        call: {
          access: spec.access ?? { kind: "none" },
          recovery: spec.recovery ?? { kind: "repeat" },
          run: async (context) =>
            (await spec.run?.(input as Record<string, unknown>, context)) ?? {
              status: "done",
              output: `${spec.name} ran`,
            },
        },
      };
    },
  };
}

export const someWrite: Access = {
  kind: "write",
  path: "/w/a.ts",
  insideWorkspace: true,
  unread: false,
  change: "modify",
  diff: "-a\n+b\n",
  addedLines: 1,
  removedLines: 1,
};

export const noTerminals: Terminals = {
  list: () => [],
  open: async () => ({ kind: "failed", message: "no terminals in this test" }),
  run: async () => ({ kind: "failed", message: "no terminals in this test" }),
  read: async () => ({ kind: "failed", message: "no terminals in this test" }),
  write: async () => ({ kind: "failed", message: "no terminals in this test" }),
  readSpool: async () => ({ kind: "failed", message: "no terminals in this test" }),
  terminate: async () => "no-terminal",
  attach: async () => null,
  interrupt: async () => "no-terminal",
  follow: async () => null,
  knows: () => false,
  reconnect: async () => {},
  retell() {},
  acknowledge() {},
  on: () => ({ dispose() {} }),
  watchOutput: () => ({ dispose() {} }),
  close: async () => {},
  release: async () => {},
  dispose() {},
};

const noPaths = { resolve: async () => ({ kind: "invalid", message: "no paths in this test" }) as const };

export interface HarnessOptions {
  readonly script: Script;
  readonly tools?: readonly Tool[];
  readonly approver?: Approver;
  readonly answerer?: Answerer;
  /** Default: everything is asked for. */
  readonly policy?: Policy;
  readonly maxSteps?: number;
  readonly terminals?: Terminals;
  /** What an earlier process has written. */
  readonly journal?: readonly AgentEvent[];
  /** The before-images it has kept; what is kept here is added. */
  readonly blobs?: Map<string, Uint8Array>;
  /** Over the ledger of the tools; default: no tool knows any file. */
  readonly fileWatch?: FileWatch;
  /** Runs programs, where the journal begins with a session of the python interface. */
  readonly engine?: ScriptSupport["engine"];
  /** Called before events are kept; a throw is a journal that can not be written. */
  readonly onAppend?: (events: readonly AgentEvent[], sync: boolean) => void;
}

export function openTestSession(options: HarnessOptions) {
  const model = new ScriptedModel(options.script);
  const kept: AgentEvent[] = [...(options.journal ?? [])];
  const syncs: string[] = [];
  const blobs = options.blobs ?? new Map<string, Uint8Array>();
  const journal: SessionJournal = {
    async append(events, { sync }) {
      await Promise.resolve();
      options.onAppend?.(events, sync);
      kept.push(...structuredClone([...events]));
      if (sync) syncs.push(...events.map((event) => event.type));
    },
    async putBlob(bytes) {
      const hash = hashOf(bytes);
      blobs.set(hash, bytes);
      return hash;
    },
    getBlob: async (hash) => blobs.get(hash) ?? null,
    close: async () => {},
  };
  const clock = manualClock();
  const ids = countingIds();
  // Ids of an earlier process are not given out twice.
  for (const _ of kept)
    for (const kind of ["turn", "item", "call", "script", "permission", "question", "message"] as const) ids.next(kind);
  const registry = new ToolRegistry(options.tools ?? []);
  const files = new NodeFileSystem();
  const { engine } = options;
  const scripts = engine && {
    ...{ engine, functions: () => scriptFunctions(registry.specs()), workDir: "/w" },
    resolvePath: (path: string) => path,
  };
  const session = new Session({
    state: reduceAll(kept),
    sessionId: "ses_test",
    journal,
    registry,
    terminals: options.terminals ?? noTerminals,
    files,
    fileWatch: options.fileWatch ?? new FileWatch({ files, paths: noPaths, ledger: new ReadLedger() }),
    clock,
    ids,
    log: silentLog,
    random: () => 0.5,
    maxSteps: options.maxSteps,
    policy: () => options.policy ?? { approval: "untrusted", trusted: true },
    approver: () => options.approver ?? { kind: "person" },
    answerer: () => options.answerer ?? { kind: "person" },
    selectModel: async () => ({ kind: "selected", client: model, name: "test", id: "scripted/test" }),
    contextSources: async () => ({ instructions: "Be good.", tools: registry.specs(), settings: {} }),
    ...(scripts ? { scripts } : {}),
  });
  const events: AgentEvent[] = [];
  const listening = session.on((event) => events.push(event));
  return {
    session,
    model,
    events,
    /** What fills `events`. */
    listening,
    kept,
    syncs,
    clock,
    registry,
    types: () => events.map((event) => event.type),
    /** Runs one task to its end. */
    async run(text: string) {
      await session.submit({ type: "turn.submit", input: { text } });
      await session.idle();
      return session.state.turns.at(-1)?.finished;
    },
    /** Resolves with the first event of this type from now on. */
    next<T extends AgentEvent["type"]>(type: T): Promise<Extract<AgentEvent, { type: T }>> {
      return new Promise((resolve) => {
        const subscription = session.on((event) => {
          if (event.type !== type) return;
          subscription.dispose();
          resolve(event as Extract<AgentEvent, { type: T }>);
        });
      });
    },
  };
}
