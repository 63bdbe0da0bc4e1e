/** What is special about Anthropic's Messages API. */
import assert from "node:assert/strict";
import type { ModelInput, ModelRequest } from "../../../src/ports/model-client.ts";
import { MessagesDecoder } from "../../../src/providers/anthropic/decode.ts";
import { encodeRequest } from "../../../src/providers/anthropic/encode.ts";
import { createModelClient } from "../../../src/providers/registry.ts";
import { decodeEvents } from "../../support/decode.ts";
import { startFakeModel } from "../../support/fake-model/server.ts";
import { modelRequest, take, toInput, userInput } from "../../support/model-conformance.ts";

const request = modelRequest({ model: "claude-sonnet-4-5" });
const encode = (input: readonly ModelInput[], change: Partial<ModelRequest> = {}) =>
  encodeRequest({ ...request, input, ...change });
const call = (callId: string): ModelInput => ({ kind: "tool_call", callId, name: "read_file", argumentsText: "{}" });
const result = (callId: string): ModelInput => ({
  kind: "tool_result",
  callId,
  name: "read_file",
  output: "out",
  failed: false,
});
const context: ModelInput = { kind: "context", text: "Now." };
const assistant: ModelInput = { kind: "assistant", text: "Hi" };

/** Blocks in order, marked ones with a star. */
function outline(body: ReturnType<typeof encodeRequest>): string[] {
  return body.messages.flatMap(({ role, content }) =>
    typeof content === "string"
      ? [`${role} string`]
      : content.map((block) => `${role} ${block.type}${"cache_control" in block ? "*" : ""}`),
  );
}

describe("anthropic, cache marks", () => {
  it("are on tools, system and the last two turns of the user, never on the context", () => {
    const body = encode([userInput("a"), assistant, userInput("b"), call("1"), result("1"), context]);
    assert.deepEqual(outline(body), [
      "user text",
      "assistant text",
      "user text*",
      "assistant tool_use",
      "user tool_result*",
      "user text",
    ]);
    assert.equal(JSON.stringify(body).split("cache_control").length - 1, 4);
    assert.ok("cache_control" in (body.tools?.at(-1) ?? {}));
  });

  it("do not follow the context when it is all there is", () => {
    assert.deepEqual(outline(encode([context])), ["user text"]);
  });

  it("move on with the conversation: the later one of a request is the earlier one of the next", () => {
    const first = [userInput("a"), call("1"), result("1")];
    const next = [...first, call("2"), result("2")];
    assert.deepEqual(outline(encode([...first, context])), [
      "user text*",
      "assistant tool_use",
      "user tool_result*",
      "user text",
    ]);
    assert.deepEqual(outline(encode(next)).slice(0, 3), ["user text", "assistant tool_use", "user tool_result*"]);
  });
});

