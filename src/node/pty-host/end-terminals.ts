/** Ends the terminals of a session that nobody has open, as when it is deleted. */
import type { Log } from "../../ports/log.ts";
import { HostedTerminals } from "./hosted-terminals.ts";

export interface EndTerminalsOptions {
  readonly session: string;
  /** The session's working folder. */
  readonly cwd: string;
  readonly log: Log;
}

/** Resolves when they are gone; where there are none, nothing is started. */
export async function endTerminals({ session, cwd, log }: EndTerminalsOptions): Promise<void> {
  const terminals = new HostedTerminals({ session, workspace: cwd, cwd, environment: {}, log });
  await terminals.reconnect();
  await terminals.close();
}
