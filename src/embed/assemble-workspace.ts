/** The workspace of a session and the tools over it, from the embedder's adapters or Node's own. */
import { homedir } from "node:os";
import { AppError } from "../base/app-error.ts";
import type { IdSource } from "../base/ids.ts";
import { NodeFileSystem } from "../node/files/node-file-system.ts";
import { inProcessTerminals } from "../node/pty/in-process-terminals.ts";
import { lastingTerminals } from "../node/pty-host/lasting-terminals.ts";
import { createRipgrepSearch } from "../node/search/ripgrep-search.ts";
import type { FileSystem } from "../ports/file-system.ts";
import type { Log } from "../ports/log.ts";
import type { Terminals } from "../ports/terminals.ts";
import type { Tool } from "../ports/tool.ts";
import type { AgentEvent } from "../protocol/events.ts";
import type { SessionState } from "../protocol/state.ts";
import { createContextTools, createTools } from "../tools/index.ts";
import { FileWatch } from "../workspace/file-watch.ts";
import { ReadLedger } from "../workspace/read-ledger.ts";
import { restoreLedger } from "../workspace/restore-ledger.ts";
import { WorkspacePaths } from "../workspace/workspace-paths.ts";
import type { RuntimeAdapters, ToolSelection } from "./runtime-options.ts";

export interface WorkspaceOptions {
  readonly cwd: string;
  readonly folders: readonly string[];
  readonly adapters: RuntimeAdapters;
  readonly selection: ToolSelection | undefined;
  /** How the model acts. */
  readonly acting: SessionState["interface"];
  /** Of what a command printed; undefined: the tools' own limit. */
  readonly maxOutputChars: number | undefined;
  readonly shell: string | undefined;
  /** Of the session; null: terminals need not outlive this process. */
  readonly lastingUnder: string | null;
  readonly keepEnvironment: readonly string[];
  /** Variables that hold keys of model servers: no shell gets them, unless they are kept. */
  readonly keyNames: readonly string[];
  readonly ids: IdSource;
  readonly log: Log;
  /** What the session has done so far: files that were read stay read. */
  readonly events: readonly AgentEvent[];
}

export interface WorkspaceParts {
  readonly tools: readonly Tool[];
  readonly files: FileSystem;
  readonly fileWatch: FileWatch;
  readonly terminals: Terminals;
  /** What counts as inside the workspace. */
  readonly paths: WorkspacePaths;
}

/** Throws AppError `usage` for a selected tool that does not exist. */
export function assembleWorkspace(options: WorkspaceOptions): WorkspaceParts {
  const { cwd, folders, adapters, ids } = options;
  const files = adapters.fileSystem ?? new NodeFileSystem();
  const search = adapters.search ?? createRipgrepSearch();
  const terminals = adapters.terminals ?? makeTerminals(options);
  const paths = new WorkspacePaths({ cwd, folders, files, home: homedir(), platform: process.platform });
  const ledger = new ReadLedger();
  restoreLedger(ledger, options.events);
  const { maxOutputChars } = options;
  const tools = createTools({ paths, files, ledger, search, terminals, ids, maxOutputChars });
  const fileWatch = new FileWatch({ files, paths, ledger });
  return { tools: select(tools, createContextTools(), options), files, fileWatch, terminals, paths };
}

function makeTerminals(options: WorkspaceOptions): Terminals {
  const { cwd, log, ids, shell, lastingUnder, keepEnvironment, keyNames } = options;
  const common = { cwd, log, environment: { keep: keepEnvironment, secrets: keyNames }, ...(shell ? { shell } : {}) };
  if (lastingUnder === null) return inProcessTerminals({ ...common, ids });
  return lastingTerminals({ ...common, session: lastingUnder });
}

/**
 * The tools that are named, else all but those over the context. Programs have these always: what a session keeps its
 * context with is not for an agent file to switch off.
 */
function select(
  tools: readonly Tool[],
  contextTools: readonly Tool[],
  { selection, acting }: Pick<WorkspaceOptions, "selection" | "acting">,
): readonly Tool[] {
  const always = acting === "python" ? contextTools : [];
  if (selection === undefined) return [...tools, ...always];
  const all = [...tools, ...contextTools];
  const known = new Set(all.map((tool) => tool.name));
  const unknown = selection.find(({ name }) => !known.has(name));
  if (unknown) {
    throw new AppError("usage", `there is no tool named ${JSON.stringify(unknown.name)}`, {
      next: `The tools are: ${[...known].join(", ")}.`,
    });
  }
  const enabled = new Set(selection.filter((tool) => tool.enabled !== false).map((tool) => tool.name));
  return all.filter((tool) => enabled.has(tool.name) || always.includes(tool));
}
