/** Chat Completions as compatible servers really send and take it. */
import assert from "node:assert/strict";
import type { ModelInput } from "../../../src/ports/model-client.ts";
import { ChatDecoder } from "../../../src/providers/openai-chat/decode.ts";
import { encodeRequest } from "../../../src/providers/openai-chat/encode.ts";
import { createModelClient } from "../../../src/providers/registry.ts";
import { decodeEvents } from "../../support/decode.ts";
import { startFakeModel } from "../../support/fake-model/server.ts";
import { modelRequest, take, toInput, userInput } from "../../support/model-conformance.ts";

const request = modelRequest({ model: "m" });
const decode = (...chunks: unknown[]) =>
  decodeEvents((emit, context) => new ChatDecoder(request, emit, context), chunks);
const delta = (value: unknown, finish: string | null = null) => ({
  choices: [{ delta: value, finish_reason: finish }],
});
const call = (piece: unknown) => delta({ tool_calls: [piece] });
const calls = (...chunks: unknown[]) =>
  decode(...chunks, delta({}, "tool_calls"), "[DONE]").finished.flatMap((event) =>
    event.type === "tool_call" ? [[event.callId, event.name, event.argumentsText]] : [],
  );

describe("openai-chat, tool calls", () => {
  it("joins pieces by index, interleaved too", () => {
    const found = calls(
      call({ index: 0, id: "a", function: { name: "read_file", arguments: "" } }),
      call({ index: 1, id: "b", function: { name: "other", arguments: '{"x"' } }),
      call({ index: 0, function: { arguments: "{}" } }),
      call({ index: 1, function: { arguments: ":1}" } }),
    );
    assert.deepEqual(found, [
      ["a", "read_file", "{}"],
      ["b", "other", '{"x":1}'],
    ]);
  });

  it("tells calls apart that share an index", () => {
    const found = calls(
      call({ index: 0, id: "a", function: { name: "read_file", arguments: '{"path":"1"}' } }),
      call({ index: 0, id: "b", function: { name: "read_file", arguments: '{"path":"2"}' } }),
    );
    assert.deepEqual(
      found.map(([id, , args]) => [id, args]),
      [
        ["a", '{"path":"1"}'],
        ["b", '{"path":"2"}'],
      ],
    );
  });

  it("tells whole calls apart that have neither id nor index", () => {
    const whole = (path: string) => call({ function: { name: "read_file", arguments: JSON.stringify({ path }) } });
    const found = calls(whole("1"), whole("2"));
    assert.deepEqual(
      found.map(([, , args]) => args),
      ['{"path":"1"}', '{"path":"2"}'],
    );
    assert.ok(found.every(([id]) => id) && found[0]?.[0] !== found[1]?.[0]);
  });

  it("takes id and name that are repeated in every piece", () => {
    const piece = (args: string) => call({ index: 0, id: "a", function: { name: "read_file", arguments: args } });
    assert.deepEqual(calls(piece('{"path"'), piece(':"1"}'), piece("")), [["a", "read_file", '{"path":"1"}']]);
  });

  it("takes arguments that are an object, and a message in one piece", () => {
    const message = { tool_calls: [{ id: "a", function: { name: "read_file", arguments: { path: "1" } } }] };
    const { finished } = decode({ choices: [{ message, finish_reason: "tool_calls" }] });
    assert.equal(finished[0]?.type === "tool_call" && finished[0].argumentsText, '{"path":"1"}');
  });
});

