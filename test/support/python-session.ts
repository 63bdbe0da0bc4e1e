/** A session in the python interface: real engine, real tools in a throw-away workspace, and the model's words given. */
import { Runtime, type RuntimeOptions } from "../../src/embed/index.ts";
import type { AgentEvent } from "../../src/protocol/events.ts";
import type { ScriptEntry } from "../../src/protocol/state.ts";
import { type Script, ScriptedModel } from "./scripted-model.ts";
import { fileTree, type TempWorkspace, type Tree } from "./temp-workspace.ts";

export interface PythonSession extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly model: ScriptedModel;
  readonly workspace: TempWorkspace;
  readonly events: readonly AgentEvent[];
  /** The programs of the newest turn, in order. */
  scripts(): readonly ScriptEntry[];
  /** What the model was told of the newest program's end. */
  result(): string;
}

/** `script` may be plain texts: one reply each. */
export async function openPythonSession(
  tree: Tree,
  script: readonly string[] | Script,
  options: Partial<RuntimeOptions> = {},
): Promise<PythonSession> {
  const workspace = await fileTree(tree);
  const model = new ScriptedModel(
    Array.isArray(script)
      ? (script as readonly (string | { text?: string })[]).map((reply) =>
          typeof reply === "string" ? { text: reply } : reply,
        )
      : (script as Script),
  );
  const events: AgentEvent[] = [];
  const { adapters, ...rest } = options;
  const runtime = await Runtime.open({
    cwd: workspace.root,
    model: "scripted/test",
    interface: "python",
    store: "memory",
    allowAll: true,
    onEvent: (event) => events.push(event),
    ...rest,
    adapters: { modelClient: () => model, ...adapters },
  });
  const scripts = () =>
    (runtime.state.turns.at(-1)?.entries ?? []).filter((entry): entry is ScriptEntry => entry.kind === "script");
  return {
    runtime,
    model,
    workspace,
    events,
    scripts,
    result: () => scripts().at(-1)?.outcome?.output ?? "",
    async [Symbol.asyncDispose]() {
      await runtime.close();
      await workspace.dispose();
    },
  };
}

/** A reply: words, a program, payloads by path, closing words. */
export function reply(parts: {
  readonly words?: string;
  readonly code?: string;
  readonly files?: readonly (readonly [path: string, content: string])[];
  readonly completion?: string;
}): string {
  const fence = (info: string, body: string) => {
    const longest = Math.max(2, ...[...body.matchAll(/`{3,}/g)].map((run) => run[0].length));
    const ticks = "`".repeat(longest + 1);
    return `${ticks}${info}\n${body}${body === "" || body.endsWith("\n") ? "" : "\n"}${ticks}\n`;
  };
  return [
    `${parts.words ?? "I do the next thing."}\n`,
    ...(parts.code === undefined ? [] : [fence("codepilot", parts.code)]),
    ...(parts.files ?? []).map(([path, content]) => fence(`text filename=${path}`, content)),
    ...(parts.completion === undefined ? [] : [fence("completion", parts.completion)]),
  ].join("\n");
}
