/** What a read of a terminal gives, and how long it waits for it. */
import { headAndTail } from "../base/head-tail-buffer.ts";
import type { ReadResult, ReadTerminal, TerminalText, WriteTerminal } from "../ports/terminals.ts";
import type { PtySession } from "./pty-session.ts";
import { infoOf, type TerminalSlot } from "./terminal-slot.ts";
import { waitFor } from "./wait-for.ts";

/** A program that takes input is done reacting when it has been quiet this long; it gets longer for the first sign. */
const quietMs = 300;
const firstSignMs = 1000;

/** What is new, once the command that runs has ended, the time is over, or nothing moves where no end is known. */
export async function readTerminal(
  slot: TerminalSlot,
  session: PtySession,
  request: ReadTerminal,
): Promise<ReadResult> {
  const running = session.commands.current;
  if (running !== null) await waitFor(running.ended, request);
  else if (!session.marked) await untilQuiet(session, request);
  if (session.exit !== null) return readEnded(slot, session, request);
  return result(slot, session, request, freshOf(session, request));
}

/** Types, and gives the screen as it is once the program has reacted. */
export async function writeTerminal(
  slot: TerminalSlot,
  session: PtySession,
  request: WriteTerminal,
): Promise<ReadResult> {
  session.write(request.text, "agent");
  await untilQuiet(session, request);
  if (session.exit !== null) return readEnded(slot, session, request);
  const text = await session.display.screen.visibleText();
  const shown = headAndTail(text, request.maxOutputChars);
  const droppedChars = Math.max(0, text.length - request.maxOutputChars);
  return result(slot, session, request, { text: shown, droppedChars });
}

/** The end of a shell, and what it has printed before. */
export function readEnded(slot: TerminalSlot, session: PtySession, request: ReadTerminal): ReadResult {
  if (!request.signal.aborted) slot.exitReported = true;
  return { kind: "exited", exitCode: session.exit?.exitCode ?? null, output: freshOf(session, request) };
}

function result(slot: TerminalSlot, session: PtySession, { terminal }: ReadTerminal, output: TerminalText): ReadResult {
  const command = session.commands.shown?.result() ?? null;
  return { kind: "read", terminal: infoOf(terminal, slot), command, output };
}

/** What is new. Whoever has stopped asking does not get it, so that it is new to the next one, too. */
function freshOf(session: PtySession, { signal, maxOutputChars }: ReadTerminal): TerminalText {
  return signal.aborted ? session.unread.look(maxOutputChars) : session.unread.take(maxOutputChars);
}

/** Until the command that runs ends, or the program has been quiet for a while, or the time is over. */
async function untilQuiet(session: PtySession, { timeoutMs, signal }: ReadTerminal): Promise<void> {
  const quiet = Promise.withResolvers<void>();
  let timer = setTimeout(quiet.resolve, firstSignMs);
  const stop = session.watchActivity(() => {
    clearTimeout(timer);
    timer = setTimeout(quiet.resolve, quietMs);
  });
  const ended = session.commands.current?.ended ?? new Promise<void>(() => {});
  await waitFor(Promise.race([quiet.promise, ended, session.exited]), { timeoutMs, signal });
  clearTimeout(timer);
  stop();
}
