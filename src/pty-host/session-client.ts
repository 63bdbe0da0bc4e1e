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

/** Output for the eye is left out for a client that has this much unread. */
const maxUnreadBytes = 1_048_576;

export interface SessionClientOptions {
  readonly socket: Socket;
  readonly session: HostedSession;
  /** Ends the session and its terminals. */
  readonly endSession: () => Promise<void>;
  readonly log: Log;
}

/** Serves the connection until it closes. `rest` came with its first line. */
export function serveSession({ socket, session, endSession, log }: SessionClientOptions, rest: Buffer): void {
  const waiting = new Map<number, AbortController>();
  const { engine } = session;
  const send = (message: HostMessage): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
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
    const stop = new AbortController();
    waiting.set(id, stop);
    try {
      const context = {
        session,
        endSession,
        signal: stop.signal,
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

  const lines = new JsonLines(maxLineBytes);
  const read = (chunk: Buffer): void => {
    try {
      for (const document of lines.push(chunk)) {
        const { id, op, request } = requestSchema.parse(document);
        if (op === "cancel") waiting.get(id)?.abort();
        else void answer(id, op, request);
      }
    } catch (error) {
      log.warn("a client was dropped", { cause: messageOf(error) });
      socket.destroy();
    }
  };
  socket.on("data", read);
  socket.once("close", () => {
    events.dispose();
    unclaimed?.dispose();
  });
  if (rest.length > 0) read(rest);
  socket.resume();
}
