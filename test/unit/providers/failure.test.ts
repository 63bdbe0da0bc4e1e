/** What servers say when something goes wrong, in their own words, and what is made of it. */
import assert from "node:assert/strict";
import type { ModelErrorClass } from "../../../src/protocol/items.ts";
import {
  failureOfServerError,
  failureOfThrown,
  readServerError,
  retryAfterMsOf,
  withoutKeys,
} from "../../../src/providers/failure.ts";
import { failureContext } from "../../../src/providers/http-client.ts";

const context = failureContext({ baseUrl: "http://user:pw@localhost:1234/v1?x=1", apiKeyEnv: "SOME_KEY" }, "qwen3");
const classify = (status: number | undefined, body: unknown) =>
  failureOfServerError(readServerError(body, status), context);

describe("failures of servers", () => {
  const openAi = (message: string, code: string | null = null, type = "invalid_request_error") => ({
    error: { message, type, param: null, code },
  });
  const cases: [string, number | undefined, unknown, ModelErrorClass, boolean][] = [
    [
      "vLLM, context",
      400,
      {
        object: "error",
        message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
        type: "BadRequestError",
        code: 400,
      },
      "context-overflow",
      false,
    ],
    [
      "llama.cpp, context",
      400,
      {
        error: {
          code: 400,
          message: "the request exceeds the available context size",
          type: "exceed_context_size_error",
        },
      },
      "context-overflow",
      false,
    ],
    ["Ollama, context", 400, { error: "input length exceeds maximum context length" }, "context-overflow", false],
    [
      "Anthropic, context with max_tokens",
      400,
      {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000",
        },
      },
      "context-overflow",
      false,
    ],
    [
      "Anthropic, body too large",
      413,
      { type: "error", error: { type: "request_too_large", message: "Request exceeds the maximum size" } },
      "context-overflow",
      false,
    ],
    [
      "OpenAI, more tokens than a minute has",
      429,
      openAi("Request too large for gpt-4o: Limit 30000, Requested 40000.", "rate_limit_exceeded", "tokens"),
      "context-overflow",
      false,
    ],
    [
      "OpenAI, tokens a minute",
      429,
      openAi("Rate limit reached for gpt-4o", "rate_limit_exceeded", "tokens"),
      "rate-limit",
      true,
    ],
    ["OpenAI, no money", 429, openAi("You exceeded your current quota", "insufficient_quota"), "rate-limit", false],
    ["OpenRouter, no money", 402, { error: { code: 402, message: "Insufficient credits" } }, "rate-limit", false],
    ["Ollama, no model", 404, { error: 'model "qwen3" not found, try pulling it first' }, "bad-request", false],
    ["a proxy, 404 page", 404, "<html>Not Found</html>", "bad-request", false],
    [
      "OpenRouter, invalid model",
      400,
      { error: { message: "qwen3 is not a valid model ID", code: 400 } },
      "bad-request",
      false,
    ],
    [
      "OpenAI, forbidden",
      403,
      openAi("Project does not have access to model", "model_not_found"),
      "bad-request",
      false,
    ],
    ["forbidden region", 403, openAi("Country not supported", "unsupported_country"), "auth", false],
    ["gateway timeout", 504, "", "overloaded", true],
    ["Cloudflare", 520, "<html>", "bad-response", true],
    ["timeout", 408, "", "network", true],
    ["FastAPI validation", 422, { detail: [{ loc: ["body"], msg: "field required" }] }, "bad-request", false],
    [
      "in a stream: overloaded",
      undefined,
      { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
      "overloaded",
      true,
    ],
    [
      "in a stream: server error",
      undefined,
      { error: { code: "server_error", message: "Oops" } },
      "bad-response",
      true,
    ],
    ["in a stream: invalid", undefined, { error: { code: "invalid_prompt", message: "No" } }, "bad-request", false],
    [
      "in a stream: OpenRouter's upstream",
      undefined,
      {
        error: {
          code: 429,
          message: "Provider returned error",
          metadata: { raw: '{"error":{"message":"slow down"}}' },
        },
      },
      "rate-limit",
      true,
    ],
    ["nothing at all", 500, "", "bad-response", true],
  ];
  for (const [name, status, body, expected, retryable] of cases) {
    it(`${name}: ${expected}${retryable ? ", worth a retry" : ""}`, () => {
      const failure = classify(status, body);
      assert.deepEqual([failure.class, failure.retryable], [expected, retryable], failure.message);
      assert.notEqual(failure.message, "");
    });
  }

  it("tells an unknown model from an unknown address", () => {
    const model = classify(404, { error: 'model "qwen3" not found, try pulling it first' });
    assert.match(model.message, /^The model qwen3 does not exist at http:\/\/localhost:1234\/v1: /);
    const address = classify(404, "<html>Not Found</html>");
    assert.match(address.next ?? "", /Check the base URL/);
  });

  it("leads to the base URL when something answers that is no model server", () => {
    for (const status of [405, 406, 415, 426, 501]) {
      const { class: kind, message, next, retryable } = classify(status, "Unsupported method POST");
      assert.deepEqual([kind, retryable], ["bad-request", false]);
      assert.equal(message, "http://localhost:1234/v1 does not know this request: Unsupported method POST");
      assert.match(next ?? "", /^Check the base URL/);
    }
  });

  it("names what the upstream of a router said", () => {
    const raw = '{"error":{"message":"slow down"}}';
    assert.match(
      classify(429, { error: { message: "Provider returned error", metadata: { raw } } }).message,
      /slow down/,
    );
  });

  it("shows neither keys nor the password in a URL", () => {
    assert.equal(context.baseUrl, "http://localhost:1234/v1");
    assert.equal(withoutKeys("Bad key sk-proj-abcdefgh12345 and hunter22", ["hunter22"]), "Bad key [key] and [key]");
    assert.equal(withoutKeys("Authorization: Bearer abcdef123456", []), "Authorization: Bearer [key]");
  });
});

