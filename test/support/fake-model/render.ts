/** Writes a `FakeReply` as the event stream of each wire format, as the real servers do. */
import { argumentsTextOf, deltasOf, type FakePart, type FakeReply, type WireFormat } from "./reply.ts";

const defaultUsage = { input: 100, cached: 0, output: 20, reasoning: 0 };

/** `index` counts requests and goes into ids, so that call ids are unique over a conversation. */
export function renderReply(format: WireFormat, reply: FakeReply, model: string, index: number): string {
  switch (format) {
    case "openai":
      return renderResponses(reply, model, index);
    case "openai-chat":
      return renderChat(reply, model, index);
    case "anthropic":
      return renderMessages(reply, model, index);
  }
}

const named = (data: { readonly type: string; readonly [field: string]: unknown }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const unnamed = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

function renderResponses(reply: FakeReply, model: string, index: number): string {
  const usage = { ...defaultUsage, ...reply.usage };
  const output: unknown[] = [];
  const incomplete = reply.stop === "truncated" || (reply.stop === "refused" && !hasRefusal(reply));
  let sequence = 0;
  let stream = "";
  const send = (type: string, fields: Record<string, unknown>) => {
    stream += named({ type, ...fields, sequence_number: sequence++ });
  };
  const response = (status: string, rest: Record<string, unknown> = {}) => ({
    response: { id: `resp_${index}`, object: "response", status, model, output: [...output], ...rest },
  });
  send("response.created", response("in_progress"));
  for (const [n, part] of (reply.parts ?? []).entries()) {
    const base = { output_index: n, item_id: `item_${index}_${n}` };
    const done = (item: Record<string, unknown>) => {
      output.push(item);
      send("response.output_item.done", { output_index: n, item });
    };
    if ("text" in part || "refusal" in part) {
      const [type, field, deltas] =
        "text" in part
          ? ["output_text", "text", deltasOf(part.text, reply.deltaSize)]
          : ["refusal", "refusal", deltasOf(part.refusal, reply.deltaSize)];
      const item = { id: base.item_id, type: "message", role: "assistant" };
      send("response.output_item.added", { output_index: n, item: { ...item, status: "in_progress", content: [] } });
      for (const delta of deltas) send(`response.${type}.delta`, { ...base, content_index: 0, delta, logprobs: [] });
      const content = [{ type, [field]: deltas.join(""), annotations: [] }];
      done({ ...item, status: incomplete ? "incomplete" : "completed", content });
    } else if ("reasoning" in part) {
      const deltas = deltasOf(part.reasoning, reply.deltaSize);
      send("response.output_item.added", {
        output_index: n,
        item: { id: base.item_id, type: "reasoning", summary: [] },
      });
      send("response.reasoning_summary_part.added", { ...base, summary_index: 0 });
      for (const delta of deltas) send("response.reasoning_summary_text.delta", { ...base, summary_index: 0, delta });
      const summary = deltas.length > 0 ? [{ type: "summary_text", text: deltas.join("") }] : [];
      done({ id: base.item_id, type: "reasoning", summary, encrypted_content: part.sealed ?? `sealed-${index}-${n}` });
    } else if ("toolCall" in part) {
      const { name, id = `call_${index}_${n}` } = part.toolCall;
      const text = argumentsTextOf(part.toolCall.arguments);
      const item = { id: base.item_id, type: "function_call", call_id: id, name };
      send("response.output_item.added", { output_index: n, item: { ...item, arguments: "", status: "in_progress" } });
      for (const delta of deltasOf(text, reply.deltaSize))
        send("response.function_call_arguments.delta", { ...base, delta });
      done({ ...item, arguments: text, status: incomplete ? "incomplete" : "completed" });
    } else if ("custom" in part) {
      const { name, input, id = `call_${index}_${n}` } = part.custom;
      const item = { id: base.item_id, type: "custom_tool_call", call_id: id, name };
      send("response.output_item.added", { output_index: n, item: { ...item, input: "", status: "in_progress" } });
      for (const delta of deltasOf(input, reply.deltaSize))
        send("response.custom_tool_call_input.delta", { ...base, delta });
      done({ ...item, input, status: "completed" });
    }
  }
  if (reply.streamError) {
    send("response.failed", response("failed", { error: reply.streamError }));
    return stream;
  }
  const counted = {
    usage: {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: usage.cached },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning },
      total_tokens: usage.input + usage.output,
    },
  };
  if (incomplete) {
    const reason = reply.stop === "truncated" ? "max_output_tokens" : "content_filter";
    send("response.incomplete", response("incomplete", { incomplete_details: { reason }, ...counted }));
  } else send("response.completed", response("completed", counted));
  return stream;
}

function hasRefusal(reply: FakeReply): boolean {
  return reply.parts?.some((part) => "refusal" in part) ?? false;
}

