/** One `run`: from the check that nothing else runs to a result with a defined status. */
import { messageOf } from "../base/app-error.ts";
import type { CommandResult, FollowCommand, InterruptCommand, RunCommand, RunResult } from "../ports/terminals.ts";
import type { CommandRecord } from "./command-record.ts";
import { OutputThrottle } from "./output-throttle.ts";
import type { PortProbe } from "./pty.ts";
import type { PtySession } from "./pty-session.ts";
import { type Readiness, watchReadiness } from "./readiness.ts";
import { timeLeft, waitFor } from "./wait-for.ts";

/** How long a command may run before it is looked at whether the shell was replaced by another program. */
const replacedCheckMs = 1000;
/** How long an abort waits for a command that is typed to begin, so that it can be interrupted. */
const beginWaitMs = 150;
/** How long a command that has not begun at its timeout may yet: the prompt may still be drawn. */
const lateBeginMs = 3000;
/** A shell without markers that has been quiet this long and has the foreground has most likely finished. */
const quietMs = 400;

/** Stands for the command that runs while a shell starts. */
export const startupCommand = "(startup files of the shell)";

export interface Leavable {
  /** Aborted when nobody waits any more: it resolves, the command goes on, and what it prints is for the next read. */
  readonly left?: AbortSignal;
}

export async function runCommand(
  session: PtySession,
  request: RunCommand & Leavable,
  probe: PortProbe,
): Promise<RunResult> {
  const { commandId, command, signal, maxOutputChars, waitFor: wanted } = request;
  const left = timeLeft(request.timeoutMs);
  if (wanted?.kind === "port" && (await probe.answers(wanted.port, signal))) {
    return { kind: "port-taken", port: wanted.port };
  }
  if (session.starting) await waitFor(session.ready, { timeoutMs: left(), signal });
  // Whoever asked has heard of no command, and would believe that there was none.
  if (request.left?.aborted) return { kind: "failed", message: "Left before the command began." };
  // Looked at again without a pause before the command is entered: another run may have begun meanwhile.
  const busy = (await whoHasForeground(session)) ?? whatRuns(session);
  if (busy !== null) return busy;
  if (session.exit !== null)
    return { kind: "failed", message: "The shell ended while it started. Run the command again." };

  const untap = tap(session, request);
  try {
    const record = await session.enter({ commandId, command, maxOutputChars }, signal).catch(messageOf);
    if (typeof record === "string") {
      const next = "Free space in the temporary folder, or set TMPDIR to one that can be written.";
      return { kind: "failed", message: `The command could not be handed to the shell (${record}). ${next}` };
    }
    return await untilEndOrReady(session, record, { ...request, timeoutMs: left() }, probe);
  } finally {
    untap();
  }
}

/** Waits for a command that was begun before, as `run` would. */
export async function followCommand(
  session: PtySession,
  record: CommandRecord,
  request: FollowCommand & Leavable,
  probe: PortProbe,
): Promise<CommandResult> {
  const untap = record.end === null ? tap(session, request) : () => {};
  try {
    return await untilEndOrReady(session, record, request, probe);
  } finally {
    untap();
  }
}

async function untilEndOrReady(
  session: PtySession,
  record: CommandRecord,
  request: Waiting,
  probe: PortProbe,
): Promise<CommandResult> {
  const { waitFor: wanted, signal } = request;
  const readiness = wanted === undefined ? null : watchReadiness(record, wanted, probe);
  try {
    if (record.end === null && readiness?.isReady !== true) {
      const wait = session.marked ? untilMarked : untilQuiet;
      await wait(session, record, request, readiness);
    }
    if (wanted === undefined || readiness === null) return record.result();
    // What ends at once may have opened the port between two looks.
    const late = !readiness.isReady && wanted.kind === "port" && record.end !== null;
    const reached = readiness.isReady || (late && (await probe.answers(wanted.port, signal)));
    return { ...record.result(), reached };
  } finally {
    readiness?.stop();
  }
}

/** Ends whatever has the foreground, or the command that is named. */
export async function interruptCommand(
  session: PtySession,
  { commandId, by }: InterruptCommand,
): Promise<"interrupted" | "idle"> {
  const record = session.commands.current;
  if (session.exit !== null) return "idle";
  if (commandId !== undefined && record?.start.commandId !== commandId) return "idle";
  if (record !== null) {
    if (by !== undefined) record.endBy(by);
    await abort(session, record);
    return "interrupted";
  }
  const group = await session.foregroundGroup();
  if (group === null || group === session.pid) return "idle";
  await session.interruptForeground();
  return "interrupted";
}