describe("failures of the network", () => {
  const nested = (code: string, message = code) =>
    new Error("Connection error.", {
      cause: new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) }),
    });

  it("finds the reason that fetch hides", () => {
    assert.match(failureOfThrown(nested("ECONNREFUSED"), context).message, /^Nothing answers at http:\/\/localhost/);
    assert.match(failureOfThrown(nested("ENOTFOUND"), context).message, /can not be found/);
    assert.match(failureOfThrown(nested("ECONNRESET", "read ECONNRESET"), context).message, /read ECONNRESET$/);
  });

  it("finds it among several addresses", () => {
    const both = new AggregateError([Object.assign(new Error("x"), { code: "ECONNREFUSED" })]);
    const failure = failureOfThrown(new Error("Connection error.", { cause: both }), context);
    assert.match(failure.message, /^Nothing answers/);
  });

  it("does not retry what time will not heal", () => {
    const certificate = failureOfThrown(nested("DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate"), context);
    assert.deepEqual([certificate.class, certificate.retryable], ["network", false]);
    assert.match(certificate.next ?? "", /NODE_EXTRA_CA_CERTS/);
    assert.equal(failureOfThrown(new TypeError("Invalid URL"), context).retryable, false);
  });
});

describe("retryAfterMsOf", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const cases: [Record<string, string>, number | undefined][] = [
    [{}, undefined],
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:10 GMT" }, 10_000],
    [{ "retry-after": "Thu, 01 Jan 2025 00:00:10 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after-ms": "1234", "retry-after": "9" }, 1234],
  ];
  for (const [headers, expected] of cases) {
    it(`${JSON.stringify(headers)} is ${expected}`, () => {
      assert.equal(retryAfterMsOf(new Headers(headers), now), expected);
    });
  }
});
