/**
 * `fetch` for talking to model servers, over Node's own HTTP client. The built-in one starts a second HTTP stack
 * (a WebAssembly parser, its own pools): 20 MB, 60 ms of processor time at the start, and a third of what a request
 * costs. What an SDK sends is one body that is at hand; everything else is left to the built-in one.
 */
import * as http from "node:http";
import * as https from "node:https";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createUnzip } from "node:zlib";

/**
 * Answers like `fetch` with `redirect: "follow"`. Connections stay open for the next request; agents that the program
 * has set (`http.globalAgent`), and with them its proxy, hold here too.
 */
export const leanFetch: typeof fetch = (input, init = {}) => {
  const url = typeof input === "string" || input instanceof URL ? URL.parse(String(input)) : null;
  const bytes = bytesOf(init.body);
  if (!url || !isPlain(url, init) || bytes === null) return fetch(input, init);
  const signal = init.signal ?? undefined;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const given = init.headers instanceof Headers ? init.headers : new Headers(init.headers);
    const headers: Record<string, string> = { "accept-encoding": "identity", ...Object.fromEntries(given) };
    if (bytes) headers["content-length"] = String(bytes.byteLength);
    const { request: send } = url.protocol === "https:" ? https : http;
    const request = send(url, { method: init.method ?? "GET", headers });
    const stop = () => request.destroy(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    request.once("close", () => signal?.removeEventListener("abort", stop));
    // Heard for as long as the request lives; after the response has begun, its body says what went wrong.
    request.on("error", (error) =>
      reject(signal?.aborted ? signal.reason : new TypeError("fetch failed", { cause: error })),
    );
    request.once("response", (incoming) => {
      if (isRedirect(incoming)) {
        incoming.resume();
        resolve(fetch(input, init));
      } else {
        resolve(responseOf(incoming, signal));
      }
    });
    request.end(bytes);
  });
};

const knownOptions = new Set(["method", "headers", "body", "signal"]);

/** Whether this does all that is asked for. */
function isPlain(url: URL, init: RequestInit): boolean {
  const known = Object.entries(init).every(([name, value]) => value === undefined || knownOptions.has(name));
  return known && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}

/** Null: not at hand, but still to be read from somewhere. */
function bytesOf(body: RequestInit["body"]): Uint8Array | undefined | null {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return Buffer.from(body);
  return body instanceof Uint8Array ? body : null;
}

function isRedirect({ statusCode = 0, headers }: http.IncomingMessage): boolean {
  return headers.location !== undefined && [301, 302, 303, 307, 308].includes(statusCode);
}

const withoutBody = new Set([204, 205, 304]);

function responseOf(incoming: http.IncomingMessage, signal: AbortSignal | undefined): Response {
  const headers = new Headers();
  const { rawHeaders, statusCode: status = 0, statusMessage: statusText = "" } = incoming;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] as string, rawHeaders[at + 1] as string);
  }
  if (withoutBody.has(status)) {
    incoming.resume();
    return new Response(null, { status, statusText, headers });
  }
  return new Response(bodyOf(incoming, signal), { status, statusText, headers });
}

/** The body as it arrives, no faster than it is read. */
function bodyOf(incoming: http.IncomingMessage, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  const source = decompressed(incoming);
  let ended = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const fail = (error: Error) => {
        if (ended) return;
        ended = true;
        controller.error(signal?.aborted ? signal.reason : new TypeError("terminated", { cause: error }));
      };
      source.on("data", (chunk: Uint8Array) => {
        if (ended) return;
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= 0) source.pause();
      });
      source.once("end", () => {
        if (ended) return;
        ended = true;
        controller.close();
      });
      source.on("error", fail);
      incoming.on("error", fail);
    },
    pull() {
      source.resume();
    },
    cancel() {
      ended = true;
      incoming.destroy();
      source.destroy();
    },
  });
}

/** For servers that compress although nobody asked them to. */
function decompressed(incoming: http.IncomingMessage): Readable {
  const encoding = incoming.headers["content-encoding"]?.trim().toLowerCase();
  if (encoding === "br") return incoming.pipe(createBrotliDecompress());
  if (encoding === "gzip" || encoding === "x-gzip" || encoding === "deflate") return incoming.pipe(createUnzip());
  return incoming;
}
