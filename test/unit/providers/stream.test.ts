/** What ends a response that does not end by itself. */
import assert from "node:assert/strict";
import { takeResponse } from "../../../src/providers/stream.ts";

const MB = 1024 * 1024;

/** A response whose body is this piece for ever; `cancelled` once nobody wants more of it. */
function endless(piece: string) {
  const bytes = new TextEncoder().encode(piece);
  const body = { sent: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        // So that a reader without a bound ends too.
        if (body.sent > 300 * MB) return controller.close();
        body.sent += bytes.byteLength;
        controller.enqueue(bytes);
      },
      cancel() {
        body.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, response: new Response(stream) };
}

function take(response: Response) {
  return takeResponse({
    open: async () => response,
    decoder: (emit) => ({
      push: (event) => {
        emit({ type: "text.delta", delta: String((event as { text: string }).text.length) });
        return undefined;
      },
      end: () => undefined,
    }),
    onEvent: () => {},
    signal: new AbortController().signal,
    idleTimeoutMs: 60_000,
    context: { model: "m", baseUrl: "http://models.test/v1", apiKeyEnv: "KEY", secrets: [] },
  });
}

describe("a response over HTTP", function () {
  this.timeout(60_000);

  for (const [what, piece] of [
    ["events", `data: {"text":"${"x".repeat(MB)}"}\n\n`],
    ["one line", "x".repeat(MB)],
    ["comments", `: ${"x".repeat(MB)}\n\n`],
  ] as const) {
    it(`is given up when it has no end: ${what}`, async () => {
      const { body, response } = endless(piece);
      const outcome = await take(response);
      assert.ok(outcome.kind === "failed", outcome.kind);
      const { failure } = outcome;
      assert.equal(failure.class, "bad-response");
      assert.equal(failure.message, "http://models.test/v1 sent more than 128 MB in one response.");
      // It was paid for once.
      assert.equal(failure.retryable, false);
      assert.ok(body.cancelled, "the connection is still read");
      assert.ok(body.sent < 140 * MB, `${body.sent} bytes were read`);
    });
  }

  it("leads to the base URL when it is some other server's page", async () => {
    const outcome = await take(new Response("<!DOCTYPE html><title>Sign in</title>"));
    assert.ok(outcome.kind === "failed", outcome.kind);
    const { message, next } = outcome.failure;
    assert.match(message, /^http:\/\/models\.test\/v1 did not answer with an event stream, but: <!DOCTYPE html>/);
    assert.match(next ?? "", /^Check the base URL/);
  });
});
