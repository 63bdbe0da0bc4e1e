/**
 * A model server on this machine that speaks the Responses API, Chat Completions and Anthropic's Messages, and does
 * what a script says. It keeps every request. Used by unit tests, end-to-end tests and the benches, in process or,
 * through main.ts, as a process of its own.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { renderReply } from "./render.ts";
import type { FakeReply, WireFormat } from "./reply.ts";

export type { ErrorKind, FakePart, FakeReply, FakeUsage, WireFormat } from "./reply.ts";
export { errorReply } from "./reply.ts";

export interface FakeRequest {
  readonly format: WireFormat;
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into bodies of three formats
  readonly body: any;
  /** The body as it came. */
  readonly text: string;
  /** Counts from 0 over all formats. */
  readonly index: number;
  readonly headers: IncomingHttpHeaders;
}

/** A list is answered in order; a function decides each time. */
export type FakeScript = readonly FakeReply[] | ((request: FakeRequest) => FakeReply | Promise<FakeReply>);

export interface FakeModelServer {
  /** Without a path: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The base URL to configure for a wire format. */
  baseUrl(format: WireFormat): string;
  readonly requests: readonly FakeRequest[];
  /** Connections that are open now; 0 soon after all clients have let go. */
  openConnections(): Promise<number>;
  setScript(script: FakeScript): void;
  close(): Promise<void>;
}

export interface FakeModelOptions {
  readonly port?: number;
  /** Ids for GET /v1/models. */
  readonly models?: readonly string[];
  /** Called for each request, e.g. to print it. */
  readonly onRequest?: (request: FakeRequest) => void;
}

const formats: Record<string, WireFormat> = {
  "/v1/responses": "openai",
  "/v1/chat/completions": "openai-chat",
  "/v1/messages": "anthropic",
};

export async function startFakeModel(script: FakeScript, options: FakeModelOptions = {}): Promise<FakeModelServer> {
  const requests: FakeRequest[] = [];
  let current = script;
  /** Replies of a list that were used. */
  let used = 0;
  const next = (request: FakeRequest): FakeReply | Promise<FakeReply> => {
    if (typeof current === "function") return current(request);
    return current[used++] ?? { status: 400, body: { error: { message: `The script has ${used - 1} replies only.` } } };
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: { message: `fake model: ${error}` } });
    });
  });
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const path = (incoming.url ?? "").split("?")[0] ?? "";
    if (incoming.method === "GET" && path === "/v1/models") {
      const data = (options.models ?? ["fake"]).map((id) => ({ id, object: "model", owned_by: "fake" }));
      return sendJson(response, 200, { object: "list", data });
    }
    const format = formats[path];
    if (incoming.method !== "POST" || !format) {
      return sendJson(response, 404, { error: { message: `no ${incoming.method} ${path}` } });
    }
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const request = { format, body: JSON.parse(text), text, index: requests.length, headers: incoming.headers };
    requests.push(request);
    options.onRequest?.(request);
    await answer(response, await next(request), request);
  };

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    baseUrl: (format) => (format === "anthropic" ? url : `${url}/v1`),
    requests,
    openConnections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    setScript(script) {
      current = script;
      used = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const html = typeof body === "string";
  response.writeHead(status, { "content-type": html ? "text/html" : "application/json", ...headers });
  response.end(html ? body : JSON.stringify(body));
}

/** Streams without calls have no ids in them and are rendered once; benches send the same long one many times. */
const rendered = new WeakMap<FakeReply, Map<WireFormat, Uint8Array>>();

function bytesOf(reply: FakeReply, request: FakeRequest): Uint8Array {
  if (reply.raw !== undefined) return typeof reply.raw === "string" ? Buffer.from(reply.raw) : reply.raw;
  const model = String(request.body.model);
  const once = (reply.parts ?? []).every((part) => "text" in part);
  const known = rendered.get(reply)?.get(request.format);
  if (once && known) return known;
  const bytes = Buffer.from(renderReply(request.format, reply, model, request.index));
  if (once) rendered.set(reply, (rendered.get(reply) ?? new Map()).set(request.format, bytes));
  return bytes;
}

async function answer(response: ServerResponse, reply: FakeReply, request: FakeRequest): Promise<void> {
  if (reply.silent) return;
  if (reply.delayMs) await sleep(reply.delayMs);
  if (reply.status !== undefined && reply.status !== 200) {
    return sendJson(response, reply.status, reply.body ?? {}, reply.headers);
  }
  if (reply.body !== undefined) return sendJson(response, 200, reply.body, reply.headers);
  const all = bytesOf(reply, request);
  const bytes = reply.fault ? all.subarray(0, reply.fault.afterBytes) : all;
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", ...reply.headers });
  response.flushHeaders();
  await write(response, bytes, reply);
  if (reply.neverClose || reply.fault?.ending === "hang") return;
  if (reply.fault?.ending === "cut") {
    // What was written has to leave before the connection is reset.
    response.write("", () => setImmediate(() => response.destroy()));
    return;
  }
  response.end();
}

async function write(response: ServerResponse, bytes: Uint8Array, reply: FakeReply): Promise<void> {
  if (reply.chunkSize === undefined) {
    response.write(bytes);
    return;
  }
  const sizes = typeof reply.chunkSize === "number" ? [reply.chunkSize] : reply.chunkSize;
  response.socket?.setNoDelay(true);
  for (let at = 0, n = 0; at < bytes.length && !response.destroyed; n += 1) {
    const size = Math.max(1, sizes[n % sizes.length] ?? 1);
    const room = response.write(bytes.subarray(at, at + size));
    at += size;
    if (reply.chunkDelayMs) await sleep(reply.chunkDelayMs);
    // Without a pause the socket would join the writes again.
    else if (room) await new Promise((resolve) => setImmediate(resolve));
    else await Promise.race([new Promise((resolve) => response.once("drain", resolve)), closed(response)]);
  }
}

function closed(response: ServerResponse): Promise<unknown> {
  return new Promise((resolve) => response.once("close", resolve));
}
