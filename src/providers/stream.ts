/**
 * Takes one response over HTTP: opens it, splits its server-sent events, feeds the decoder of a wire format, and
 * makes sure that it ends: by its terminal event, an abort, silence or a lost connection.
 */
import { createParser } from "eventsource-parser";
import { messageOf } from "../base/app-error.ts";
import type { ModelEvent, ModelOutcome } from "../ports/model-client.ts";
import {
  cutStream,
  endlessStream,
  type FailureContext,
  failureOfServerError,
  failureOfThrown,
  noEventStream,
  readServerError,
  silentStream,
  unreadableResponse,
} from "./failure.ts";
import { parseJson } from "./wire.ts";

export const defaultIdleTimeoutMs = 5 * 60_000;
/** Several times what the longest reply of any model comes to, with all that is around its words. */
const maxResponseBytes = 128 * 1024 * 1024;
/** How long a connection may take to end after its response was complete. */
const drainMs = 500;

/** Decodes the stream of one response; holds what has arrived so far. */
export interface ResponseDecoder {
  /** Takes one event; returns the outcome with the terminal one. */
  push(event: unknown): ModelOutcome | undefined;
  /** The stream said `[DONE]` (`marked`), or just ended: the outcome, if what came is a whole response. */
  end(marked: boolean): ModelOutcome | undefined;
}

export interface StreamCall {
  /** Sends the request. Rejects with what the SDK throws; the signal ends it. */
  open(signal: AbortSignal): Promise<Response>;
  decoder(emit: (event: ModelEvent) => void): ResponseDecoder;
  readonly onEvent: (event: ModelEvent) => void;
  readonly signal: AbortSignal;
  readonly idleTimeoutMs: number;
  readonly context: FailureContext;
}

/** Never rejects, and nothing reaches `onEvent` after it resolved. */
export function takeResponse(call: StreamCall): Promise<ModelOutcome> {
  if (call.signal.aborted) return Promise.resolve({ kind: "aborted" });
  return new Promise((resolve) => {
    const controller = new AbortController();
    let settled = false;
    const settle = (outcome: ModelOutcome) => {
      if (settled) return;
      settled = true;
      clearTimeout(idle);
      call.signal.removeEventListener("abort", onAbort);
      resolve(outcome);
    };
    // Nobody waits for what the server does with the aborted request.
    const giveUp = (outcome: ModelOutcome) => {
      settle(outcome);
      controller.abort();
    };
    const onAbort = () => giveUp({ kind: "aborted" });
    call.signal.addEventListener("abort", onAbort, { once: true });
    const idle = setTimeout(
      () => giveUp({ kind: "failed", failure: silentStream(call.context, call.idleTimeoutMs) }),
      call.idleTimeoutMs,
    );
    read(call, controller, {
      emit: (event) => {
        if (!settled) call.onEvent(event);
      },
      alive: () => {
        // A timer that has fired must not be started again.
        if (!settled) idle.refresh();
        return !settled;
      },
    }).then(settle, (error: unknown) => settle({ kind: "failed", failure: failureOfThrown(error, call.context) }));
  });
}

interface Sink {
  emit(event: ModelEvent): void;
  /** Called with each chunk; false once nobody waits any more. */
  alive(): boolean;
}

async function read(call: StreamCall, controller: AbortController, sink: Sink): Promise<ModelOutcome> {
  const response = await call.open(controller.signal);
  sink.alive();
  const reader = response.body?.getReader();
  if (!reader) return { kind: "failed", failure: cutStream(call.context) };

  const decoder = call.decoder(sink.emit);
  let outcome: ModelOutcome | undefined;
  let events = 0;
  let ended = false;
  const parser = createParser({
    onEvent: ({ data }) => {
      if (outcome) return;
      events += 1;
      try {
        outcome = data === "[DONE]" ? decoder.end(true) : decoder.push(JSON.parse(data));
      } catch (error) {
        // Half an event at the end is a cut stream.
        if (ended) return;
        outcome = { kind: "failed", failure: unreadableResponse(`The stream can not be read: ${messageOf(error)}`) };
      }
    },
  });
  const text = new TextDecoder();
  /** The beginning of the body, for servers which answer with something else than events. */
  let beginning = "";
  let receivedBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!sink.alive()) return { kind: "aborted" };
    receivedBytes += value.byteLength;
    if (receivedBytes > maxResponseBytes) {
      // Not waited for: a connection that does not let go must not hold up the turn.
      reader.cancel().catch(() => undefined);
      controller.abort();
      return { kind: "failed", failure: endlessStream(call.context, maxResponseBytes) };
    }
    const chunk = text.decode(value, { stream: true });
    parser.feed(chunk);
    if (outcome) {
      release(reader, controller);
      return outcome;
    }
    if (events === 0 && beginning.length < 4000) beginning += chunk;
  }
  // The last event may lack its empty line.
  ended = true;
  parser.feed("\n\n");
  outcome ??= decoder.end(false);
  if (outcome) return outcome;
  if (events === 0 && beginning.trim() !== "") return { kind: "failed", failure: noStream(beginning, call.context) };
  return { kind: "failed", failure: cutStream(call.context) };
}

/** Reads what is left (a few bytes), so that the connection can be used again; a server that does not end is cut off. */
function release(reader: ReadableStreamDefaultReader<Uint8Array>, controller: AbortController): void {
  const cutOff = setTimeout(() => controller.abort(), drainMs).unref();
  const drain = async () => {
    while (!(await reader.read()).done);
  };
  drain()
    .catch(() => undefined)
    .finally(() => clearTimeout(cutOff));
}

/** A body with status 200 that is no event stream: an error as JSON, or some other server's page. */
function noStream(body: string, context: FailureContext) {
  const parsed = parseJson(body);
  if (parsed !== undefined) {
    const error = readServerError(parsed);
    if (error.message) return failureOfServerError(error, context);
  }
  return noEventStream(body, context);
}
