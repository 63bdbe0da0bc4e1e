/** The built-in tools over a throw-away workspace: real files, real ripgrep, scripted terminals. */
import { homedir } from "node:os";
import { countingIds } from "../../src/base/ids.ts";
import { NodeFileSystem } from "../../src/node/files/node-file-system.ts";
import { createRipgrepSearch } from "../../src/node/search/ripgrep-search.ts";
import type { ContextArchive } from "../../src/ports/context-archive.ts";
import type { FileSystem } from "../../src/ports/file-system.ts";
import type { Questions } from "../../src/ports/questions.ts";
import type { Terminals } from "../../src/ports/terminals.ts";
import type { PlannedCall, Tool, ToolContext, ToolResult } from "../../src/ports/tool.ts";
import { createTools } from "../../src/tools/index.ts";
import { FileWatch } from "../../src/workspace/file-watch.ts";
import { ReadLedger } from "../../src/workspace/read-ledger.ts";
import { WorkspacePaths } from "../../src/workspace/workspace-paths.ts";
import { ScriptedTerminals } from "./scripted-terminals.ts";
import { fileTree, type TempWorkspace, type Tree } from "./temp-workspace.ts";

export interface Toolbox extends AsyncDisposable {
  readonly workspace: TempWorkspace;
  readonly tools: readonly Tool[];
  readonly ledger: ReadLedger;
  readonly fileWatch: FileWatch;
  tool(name: string): Tool;
  /** Plans a call; a refusal fails the test. */
  plan(name: string, input: unknown): Promise<PlannedCall>;
  /** Plans and runs, as the scheduler would with everything allowed; invalid arguments and refusals are `failed`. */
  call(name: string, input: unknown, context?: Partial<ToolContext>): Promise<ToolResult>;
}

export interface ToolboxOptions {
  readonly tree?: Tree;
  /** One that is there already, and stays. */
  readonly workspace?: TempWorkspace;
  readonly folders?: (workspace: TempWorkspace) => string[];
  readonly files?: FileSystem;
  readonly terminals?: Terminals;
}

export async function toolbox(options: ToolboxOptions = {}): Promise<Toolbox> {
  const workspace = options.workspace ?? (await fileTree(options.tree));
  const files = options.files ?? new NodeFileSystem();
  const ledger = new ReadLedger();
  const paths = new WorkspacePaths({
    cwd: workspace.root,
    folders: options.folders?.(workspace) ?? [workspace.root],
    files,
    home: homedir(),
    platform: process.platform,
  });
  const terminals = options.terminals ?? new ScriptedTerminals();
  const tools = createTools({ paths, files, ledger, terminals, search: createRipgrepSearch(), ids: countingIds() });
  const tool = (name: string) => {
    const found = tools.find((candidate) => candidate.name === name);
    if (!found) throw new Error(`no tool ${name}`);
    return found;
  };
  const planned = (name: string, input: unknown) =>
    tool(name).plan(tool(name).input.parse(input), { signal: AbortSignal.timeout(10_000) });
  return {
    workspace,
    tools,
    ledger,
    fileWatch: new FileWatch({ files, paths, ledger }),
    tool,
    async plan(name, input) {
      const plan = await planned(name, input);
      if (plan.kind === "refused") throw new Error(`refused: ${plan.output}`);
      return plan.call;
    },
    async call(name, input, context = {}) {
      const parsed = tool(name).input.safeParse(input);
      if (!parsed.success) return { status: "failed", output: parsed.error.message };
      const plan = await planned(name, input);
      return plan.kind === "refused" ? { status: "failed", output: plan.output } : plan.call.run(toolContext(context));
    },
    [Symbol.asyncDispose]: async () => {
      if (!options.workspace) await workspace.dispose();
    },
  };
}

export function toolContext(changes: Partial<ToolContext> = {}): ToolContext {
  const nobody: Questions = { ask: async () => ({ kind: "cancelled" }) };
  const archive: ContextArchive = { tasks: () => [], archive: async () => {}, original: () => null };
  const signal = new AbortController().signal;
  return { callId: "call_1", signal, questions: nobody, archive, output: () => {}, ...changes };
}
