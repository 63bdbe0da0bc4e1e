/** What a session needs to act through Python: the engine, the tools as functions, and how its prompt teaches them. */
import { resolve } from "node:path";
import { createNodePythonEngine } from "../node/script-host/python-engine.ts";
import { defaultHome } from "../node/stores/file-session-store.ts";
import type { Log } from "../ports/log.ts";
import type { ScriptEngine } from "../ports/script-engine.ts";
import type { ScriptSupport } from "../runtime/session.ts";
import type { ToolRegistry } from "../runtime/tool-registry.ts";
import { scriptFunctions } from "../scripting/script-functions.ts";

export interface PythonSupportOptions {
  readonly registry: ToolRegistry;
  readonly cwd: string;
  /** CodePilot's home folder; undefined: `$CODEPILOT_HOME`, else `~/.codepilot`. */
  readonly home: string | undefined;
  readonly log: Log;
}

/** Starts no process by itself. The engine is the caller's to dispose of. */
export function pythonSupport({ registry, cwd, home, log }: PythonSupportOptions): ScriptSupport & {
  readonly engine: ScriptEngine;
} {
  return {
    engine: createNodePythonEngine({ home: home ?? defaultHome(process.env), log }),
    functions: () => scriptFunctions(registry.specs()),
    workDir: cwd,
    resolvePath: (path) => resolve(cwd, path),
  };
}
