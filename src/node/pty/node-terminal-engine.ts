/** A terminal engine over the PTYs, processes and files of this machine, in whichever process it is made. */
import { type IdSource, randomIds } from "../../base/ids.ts";
import type { Log } from "../../ports/log.ts";
import { ShellLauncher } from "../../terminals/shell-launcher.ts";
import type { SpoolLimits } from "../../terminals/spool.ts";
import { TerminalEngine } from "../../terminals/terminal-engine.ts";
import { NodePtySpawner } from "./node-pty-spawner.ts";
import { localPortProbe } from "./port-probe.ts";
import { temporaryPrivateFolder } from "./private-folder.ts";
import { systemProcessTable } from "./process-table.ts";
import { spoolFiles } from "./spool-files.ts";

export interface NodeTerminalEngineOptions {
  /** Folder in which terminals start. */
  readonly cwd: string;
  readonly log: Log;
  readonly ids?: IdSource;
  /** Default shell, by name or path. */
  readonly shell?: string | undefined;
  /** The environment of the shells, as it is. */
  readonly environment: Readonly<Record<string, string>>;
  readonly spoolLimits?: SpoolLimits;
  /** Whether this process outlives the clients of its terminals. Default: no. */
  readonly outlives?: boolean;
}

export function nodeTerminalEngine(options: NodeTerminalEngineOptions): TerminalEngine {
  const { log, ids = randomIds, shell, environment, ...rest } = options;
  const folder = temporaryPrivateFolder();
  const launcher = new ShellLauncher({
    spawner: new NodePtySpawner(),
    processes: systemProcessTable(log),
    folder,
    env: environment,
    log,
  });
  const machine = { launcher, spools: spoolFiles(folder), probe: localPortProbe };
  return new TerminalEngine({ ...rest, ...machine, ids, log, ...(shell === undefined ? {} : { shell }) });
}
