/**
 * One client of one session: answers its requests and passes events on. A client that goes away leaves everything as it
 * is: what it waited for goes on, and can be followed by the next one.
 */
import type { Socket } from "node:net";
import { messageOf } from "../base/app-error.ts";
import { JsonLines } from "../base/json-lines.ts";
import type { Log } from "../ports/log.ts";
import type { TerminalEvent } from "../ports/terminals.ts";
import { type HostMessage, maxLineBytes, requestSchema } from "../protocol/pty-host.ts";
import type { HostedSession } from "./hosted-session.ts";
import { answerRequest } from "./session-requests.ts";

/** Output for the eye is left out for a client that has this much unread, and no more of its requests are read. */
const maxUnreadBytes = 1_048_576;
/** A client with this much unread does not read at all: it is dropped, and may come again. */
const maxBacklogBytes = 8 * 1_048_576;
/** Nobody who means well waits for more at once. */
const maxWaiting = 1_000;

export interface SessionClientOptions {
  readonly socket: Socket;
  readonly session: HostedSession;
  /** Ends the session and its terminals. */
  readonly endSession: () => Promise<void>;
  readonly log: Log;
}

/** Serves the connection until it closes. `rest` came with its first line. */
export function serveSession({ socket, session, endSession, log }: SessionClientOptions, rest: Buffer): void {
  const waiting = new Map<number, { readonly stop: AbortController; readonly leave: AbortController }>();
  const { engine } = session;
  const drop = (cause: string): void => {
    if (socket.destroyed) return;
    log.warn("a client was dropped", { cause });
    socket.destroy();
  };
  const send = (message: HostMessage): void => {
    if (socket.destroyed) return;
    if (socket.writableLength > maxBacklogBytes) drop("it does not read");
    else socket.write(`${JSON.stringify(message)}\n`);
    if (socket.writableLength > maxUnreadBytes) socket.pause();
  };
  const show = (message: HostMessage): void => {
    if (socket.writableLength < maxUnreadBytes) send(message);
  };
  const events = engine.on((event: TerminalEvent) => send({ event }));
  let unclaimed = watchUnclaimed(false);
  function watchUnclaimed(on: boolean) {
    return on ? engine.watchOutput((output) => show({ unclaimed: output })) : undefined;
  }

  const answer = async (id: number, op: string, request: unknown): Promise<void> => {
    const [stop, leave] = [new AbortController(), new AbortController()];
    waiting.set(id, { stop, leave });
    try {
      const context = {
        session,
        endSession,
        signal: stop.signal,
        left: leave.signal,
        output: (chunk: string) => show({ id, output: chunk }),
        watchOutput: (on: boolean) => {
          unclaimed?.dispose();
          unclaimed = watchUnclaimed(on);
        },
      };
      send({ id, result: await answerRequest(op, request, context) });
    } catch (error) {
      log.error(`the request ${op} failed`, error);
      send({ id, error: messageOf(error) });
    } finally {
      waiting.delete(id);
    }
  };

  const take = (document: unknown): void => {
    const { id, op, request } = requestSchema.parse(document);
    if (op === "cancel") waiting.get(id)?.stop.abort();
    else if (waiting.has(id)) drop(`two requests with the id ${id}`);
    else if (waiting.size >= maxWaiting) send({ id, error: `more than ${maxWaiting} requests at once` });
    else void answer(id, op, request);
  };
  const lines = new JsonLines(maxLineBytes);
  const read = (chunk: Buffer): void => {
    try {
      for (const document of lines.push(chunk)) if (!socket.destroyed) take(document);
    } catch (error) {
      drop(messageOf(error));
    }
  };
  socket.on("data", read).on("drain", () => socket.resume());
  // What is asked for after the end of the session begins it anew.
  const closed = session.onClosed(() => setImmediate(() => socket.end()));
  socket.once("close", () => {
    closed.dispose();
    events.dispose();
    unclaimed?.dispose();
    for (const { leave } of waiting.values()) leave.abort();
  });
  if (rest.length > 0) read(rest);
  socket.resume();
}