describe("anthropic, messages", () => {
  it("merges neighbours of one side and sends no empty text", () => {
    const body = encode([userInput("a"), userInput(" "), userInput("b"), { kind: "assistant", text: "" }, call("1")]);
    assert.deepEqual(
      body.messages.map(({ role, content }) => [role, content.length]),
      [
        ["user", 2],
        ["assistant", 1],
        ["user", 1],
      ],
    );
  });

  it("begins with the user", () => {
    assert.equal(encode([assistant, userInput("b")]).messages[0]?.role, "user");
  });

  it("marks failed results, but not those with images", () => {
    const image = { mediaType: "image/png", data: "AAAA" };
    const failed = (callId: string): ModelInput => ({ ...(result(callId) as object), failed: true }) as ModelInput;
    const body = encode([
      userInput("a"),
      call("1"),
      call("2"),
      failed("1"),
      { ...failed("2"), images: [image] } as ModelInput,
    ]);
    const [first, second] = body.messages.at(-1)!.content as { is_error?: boolean }[];
    assert.deepEqual([first?.is_error, second?.is_error], [true, undefined]);
  });

  it("makes ids acceptable, both ends alike", () => {
    const body = encode([userInput("a"), call("functions.read:0"), result("functions.read:0")]);
    assert.equal(JSON.stringify(body).split('"functions_read_0"').length - 1, 2);
  });

  it("keeps a malformed call recognisable", () => {
    const broken: ModelInput = { kind: "tool_call", callId: "1", name: "read_file", argumentsText: '{"pa' };
    assert.match(JSON.stringify(encode([userInput("a"), broken])), /"input":\{"malformed_arguments":"\{\\"pa"\}/);
  });
});

describe("anthropic, limits and thinking", () => {
  const limits = (model: string, change: Partial<ModelRequest> = {}) => {
    // The SDK's types no longer know of a temperature; older models do.
    const body: ReturnType<typeof encode> & { temperature?: number } = encode([userInput("a")], { model, ...change });
    const { max_tokens, thinking, temperature } = body;
    const budget = thinking?.type === "enabled" ? thinking.budget_tokens : undefined;
    return { max_tokens, budget, temperature };
  };

  it("has a limit for each family", () => {
    const found = [
      "claude-3-haiku-20240307",
      "claude-3-5-sonnet-20241022",
      "claude-opus-4-1",
      "claude-opus-4-5",
      "new",
    ];
    assert.deepEqual(
      found.map((model) => limits(model).max_tokens),
      [4096, 8192, 32_000, 32_000, 32_000],
    );
  });

  it("always leaves room for the answer", () => {
    for (const model of ["claude-3-5-sonnet-20241022", "claude-opus-4-1", "claude-sonnet-4-5"]) {
      for (const thinkingBudgetTokens of [1, 8000, 30_000, 200_000]) {
        for (const maxOutputTokens of [undefined, 4096, 100_000]) {
          const asked = { thinkingBudgetTokens, ...(maxOutputTokens ? { maxOutputTokens } : {}) };
          const { max_tokens, budget } = limits(model, asked);
          const label = JSON.stringify({ model, ...asked, max_tokens, budget });
          if (maxOutputTokens) assert.equal(max_tokens, maxOutputTokens, label);
          if (budget === undefined) continue;
          assert.ok(budget >= 1024 && max_tokens >= budget + (maxOutputTokens ? 2048 : 4096), label);
        }
      }
    }
    assert.equal(limits("claude-sonnet-4-5", { thinkingBudgetTokens: 8000 }).budget, 8000);
    assert.equal(limits("claude-3-haiku-20240307", { thinkingBudgetTokens: 8000 }).budget, undefined);
    assert.equal(limits("claude-sonnet-4-5", { thinkingBudgetTokens: 8000, maxOutputTokens: 4096 }).budget, 2048);
    assert.equal(limits("claude-sonnet-4-5", { thinkingBudgetTokens: 8000, maxOutputTokens: 3000 }).budget, undefined);
  });

  it("sends no temperature while thinking", () => {
    assert.equal(limits("new", { temperature: 0.5 }).temperature, 0.5);
    assert.equal(limits("new", { temperature: 0.5, thinkingBudgetTokens: 2000 }).temperature, undefined);
  });

  it("does not think in the middle of calls that were made without", () => {
    const thinking: ModelInput = {
      kind: "reasoning",
      text: "Hm",
      replay: {
        provider: "anthropic",
        model: request.model,
        data: { type: "thinking", thinking: "Hm", signature: "s" },
      },
    };
    const asked = { thinkingBudgetTokens: 2000 };
    assert.equal(encode([userInput("a"), call("1"), result("1")], asked).thinking, undefined);
    assert.ok(encode([userInput("a"), thinking, call("1"), result("1")], asked).thinking);
    assert.ok(encode([userInput("a"), call("1"), result("1"), assistant, userInput("b")], asked).thinking);
  });

  it("lets a model decide how much to think where it takes no budget", async () => {
    const server = await startFakeModel(({ body }) =>
      body.thinking.type === "enabled"
        ? {
            status: 400,
            body: {
              type: "error",
              error: {
                type: "invalid_request_error",
                message: '"thinking.type.enabled" is not supported for this model.',
              },
            },
          }
        : { parts: [{ text: "ok" }] },
    );
    const client = createModelClient({ provider: "anthropic", baseUrl: `${server.url}/v1`, apiKey: "k" });
    assert.equal((await take(client, { ...request, thinkingBudgetTokens: 2000 })).text, "ok");
    assert.equal(server.requests[1]?.body.thinking.type, "adaptive");
    await server.close();
  });
});

describe("anthropic, streams", () => {
  const decode = (...events: unknown[]) =>
    decodeEvents((emit, failure) => new MessagesDecoder(request, emit, failure), events);
  const end = (stop_reason: string) => [
    { type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 7 } },
    { type: "message_stop" },
  ];

  it("sends thinking and sealed thinking back as they came, in order", async () => {
    const server = await startFakeModel([
      {
        parts: [
          { reasoning: "Hm.", sealed: "signature-1" },
          { redactedReasoning: "sealed-2" },
          { text: "I look." },
          { toolCall: { name: "read_file", arguments: { path: "a" } } },
        ],
      },
      {},
    ]);
    const client = createModelClient({ provider: "anthropic", baseUrl: server.url });
    const first = await take(client, request);
    await take(client, { ...request, input: [userInput("Hello"), ...toInput(first.events)] });
    assert.deepEqual(server.requests[1]?.body.messages[1].content, [
      { type: "thinking", thinking: "Hm.", signature: "signature-1" },
      { type: "redacted_thinking", data: "sealed-2" },
      { type: "text", text: "I look." },
      { type: "tool_use", id: "toolu_0_3", name: "read_file", input: { path: "a" } },
    ]);
    await server.close();
  });

  it("adds up all input tokens, whenever they come", () => {
    const { outcome } = decode(
      {
        type: "message_start",
        message: {
          usage: { input_tokens: 5, cache_read_input_tokens: 90, cache_creation_input_tokens: 5, output_tokens: 1 },
        },
      },
      ...end("end_turn"),
    );
    assert.deepEqual(outcome?.kind === "done" && outcome.usage, {
      inputTokens: 100,
      cachedInputTokens: 90,
      outputTokens: 7,
      reasoningTokens: 0,
    });
  });

  it("takes a call without arguments as one with none", () => {
    const { finished } = decode(
      { type: "content_block_start", content_block: { type: "tool_use", id: "t", name: "read_file", input: {} } },
      { type: "content_block_stop" },
      ...end("tool_use"),
    );
    assert.equal(finished[0]?.type === "tool_call" && finished[0].argumentsText, "{}");
  });

  it("calls a full context window an overflow", () => {
    const { outcome } = decode(...end("model_context_window_exceeded"));
    assert.equal(outcome?.kind === "failed" && outcome.failure.class, "context-overflow");
  });
});
