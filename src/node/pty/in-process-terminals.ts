/** Terminals whose engine runs in this process, and which end with it. */
import type { IdSource } from "../../base/ids.ts";
import type { Log } from "../../ports/log.ts";
import type { Terminals } from "../../ports/terminals.ts";
import { type ShellEnvironmentOptions, shellEnvironment } from "../../terminals/shell-environment.ts";
import { nodeTerminalEngine } from "./node-terminal-engine.ts";

export interface InProcessTerminalsOptions {
  /** Folder in which terminals start. */
  readonly cwd: string;
  readonly log: Log;
  readonly ids?: IdSource;
  /** Default shell, by name or path. */
  readonly shell?: string;
  readonly environment?: ShellEnvironmentOptions;
  /** What the environment of the shells is made from. */
  readonly baseEnvironment?: Readonly<Record<string, string | undefined>>;
}

export function inProcessTerminals(options: InProcessTerminalsOptions): Terminals {
  const { environment, baseEnvironment = process.env, ...engine } = options;
  return nodeTerminalEngine({ ...engine, environment: () => shellEnvironment(baseEnvironment, environment) });
}
