/** The Python engine on Node: processes, its files, and its memory image in a cache folder. */
import { join } from "node:path";
import { type Log, silentLog } from "../../ports/log.ts";
import type { ScriptEngine } from "../../ports/script-engine.ts";
import { createPythonEngine } from "../../scripting/python/engine.ts";
import { lockedChildHost } from "./locked-child-host.ts";
import { findPythonFiles, snapshotKey } from "./python-files.ts";
import { openSnapshotFiles } from "./snapshot-files.ts";

export interface NodePythonEngineOptions {
  /** CodePilot's home folder; the memory image goes to `cache/python/` in it. */
  readonly home: string;
  readonly log?: Log;
  /** How long an interpreter that nobody uses is kept ready. Default: ten minutes. */
  readonly idleMs?: number;
}

/** Starts nothing before the first `warmUp` or `open`. */
export function createNodePythonEngine(options: NodePythonEngineOptions): ScriptEngine {
  const log = options.log ?? silentLog;
  return createPythonEngine({
    host: lockedChildHost,
    log,
    ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
    async files() {
      const files = await findPythonFiles();
      return {
        files,
        snapshots: openSnapshotFiles(join(options.home, "cache", "python"), await snapshotKey(files), log),
      };
    },
  });
}
