/** Terminals whose engine runs in this process. The pty-host client will offer the same port from outside. */
import { type IdSource, randomIds } from "../../base/ids.ts";
import type { Log } from "../../ports/log.ts";
import type { Terminals } from "../../ports/terminals.ts";
import { type ShellEnvironmentOptions, shellEnvironment } from "../../terminals/shell-environment.ts";
import { ShellLauncher } from "../../terminals/shell-launcher.ts";
import { TerminalEngine } from "../../terminals/terminal-engine.ts";
import { NodePtySpawner } from "./node-pty-spawner.ts";
import { temporaryPrivateFolder } from "./private-folder.ts";
import { systemProcessTable } from "./process-table.ts";

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
  const { cwd, log, ids = randomIds, shell, environment, baseEnvironment = process.env } = options;
  const launcher = new ShellLauncher({
    spawner: new NodePtySpawner(),
    processes: systemProcessTable(log),
    folder: temporaryPrivateFolder(),
    env: shellEnvironment(baseEnvironment, environment),
    log,
  });
  return new TerminalEngine({ launcher, ids, log, cwd, ...(shell === undefined ? {} : { shell }) });
}
