/** The workspace of a session and the tools over it, from the embedder's adapters or Node's own. */
import { homedir } from "node:os";
import { AppError } from "../base/app-error.ts";
import type { IdSource } from "../base/ids.ts";
import { NodeFileSystem } from "../node/files/node-file-system.ts";
import { inProcessTerminals } from "../node/pty/in-process-terminals.ts";
import { createRipgrepSearch } from "../node/search/ripgrep-search.ts";
import type { FileSystem } from "../ports/file-system.ts";
import type { Log } from "../ports/log.ts";
import type { Terminals } from "../ports/terminals.ts";
import type { Tool } from "../ports/tool.ts";
import { contextTools } from "../protocol/agent-tools.ts";
import type { AgentEvent } from "../protocol/events.ts";
import { createTools } from "../tools/index.ts";
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
  /** Of what a command printed; undefined: the tools' own limit. */
  readonly maxOutputChars: number | undefined;
  readonly shell: string | undefined;
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
  const { cwd, folders, adapters, ids, log } = options;
  const files = adapters.fileSystem ?? new NodeFileSystem();
  const search = adapters.search ?? createRipgrepSearch();
  const terminals =
    adapters.terminals ?? inProcessTerminals({ cwd, log, ids, ...(options.shell ? { shell: options.shell } : {}) });
  const paths = new WorkspacePaths({ cwd, folders, files, home: homedir(), platform: process.platform });
  const ledger = new ReadLedger();
  restoreLedger(ledger, options.events);
  const { maxOutputChars } = options;
  const all = createTools({ paths, files, ledger, search, terminals, ids, maxOutputChars });
  const fileWatch = new FileWatch({ files, paths, ledger });
  return { tools: select(all, options.selection), files, fileWatch, terminals, paths };
}

/** What a session keeps its context with is not for an agent file to switch off. */
const alwaysOn: ReadonlySet<string> = new Set(contextTools);

function select(all: readonly Tool[], selection: ToolSelection | undefined): readonly Tool[] {
  if (selection === undefined) return all;
  const known = new Set([...all.map((tool) => tool.name), ...contextTools]);
  const unknown = selection.find(({ name }) => !known.has(name));
  if (unknown) {
    throw new AppError("usage", `there is no tool named ${JSON.stringify(unknown.name)}`, {
      next: `The tools are: ${[...known].join(", ")}.`,
    });
  }
  const enabled = new Set(selection.filter((tool) => tool.enabled !== false).map((tool) => tool.name));
  return all.filter(({ name }) => enabled.has(name) || alwaysOn.has(name));
}