function renderChat(reply: FakeReply, model: string, index: number): string {
  const usage = { ...defaultUsage, ...reply.usage };
  const frame = { id: `chatcmpl-${index}`, object: "chat.completion.chunk", created: 0, model };
  const chunk = (delta: unknown, finish: string | null = null) =>
    unnamed({ ...frame, choices: [{ index: 0, delta, finish_reason: finish }] });
  let stream = chunk({ role: "assistant", content: "" });
  let calls = 0;
  for (const [n, part] of (reply.parts ?? []).entries()) {
    if ("text" in part) {
      for (const content of deltasOf(part.text, reply.deltaSize)) stream += chunk({ content });
    } else if ("refusal" in part) {
      for (const refusal of deltasOf(part.refusal, reply.deltaSize)) stream += chunk({ refusal });
    } else if ("reasoning" in part) {
      for (const reasoning_content of deltasOf(part.reasoning, reply.deltaSize)) stream += chunk({ reasoning_content });
    } else if ("toolCall" in part || "custom" in part) {
      const { name, id = `call_${index}_${n}` } = "custom" in part ? part.custom : part.toolCall;
      const text =
        "custom" in part ? JSON.stringify({ input: part.custom.input }) : argumentsTextOf(part.toolCall.arguments);
      const call = (rest: Record<string, unknown>) => chunk({ tool_calls: [{ index: calls, ...rest }] });
      stream += call({ id, type: "function", function: { name, arguments: "" } });
      for (const piece of deltasOf(text, reply.deltaSize)) stream += call({ function: { arguments: piece } });
      calls += 1;
    }
  }
  if (reply.streamError) return stream + unnamed({ error: { ...reply.streamError, type: reply.streamError.code } });
  const finish =
    reply.stop === "truncated"
      ? "length"
      : reply.stop === "refused"
        ? "content_filter"
        : calls > 0
          ? "tool_calls"
          : "stop";
  stream += chunk({}, finish);
  stream += unnamed({
    ...frame,
    choices: [],
    usage: {
      prompt_tokens: usage.input,
      completion_tokens: usage.output,
      total_tokens: usage.input + usage.output,
      prompt_tokens_details: { cached_tokens: usage.cached },
      completion_tokens_details: { reasoning_tokens: usage.reasoning },
    },
  });
  return `${stream}data: [DONE]\n\n`;
}

function renderMessages(reply: FakeReply, model: string, index: number): string {
  const usage = { ...defaultUsage, ...reply.usage };
  const counted = {
    input_tokens: usage.input - usage.cached,
    cache_read_input_tokens: usage.cached,
    cache_creation_input_tokens: 0,
    output_tokens: 1,
  };
  const parts = reply.parts ?? [];
  let stream = named({
    type: "message_start",
    message: { id: `msg_${index}`, type: "message", role: "assistant", model, content: [], usage: counted },
  });
  for (const [n, part] of parts.entries()) stream += renderBlock(part, n, index, reply.deltaSize);
  if (reply.streamError) {
    return stream + named({ type: "error", error: { type: reply.streamError.code, ...reply.streamError } });
  }
  const calls = parts.some((part) => "toolCall" in part || "custom" in part);
  const stop_reason =
    reply.stop === "truncated"
      ? "max_tokens"
      : reply.stop === "refused" || hasRefusal(reply)
        ? "refusal"
        : calls
          ? "tool_use"
          : "end_turn";
  stream += named({
    type: "message_delta",
    delta: { stop_reason, stop_sequence: null },
    usage: { output_tokens: usage.output },
  });
  return stream + named({ type: "message_stop" });
}

function renderBlock(part: FakePart, n: number, index: number, deltaSize: number | undefined): string {
  const block = (content_block: unknown, deltas: readonly unknown[]) =>
    named({ type: "content_block_start", index: n, content_block }) +
    (n === 0 ? named({ type: "ping" }) : "") +
    deltas.map((delta) => named({ type: "content_block_delta", index: n, delta })).join("") +
    named({ type: "content_block_stop", index: n });

  if ("text" in part || "refusal" in part) {
    const deltas = deltasOf("text" in part ? part.text : part.refusal, deltaSize);
    return block(
      { type: "text", text: "" },
      deltas.map((text) => ({ type: "text_delta", text })),
    );
  }
  if ("reasoning" in part) {
    const thoughts = deltasOf(part.reasoning, deltaSize).map((thinking) => ({ type: "thinking_delta", thinking }));
    const signature = { type: "signature_delta", signature: part.sealed ?? `sealed-${index}-${n}` };
    return block({ type: "thinking", thinking: "", signature: "" }, [...thoughts, signature]);
  }
  if ("redactedReasoning" in part) return block({ type: "redacted_thinking", data: part.redactedReasoning }, []);
  const { name, id = `toolu_${index}_${n}` } = "custom" in part ? part.custom : part.toolCall;
  const text =
    "custom" in part ? JSON.stringify({ input: part.custom.input }) : argumentsTextOf(part.toolCall.arguments);
  const deltas = deltasOf(text, deltaSize).map((partial_json) => ({ type: "input_json_delta", partial_json }));
  return block({ type: "tool_use", id, name, input: {} }, [{ type: "input_json_delta", partial_json: "" }, ...deltas]);
}