describe("openai-chat, the rest of a stream", () => {
  for (const field of ["reasoning_content", "reasoning"]) {
    it(`sends reasoning back in the field it came in: ${field}`, () => {
      const { finished } = decode(
        delta({ [field]: "Hm, " }),
        delta({ [field]: "yes." }),
        delta({ content: "Hi" }, "stop"),
        "[DONE]",
      );
      assert.deepEqual(
        finished.map((event) => event.type !== "tool_call" && "text" in event && event.text),
        ["Hm, yes.", "Hi"],
      );
      const body = encodeRequest({ ...request, input: [userInput("x"), ...toInput(finished)] });
      assert.deepEqual(body.messages.at(-1), { role: "assistant", content: "Hi", [field]: "Hm, yes." });
      const other = encodeRequest({ ...request, model: "other", input: [userInput("x"), ...toInput(finished)] });
      assert.deepEqual(other.messages.at(-1), { role: "assistant", content: "Hi" });
    });
  }

  it("keeps reasoning details whole, the sealed ones too", () => {
    const { finished } = decode(
      delta({ reasoning: "A", reasoning_details: [{ type: "reasoning.text", index: 0, text: "A" }] }),
      delta({ reasoning: "B", reasoning_details: [{ type: "reasoning.text", index: 0, text: "B", signature: "s" }] }),
      delta({ content: "Hi" }),
      delta({ reasoning_details: [{ type: "reasoning.encrypted", index: 1, data: "sealed" }] }, "stop"),
      "[DONE]",
    );
    const body = encodeRequest({ ...request, input: [userInput("x"), ...toInput(finished)] });
    assert.deepEqual((body.messages.at(-1) as { reasoning_details?: unknown }).reasoning_details, [
      { type: "reasoning.text", index: 0, text: "AB", signature: "s" },
      { type: "reasoning.encrypted", index: 1, data: "sealed" },
    ]);
  });

  it("reads content that is a list, with thinking in it", () => {
    const { finished } = decode(
      delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "Hm" }] }] }),
      delta({ content: [{ type: "text", text: "Hi" }] }, "stop"),
      "[DONE]",
    );
    assert.deepEqual(
      finished.map(({ type }) => type),
      ["reasoning.finished", "text.finished"],
    );
  });

  it("takes the latest usage, under whichever name", () => {
    const usage = { prompt_tokens: 10, completion_tokens: 2, prompt_cache_hit_tokens: 4 };
    const { outcome } = decode(
      { ...delta({ content: "a" }), usage: { prompt_tokens: 10 } },
      { ...delta({}, "stop"), usage },
    );
    assert.deepEqual(outcome?.kind === "done" && outcome.usage, {
      inputTokens: 10,
      cachedInputTokens: 4,
      outputTokens: 2,
      reasoningTokens: 0,
    });
  });

  it("needs finish_reason or [DONE]", () => {
    assert.equal(decode(delta({ content: "a" })).outcome, undefined);
    assert.equal(decode(delta({ content: "a" }), "[DONE]").outcome?.kind, "done");
    assert.equal(decode(delta({ content: "a" }, "stop")).outcome?.kind, "done");
    assert.equal(decode(delta({ content: "a" }, "error")).outcome?.kind, "failed");
  });

  it("fails with an error in any of its forms", () => {
    for (const chunk of [
      { error: { message: "x", code: 500 } },
      { error: "x" },
      { object: "error", message: "x", code: 500 },
    ]) {
      assert.equal(decode(chunk).outcome?.kind, "failed", JSON.stringify(chunk));
    }
  });

  it("carries what a server wants back with a call", () => {
    const extra_content = { google: { thought_signature: "sig" } };
    const { finished } = decode(
      call({ index: 0, id: "a", extra_content, function: { name: "read_file", arguments: "{}" } }),
      delta({}, "tool_calls"),
    );
    const input = [userInput("x"), ...toInput(finished)];
    assert.ok(JSON.stringify(encodeRequest({ ...request, input })).includes("thought_signature"));
    assert.ok(!JSON.stringify(encodeRequest({ ...request, model: "other", input })).includes("thought_signature"));
  });
});

describe("openai-chat, requests", () => {
  it("makes arguments valid that are not, since chat templates parse them", () => {
    const input: ModelInput[] = [
      userInput("x"),
      { kind: "tool_call", callId: "a", name: "read_file", argumentsText: '{"path' },
      { kind: "tool_call", callId: "b", name: "read_file", argumentsText: "" },
      { kind: "tool_call", callId: "c", name: "apply_patch", argumentsText: "*** patch" },
    ];
    const message = encodeRequest({ ...request, input }).messages[2] as {
      tool_calls: { function: { arguments: string } }[];
    };
    assert.deepEqual(
      message.tool_calls.map((made) => JSON.parse(made.function.arguments)),
      [{ malformed_arguments: '{"path' }, {}, { input: "*** patch" }],
    );
  });

  it("does without stream_options where the server refuses them, and remembers", async () => {
    const server = await startFakeModel(({ body }) =>
      body.stream_options
        ? { status: 400, body: { error: { message: "Unrecognized request argument: stream_options" } } }
        : { parts: [{ text: "ok" }] },
    );
    const client = createModelClient({ provider: "openai-chat", baseUrl: server.baseUrl("openai-chat") });
    assert.equal((await take(client)).text, "ok");
    assert.equal((await take(client)).text, "ok");
    assert.equal(server.requests.length, 3);
    await server.close();
  });

  it("uses one connection for one request after another", async () => {
    const server = await startFakeModel(() => ({ parts: [{ text: "ok" }] }));
    const client = createModelClient({ provider: "openai-chat", baseUrl: server.baseUrl("openai-chat") });
    for (let n = 0; n < 3; n += 1) await take(client);
    assert.equal(await server.openConnections(), 1);
    await server.close();
  });

  it("sends no key where there is none, and the given headers", async () => {
    const server = await startFakeModel(() => ({ parts: [] }));
    const baseUrl = server.baseUrl("openai-chat");
    await take(createModelClient({ provider: "openai-chat", baseUrl, headers: { "x-title": "CodePilot" } }));
    const [first] = server.requests;
    assert.deepEqual([first?.headers.authorization, first?.headers["x-title"]], [undefined, "CodePilot"]);
    await take(createModelClient({ provider: "openai-chat", baseUrl, apiKey: "secret" }));
    assert.equal(server.requests[1]?.headers.authorization, "Bearer secret");
    await server.close();
  });
});
