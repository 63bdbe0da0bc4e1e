/** Terminals of a session that outlive this process, where the machine allows it. */
import type { Log } from "../../ports/log.ts";
import type { Terminals } from "../../ports/terminals.ts";
import { type ShellEnvironmentOptions, shellEnvironment } from "../../terminals/shell-environment.ts";
import { nodeTerminalEngine } from "../pty/node-terminal-engine.ts";
import { HostedTerminals } from "./hosted-terminals.ts";
import { SessionTerminals } from "./session-terminals.ts";

export interface LastingTerminalsOptions {
  readonly session: string;
  /** Folder in which terminals start, and whose pty host keeps them. */
  readonly cwd: string;
  readonly log: Log;
  /** Default shell, by name or path. */
  readonly shell?: string | undefined;
  readonly environment?: ShellEnvironmentOptions | undefined;
}

export function lastingTerminals({ session, cwd, log, shell, ...options }: LastingTerminalsOptions): Terminals {
  const environment = shellEnvironment(process.env, options.environment);
  const engine = { cwd, log, environment, ...(shell === undefined ? {} : { shell }) };
  return new SessionTerminals({
    hosted: new HostedTerminals({ ...engine, session, workspace: cwd }),
    inProcess: () => nodeTerminalEngine({ ...engine, environment: () => environment }),
    log,
  });
}
