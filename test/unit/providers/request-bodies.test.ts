/** Whole request bodies of each format as golden files, so that reviewing a change of them is reading a diff. */
import type { ModelInput, ModelRequest } from "../../../src/ports/model-client.ts";
import type { Replay } from "../../../src/protocol/items.ts";
import { encodeRequest as encodeAnthropic } from "../../../src/providers/anthropic/encode.ts";
import { encodeRequest as encodeChat } from "../../../src/providers/openai-chat/encode.ts";
import { encodeRequest as encodeResponses } from "../../../src/providers/openai-responses/encode.ts";
import { assertGolden } from "../../support/golden.ts";
import { modelRequest } from "../../support/model-conformance.ts";

const image = { mediaType: "image/png", data: "iVBORw0KGgo=" };

/** One conversation with everything in it, whose reasoning was made by `replay`. */
function everything(replay: Replay): ModelRequest {
  const result = { kind: "tool_result", name: "read_file", failed: false } as const;
  const input: ModelInput[] = [
    { kind: "user", text: "What is wrong here?", images: [image] },
    { kind: "reasoning", text: "I should look.", replay },
    { kind: "assistant", text: "I read the file." },
    { kind: "tool_call", callId: "call_1", name: "read_file", argumentsText: '{"path":"a.ts"}' },
    { kind: "tool_call", callId: "call_2", name: "apply_patch", argumentsText: "*** Begin Patch\n*** End Patch" },
    { kind: "tool_call", callId: "call_3", name: "read_file", argumentsText: '{"path": "cut' },
    { ...result, callId: "call_1", output: "1 | a", images: [image] },
    { ...result, callId: "call_2", name: "apply_patch", output: "Denied.", failed: true },
    { kind: "user", text: "Go on." },
    { kind: "reasoning", text: "Of another model.", replay: { provider: "other", model: "other", data: {} } },
    { kind: "assistant", text: "Done." },
    { kind: "user", text: "And now?" },
    { kind: "context", text: "Terminals: main (idle)" },
  ];
  return modelRequest({ model: replay.model, input, maxOutputTokens: 20_000, reasoningEffort: "high" });
}

describe("request bodies", () => {
  it("openai", () => {
    const data = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "sealed" };
    const request = everything({ provider: "openai", model: "gpt-5", data });
    assertGolden("test/golden/providers/openai.json", encodeResponses(request));
  });

  it("openai-chat", () => {
    const data = { field: "reasoning_content" };
    const request = everything({ provider: "openai-chat", model: "qwen3", data });
    assertGolden("test/golden/providers/openai-chat.json", encodeChat(request));
  });

  it("anthropic", () => {
    const data = { type: "thinking", thinking: "I should look.", signature: "sealed" };
    const request = everything({ provider: "anthropic", model: "claude-sonnet-4-5", data });
    const body = encodeAnthropic({ ...request, thinkingBudgetTokens: 8000, temperature: 1 });
    assertGolden("test/golden/providers/anthropic.json", body);
  });
});
