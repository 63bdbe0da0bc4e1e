/** What is special about the Responses API. */
import assert from "node:assert/strict";
import { ResponsesDecoder } from "../../../src/providers/openai-responses/decode.ts";
import { encodeRequest } from "../../../src/providers/openai-responses/encode.ts";
import { createModelClient } from "../../../src/providers/registry.ts";
import { decodeEvents } from "../../support/decode.ts";
import { startFakeModel } from "../../support/fake-model/server.ts";
import { modelRequest, take, toInput, userInput } from "../../support/model-conformance.ts";

const request = modelRequest({ model: "gpt-5" });
const decode = (...events: unknown[]) =>
  decodeEvents((emit, context) => new ResponsesDecoder(request, emit, context), events);
const done = (item: unknown, output_index = 0) => ({ type: "response.output_item.done", output_index, item });
const completed = { type: "response.completed", response: { output: [] } };
const message = { type: "message", content: [{ type: "output_text", text: "Hi" }] };

describe("openai responses", () => {
  it("sends back the phase of a message", () => {
    const { finished } = decode(done({ ...message, phase: "commentary" }), completed);
    const body = encodeRequest({ ...request, input: [userInput("x"), ...toInput(finished)] });
    assert.deepEqual((body.input as unknown[]).at(-1), {
      type: "message",
      role: "assistant",
      content: "Hi",
      phase: "commentary",
    });
  });

  it("shows reasoning that has no content, but does not send it back", () => {
    const { finished } = decode(
      done({ type: "reasoning", id: "rs_1", summary: [{ text: "Hm" }] }),
      done(message, 1),
      completed,
    );
    assert.deepEqual(finished[0], { type: "reasoning.finished", text: "Hm" });
    assert.ok(!JSON.stringify(encodeRequest({ ...request, input: [...toInput(finished)] })).includes("rs_1"));
  });

  it("does not send reasoning back that leads to nothing", () => {
    const { finished } = decode(done({ type: "reasoning", summary: [], encrypted_content: "sealed" }), completed);
    const body = encodeRequest({ ...request, input: [userInput("x"), ...toInput(finished), userInput("go on")] });
    assert.ok(!JSON.stringify(body).includes("sealed"));
  });

  it("separates the parts of a reasoning summary", () => {
    const part = { type: "response.reasoning_summary_part.added" };
    const text = (delta: string) => ({ type: "response.reasoning_summary_text.delta", delta });
    const { deltas } = decode(part, text("One"), part, text("Two"), completed);
    assert.equal(deltas.map((event) => "delta" in event && event.delta).join(""), "One\n\nTwo");
  });

  it("takes everything from the end where a server sends no finished items", () => {
    const call = { type: "function_call", call_id: "a", name: "read_file", arguments: "{}" };
    const { finished, outcome } = decode(
      { type: "response.output_text.delta", delta: "Hi" },
      { type: "response.completed", response: { output: [message, call] } },
    );
    assert.deepEqual(
      finished.map(({ type }) => type),
      ["text.finished", "tool_call"],
    );
    assert.equal(outcome?.kind, "done");
  });

  it("finishes text that the server left open when it was cut", () => {
    const { finished, outcome } = decode(
      { type: "response.output_text.delta", delta: "Half" },
      { type: "response.incomplete", response: { incomplete_details: { reason: "max_output_tokens" } } },
    );
    assert.deepEqual(finished, [{ type: "text.finished", text: "Half" }]);
    assert.equal(outcome?.kind === "done" && outcome.stop, "truncated");
  });

  it("takes a refusal for one", () => {
    const { finished, outcome } = decode(
      { type: "response.refusal.delta", delta: "No." },
      done({ type: "message", content: [{ type: "refusal", refusal: "No." }] }),
      completed,
    );
    assert.deepEqual(finished, [{ type: "text.finished", text: "No." }]);
    assert.equal(outcome?.kind === "done" && outcome.stop, "refused");
  });

  it("fails with an error event in both of its forms", () => {
    for (const event of [
      { type: "error", code: "rate_limit_exceeded", message: "slow" },
      { type: "error", error: { type: "rate_limit_error", message: "slow" } },
    ]) {
      const { outcome } = decode(event);
      assert.equal(outcome?.kind === "failed" && outcome.failure.class, "rate-limit");
    }
  });

  it("cuts long ids of other providers, both ends alike", () => {
    const callId = `toolu_${"x".repeat(80)}`;
    const body = encodeRequest({
      ...request,
      input: [userInput("x"), { kind: "tool_call", callId, name: "read_file", argumentsText: "{}" }],
    });
    const ids = (body.input as { call_id?: string }[]).flatMap(({ call_id }) => call_id ?? []);
    assert.equal(ids.length, 2);
    assert.equal(new Set(ids).size, 1);
    assert.equal(ids[0]?.length, 64);
  });

  it("asks only models that reason for reasoning", () => {
    const old = encodeRequest({ ...request, model: "gpt-4o" });
    assert.deepEqual([old.include, old.reasoning], [undefined, undefined]);
    const effort = encodeRequest({ ...request, reasoningEffort: "low" });
    assert.deepEqual(effort.reasoning, { effort: "low", summary: "auto" });
  });

  it("does without a summary where the organisation may have none", async () => {
    const error = {
      message: "Your organization must be verified to generate reasoning summaries.",
      param: "reasoning.summary",
      code: "unsupported_value",
    };
    const server = await startFakeModel(({ body }) =>
      body.reasoning?.summary ? { status: 400, body: { error } } : { parts: [{ text: "ok" }] },
    );
    const client = createModelClient({ provider: "openai", baseUrl: server.baseUrl("openai") });
    assert.equal((await take(client, request)).text, "ok");
    assert.deepEqual(server.requests[1]?.body.include, ["reasoning.encrypted_content"]);
    await server.close();
  });
});