type Waiting = Pick<RunCommand, "timeoutMs" | "signal" | "onOutput" | "waitFor"> & Leavable;

function tap(session: PtySession, { onOutput }: Waiting): () => void {
  const throttle = onOutput === undefined ? null : new OutputThrottle(onOutput);
  const untap = session.tap((text) => throttle?.push(text));
  return () => {
    throttle?.flush();
    untap();
  };
}

function whatRuns(session: PtySession): RunResult | null {
  const running = session.commands.current;
  if (running !== null) return { kind: "busy", command: running.start.command, startedAtMs: running.startedAtMs };
  if (session.starting && session.exit === null) {
    return { kind: "busy", command: startupCommand, startedAtMs: session.startedAtMs };
  }
  if (session.continuing) {
    return { kind: "busy", command: "(an unfinished command line that the person is typing)", startedAtMs: Date.now() };
  }
  return null;
}

/** In a shell without markers only the foreground process group tells that something runs. */
async function whoHasForeground(session: PtySession): Promise<RunResult | null> {
  if (session.marked || session.exit !== null) return null;
  const group = await session.foregroundGroup();
  if (group === null || group === session.pid) return null;
  const command = session.commands.newest?.start.command ?? "(a program that the person started)";
  return { kind: "busy", command, startedAtMs: session.commands.newest?.startedAtMs ?? session.startedAtMs };
}

function abortOf(signal: AbortSignal | undefined): Promise<void>[] {
  if (signal === undefined) return [];
  if (signal.aborted) return [Promise.resolve()];
  return [new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))];
}

async function untilMarked(
  session: PtySession,
  record: CommandRecord,
  { timeoutMs, signal, left }: Waiting,
  readiness: Readiness | null,
): Promise<void> {
  const over = Promise.race([record.ended, ...(readiness === null ? [] : [readiness.ready]), ...abortOf(left)]);
  const firstMs = Math.min(timeoutMs, replacedCheckMs);
  let outcome = await waitFor(over, { timeoutMs: firstMs, signal });
  if (outcome === "timeout") {
    await session.checkMarkers();
    outcome = await waitFor(over, { timeoutMs: timeoutMs - firstMs, signal });
    if (outcome === "timeout" && timeoutMs > firstMs) await session.checkMarkers();
  }
  // Who only looks does not decide over it.
  if (outcome === "timeout" && timeoutMs > 0 && session.isPending(record)) {
    const begun = Promise.race([record.begun, ...abortOf(left)]);
    outcome = await waitFor(begun, { timeoutMs: lateBeginMs, signal });
    if (outcome === "timeout") await takeBack(session, record, { unwanted: false });
  }
  if (outcome === "aborted") await abort(session, record);
}

/** Ends a command that may not even have begun, within a second. */
async function abort(session: PtySession, record: CommandRecord): Promise<void> {
  await waitFor(record.begun, { timeoutMs: beginWaitMs });
  await takeBack(session, record, { unwanted: true });
  if (record.end === null) await session.interrupt(record);
}

/** Gives up a command that has not begun: the shell is somewhere else, and perhaps something else has got our keys. */
async function takeBack(
  session: PtySession,
  record: CommandRecord,
  options: { readonly unwanted: boolean },
): Promise<void> {
  if (!session.isPending(record)) return;
  // A file that can not be written can not be read either.
  await waitFor(session.withdraw(), { timeoutMs: beginWaitMs });
  await waitFor(record.begun, { timeoutMs: beginWaitMs });
  session.giveUp(record, options);
}

async function untilQuiet(
  session: PtySession,
  record: CommandRecord,
  request: Waiting,
  readiness: Readiness | null,
): Promise<void> {
  const until = Date.now() + request.timeoutMs;
  for (;;) {
    const quiet = Promise.withResolvers<void>();
    let timer = setTimeout(quiet.resolve, quietMs);
    const stop = session.watchActivity(() => {
      clearTimeout(timer);
      timer = setTimeout(quiet.resolve, quietMs);
    });
    const ready = readiness === null ? [] : [readiness.ready];
    const done = Promise.race([quiet.promise, record.ended, ...ready, ...abortOf(request.left)]);
    const outcome = await waitFor(done, { timeoutMs: until - Date.now(), signal: request.signal });
    clearTimeout(timer);
    stop();
    if (outcome === "aborted") await session.interrupt(record);
    if (record.end !== null) return;
    if (outcome !== "done" || readiness?.isReady || request.left?.aborted) break;
    const group = await session.foregroundGroup();
    if (group === null || group === session.pid) break;
  }
  session.release(record);
}
