/** The lean `fetch` beside the built-in one: the same server, the same question, the same answer. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { leanFetch } from "../../../src/node/http/lean-fetch.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

describe("lean fetch", () => {
  let server: Server;
  let url: string;
  let handler: Handler;
  let connections: number;

  beforeEach(async () => {
    connections = 0;
    server = createServer(async (request, response) => {
      let body = "";
      try {
        for await (const chunk of request.setEncoding("utf8")) body += chunk;
      } catch {
        return; // The client let go.
      }
      handler(request, response, body);
    });
    server.on("connection", () => {
      connections += 1;
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** What both make of it. */
  async function both(init?: RequestInit, path = "/"): Promise<void> {
    const told = async (how: typeof fetch) => {
      const response = await how(url + path, init);
      const { status, statusText, ok } = response;
      const headers = [...response.headers].filter(([name]) => !/^(?:date|connection|keep-alive)$/.test(name));
      return { status, statusText, ok, headers, body: await response.text() };
    };
    assert.deepEqual(await told(leanFetch), await told(fetch));
  }

  it("sends and gets what the built-in one does", async () => {
    handler = (request, response, body) => {
      const { authorization, "content-type": type, "content-length": length } = request.headers;
      response.writeHead(
        201,
        "Made",
        [
          ["x-one", "1"],
          ["x-two", "2"],
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ].flat(),
      );
      response.end(JSON.stringify({ method: request.method, url: request.url, authorization, type, length, body }));
    };
    const headers = new Headers({ authorization: "Bearer k", "content-type": "application/json" });
    await both({ method: "POST", headers, body: "naïve 🙂" }, "/v1/x?q=1%20a&z");
    await both({ method: "POST", headers: { "content-type": "text/plain" }, body: Buffer.from("bytes") });
    await both();
  });

  it("hands on statuses that are errors, and those without a body", async () => {
    for (const status of [204, 304, 400, 401, 404, 429, 500, 503]) {
      handler = (_request, response) => {
        response.writeHead(status, { "x-request-id": "r1" });
        response.end(status === 204 || status === 304 ? undefined : `{"status":${status}}`);
      };
      await both({ method: "POST", body: "{}" });
    }
  });

  it("follows redirects", async () => {
    handler = (request, response, body) => {
      if (request.url === "/new") return response.end(`${request.method} ${body}`);
      return response.writeHead(307, { location: "/new" }).end();
    };
    await both({ method: "POST", body: "kept" }, "/old");
  });

  it("unpacks what a server compresses unasked", async () => {
    const text = "a line\n".repeat(1000);
    const packers = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
    for (const [encoding, pack] of Object.entries(packers)) {
      handler = (_request, response) => response.writeHead(200, { "content-encoding": encoding }).end(pack(text));
      const response = await leanFetch(url);
      assert.equal(await response.text(), text, encoding);
    }
  });

  it("uses a connection again", async () => {
    handler = (_request, response) => response.end("ok");
    for (let round = 0; round < 3; round += 1) {
      await (await leanFetch(url, { method: "POST", body: "x" })).text();
      // The socket goes back to its agent in the ticks after the end.
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(connections, 1);
  });

  it("says like the built-in one why nobody answers", async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
    const code = async (how: typeof fetch) => {
      const error = await how(url).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof TypeError && error.message === "fetch failed");
      return (error.cause as NodeJS.ErrnoException).code;
    };
    assert.equal(await code(leanFetch), "ECONNREFUSED");
    assert.equal(await code(leanFetch), await code(fetch));
  });

  it("rejects what is no URL and no header as the built-in one does", async () => {
    await assert.rejects(leanFetch("not a URL"), TypeError);
    await assert.rejects(leanFetch(url, { headers: { "bad header": "x" } }), TypeError);
    await assert.rejects(leanFetch(url.replace("http://", "http://user:word@")), /credentials/);
  });

  it("fails the body when the connection breaks", async () => {
    handler = (_request, response) => {
      response.writeHead(200).write("half");
      setImmediate(() => response.destroy());
    };
    const response = await leanFetch(url);
    await assert.rejects(response.text(), /terminated/);
  });

  it("is stopped before, while waiting, and in the body", async () => {
    const reason = new Error("enough");
    await assert.rejects(leanFetch(url, { signal: AbortSignal.abort(reason) }), reason);
    assert.equal(connections, 0);

    const waiting = new AbortController();
    handler = () => waiting.abort(reason);
    await assert.rejects(leanFetch(url, { signal: waiting.signal }), reason);

    const reading = new AbortController();
    let closed: Promise<unknown> | undefined;
    handler = (_request, response) => {
      closed = once(response, "close");
      response.writeHead(200).write("half");
    };
    const response = await leanFetch(url, { signal: reading.signal });
    const body = response.text();
    reading.abort(reason);
    await assert.rejects(body, reason);
    await closed;
  });

  it("lets go of the connection when the body is cancelled", async () => {
    let closed: Promise<unknown> | undefined;
    handler = (_request, response) => {
      closed = once(response, "close");
      response.writeHead(200).write("half");
    };
    const response = await leanFetch(url);
    await response.body?.cancel();
    await closed;
  });

  it("takes a body no faster than it is read", async () => {
    const chunk = Buffer.alloc(1024 * 1024, "x");
    let sent = 0;
    handler = (_request, response) => {
      const more = () => {
        while (sent < 64) {
          sent += 1;
          if (!response.write(chunk)) return response.once("drain", more);
        }
        return response.end();
      };
      more();
    };
    const response = await leanFetch(url);
    // What fits into the sockets' buffers passes; then the server stands still.
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(sent < 64, "all was taken although nobody reads");
    assert.equal((await response.arrayBuffer()).byteLength, 64 * chunk.length);
  });
});
