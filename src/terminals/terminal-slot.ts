/** A named terminal of a session: what it was asked to be, and the shell that lives in it, if one does. */
import type { TerminalInfo } from "../protocol/terminals.ts";
import type { OutputThrottle } from "./output-throttle.ts";
import type { PtySession } from "./pty-session.ts";
import type { ShellRequest } from "./shell-launcher.ts";

export interface TerminalSlot {
  readonly request: Omit<ShellRequest, "ordinal">;
  readonly createdBy: "agent" | "person";
  readonly kept: boolean;
  session: PtySession | null;
  /** A start under way; everybody who needs the shell waits for the same one. */
  starting: Promise<PtySession | string> | null;
  /** Whether a read has told that the shell ended. */
  exitReported: boolean;
  readonly unclaimed: OutputThrottle;
}

/** What is told of it. */
export function infoOf(name: string, { session, request, createdBy, kept }: TerminalSlot): TerminalInfo {
  const newest = session?.commands.current ?? session?.commands.newest ?? null;
  const exitCode = session?.exit ? session.exit.exitCode : (newest?.end?.exitCode ?? null);
  return {
    name,
    shell: request.shell,
    pid: session === null || session.exit !== null ? null : session.pid,
    cwd: session?.cwd ?? request.cwd,
    createdBy,
    ...(kept ? { kept } : {}),
    status: statusOf(session),
    command: newest?.start.command ?? null,
    ...(newest === null ? {} : { commandId: newest.start.commandId }),
    exitCode,
  };
}

function statusOf(session: PtySession | null): TerminalInfo["status"] {
  if (session === null) return "not-started";
  if (session.exit !== null) return "exited";
  if (!session.marked) return "unknown";
  return session.commands.current !== null || session.starting ? "running" : "idle";
}
