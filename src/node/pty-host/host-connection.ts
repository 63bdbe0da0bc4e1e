/** A connection to a pty host: opened with one line, then requests with ids, their replies, and events in order. */
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { messageOf, systemCodeOf } from "../../base/app-error.ts";
import { JsonLines } from "../../base/json-lines.ts";
import {
  type Greeting,
  greetingSchema,
  type HostMessage,
  maxLineBytes,
  ptyHostVersion,
} from "../../protocol/pty-host.ts";
import { readFirstLine } from "./first-line.ts";
import { type HostPlace, isOwnPlace } from "./host-place.ts";
import { afterLoopTime } from "./loop-time.ts";

const connectTimeoutMs = 5_000;

/** The host went away before it answered: killed, or ended by somebody. */
export class HostLost extends Error {
  constructor() {
    super("The process that owned the terminals ended before it answered.");
  }
}

/** A connected socket on which the opening was sent; null when nobody of this user listens there. Rejects on any other fault. */
export async function openSocket(
  place: HostPlace,
  opening: { readonly type: string } & Readonly<Record<string, unknown>>,
  limitMs = connectTimeoutMs,
): Promise<Socket | null> {
  // Whoever else could put a socket there would be shown commands and typing.
  if (!(await isOwnPlace(place))) return null;
  const token = await readFile(place.tokenFile, "utf8").catch(() => null);
  if (token === null) return null;
  const socket = connect(place.controlSocket);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("connect", resolve).once("error", reject);
  const late = () => reject(new Error("the pty host does not take the connection"));
  const timer = afterLoopTime(limitMs, late);
  try {
    await promise;
  } catch (error) {
    socket.destroy();
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ECONNREFUSED") return null;
    throw error;
  } finally {
    timer.dispose();
  }
  socket.on("error", () => socket.destroy());
  socket.write(`${JSON.stringify({ version: ptyHostVersion, token, ...opening })}\n`);
  return socket;
}

/** Sends an opening that is answered by one line, and reads it; null when nobody listens there. `limitMs`: of each. */
export async function greet(
  place: HostPlace,
  opening: { readonly type: string } & Readonly<Record<string, unknown>>,
  limitMs = connectTimeoutMs,
): Promise<{ readonly greeting: Greeting; readonly socket: Socket; readonly rest: Buffer } | null> {
  const socket = await openSocket(place, opening, limitMs);
  if (socket === null) return null;
  try {
    const { document, rest } = await readFirstLine(socket, { maxBytes: maxLineBytes, timeoutMs: limitMs });
    return { greeting: greetingSchema.parse(document), socket, rest };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

export interface RequestOptions {
  /** After this the host is taken for hanging, and the request rejects. */
  readonly limitMs: number;
  /** Cancels at the host; the reply still comes. */
  readonly signal?: AbortSignal;
  readonly onOutput?: ((chunk: string) => void) | undefined;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onOutput?: ((chunk: string) => void) | undefined;
}

export interface ConnectionListeners {
  readonly onEvent: (event: unknown) => void;
  readonly onUnclaimed: (output: unknown) => void;
}

export class HostConnection {
  /** Resolves when the connection is gone, whoever closed it. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #listeners: ConnectionListeners;
  readonly #pending = new Map<number, Pending>();
  readonly #lines = new JsonLines(maxLineBytes);
  #lastId = 0;
  #open = true;

  constructor(socket: Socket, rest: Buffer, listeners: ConnectionListeners) {
    this.#socket = socket;
    this.#listeners = listeners;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.once("close", () => {
      this.#open = false;
      for (const { reject } of this.#pending.values()) reject(new HostLost());
      this.#pending.clear();
      resolve();
    });
    if (rest.length > 0) this.#read(rest);
    socket.resume();
    // Somebody who waits for nothing may end; the terminals live elsewhere.
    socket.unref();
  }

  get open(): boolean {
    return this.#open;
  }

  /** Rejects with HostLost, or with what the host says went wrong. */
  async request(op: string, request: unknown, { limitMs, signal, onOutput }: RequestOptions): Promise<unknown> {
    if (!this.#open) throw new HostLost();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject, onOutput });
    this.#socket.ref();
    this.#send({ id, op, request });
    const cancel = () => this.#send({ id, op: "cancel", request: null });
    const timer = setTimeout(
      () => reject(new Error(`The terminals' process has not answered for ${limitMs} ms.`)),
      limitMs,
    );
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.#socket.unref();
    }
  }

  /** Says something that needs no answer. */
  tell(op: string, request: unknown): void {
    this.request(op, request, { limitMs: 10_000 }).catch(() => undefined);
  }

  close(): void {
    this.#open = false;
    this.#socket.end();
    this.#socket.destroySoon();
  }

  #send(message: unknown): void {
    if (this.#open) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  #read(chunk: Buffer): void {
    try {
      for (const document of this.#lines.push(chunk)) this.#take(document as HostMessage);
    } catch (error) {
      this.#socket.destroy(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  #take(message: HostMessage): void {
    if ("event" in message) this.#listeners.onEvent(message.event);
    else if ("unclaimed" in message) this.#listeners.onUnclaimed(message.unclaimed);
    else this.#answer(message);
  }

  #answer(message: Extract<HostMessage, { readonly id: number }>): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    if ("output" in message) pending.onOutput?.(message.output);
    else if ("error" in message) pending.reject(new Error(message.error));
    else pending.resolve(message.result);
  }
}
