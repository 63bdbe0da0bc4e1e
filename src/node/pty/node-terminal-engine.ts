/** A terminal engine over the PTYs, processes and files of this machine, in whichever process it is made. */
import { randomBytes } from "node:crypto";
import { type IdSource, randomIds } from "../../base/ids.ts";
import type { Log } from "../../ports/log.ts";
import type { PtySpawner } from "../../terminals/pty.ts";
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
  /** The environment of a shell that is started now, as it is. */
  readonly environment: () => Readonly<Record<string, string>>;
  readonly spoolLimits?: SpoolLimits;
  /** Whether this process outlives the clients of its terminals. Default: no. */
  readonly outlives?: boolean;
  /** Default: pseudoterminals of node-pty. */
  readonly spawner?: PtySpawner;
  /** See ShellLauncherOptions. */
  readonly markPrefix?: string;
}

export function newMarkPrefix(): string {
  return `${randomBytes(9).toString("hex")}.`;
}

export function nodeTerminalEngine(options: NodeTerminalEngineOptions): TerminalEngine {
  const { log, ids = randomIds, shell, environment, ...rest } = options;
  const { spawner = new NodePtySpawner(), markPrefix = newMarkPrefix(), ...engine } = rest;
  const folder = temporaryPrivateFolder();
  const launcher = new ShellLauncher({
    spawner,
    processes: systemProcessTable(log),
    folder,
    markPrefix,
    env: environment,
    log,
  });
  const machine = { launcher, spools: spoolFiles(folder), probe: localPortProbe };
  return new TerminalEngine({ ...engine, ...machine, ids, log, ...(shell === undefined ? {} : { shell }) });
}
