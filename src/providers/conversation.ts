/**
 * What all wire formats ask of a conversation and a journal can not promise: every tool call is followed by
 * exactly one result (a crash, an interrupt or a compaction may have cut a pair in two). Pure, and stable:
 * the conversation of the next request begins with what this one became.
 */
import type { Json } from "../base/json.ts";
import type { ModelInput, ToolSpec } from "../ports/model-client.ts";
import type { Replay } from "../protocol/items.ts";

type ToolCall = Extract<ModelInput, { kind: "tool_call" }>;
type ToolResult = Extract<ModelInput, { kind: "tool_result" }>;

export const missingResult =
  "No result: the call was interrupted and it is not known whether it had an effect. Check before repeating it.";

/**
 * Results follow the calls of one response directly and in the order of the calls; a call without one gets
 * `missingResult`; a result whose call is gone becomes words of the user.
 */
export function pairToolCalls(input: readonly ModelInput[]): ModelInput[] {
  const results = new Map<string, ToolResult[]>();
  const calls = new Map<string, number>();
  for (const entry of input) {
    if (entry.kind === "tool_call") calls.set(entry.callId, (calls.get(entry.callId) ?? 0) + 1);
    if (entry.kind !== "tool_result") continue;
    const known = results.get(entry.callId);
    if (known) known.push(entry);
    else results.set(entry.callId, [entry]);
  }
  const paired: ModelInput[] = [];
  let open: ToolCall[] = [];
  const close = () => {
    for (const call of open) {
      paired.push(
        results.get(call.callId)?.shift() ?? {
          kind: "tool_result",
          callId: call.callId,
          name: call.name,
          output: missingResult,
          failed: true,
        },
      );
    }
    open = [];
  };
  for (const entry of input) {
    switch (entry.kind) {
      case "tool_call":
        open.push(entry);
        paired.push(entry);
        break;
      case "assistant":
      case "reasoning":
        paired.push(entry);
        break;
      case "tool_result": {
        close();
        // A result with a call was placed behind it; what is left over has none.
        const left = calls.has(entry.callId) ? undefined : results.get(entry.callId)?.shift();
        if (left) {
          const images = left.images ? { images: left.images } : {};
          paired.push({ kind: "user", text: `[Result of an earlier call of ${left.name}]\n${left.output}`, ...images });
        }
        break;
      }
      default:
        close();
        paired.push(entry);
    }
  }
  close();
  return paired;
}

/** Keeps call ids unique over the conversation: some endpoints send none, some the same ones in every response. */
export class CallIds {
  readonly #used = new Set<string>();

  constructor(input: readonly ModelInput[]) {
    for (const entry of input) if (entry.kind === "tool_call") this.#used.add(entry.callId);
  }

  /** The id to use for a call that came with `offered`. */
  take(offered: string): string {
    let id = offered || `call_${crypto.randomUUID().replaceAll("-", "")}`;
    for (let n = 2; this.#used.has(id); n += 1) id = `${offered}_${n}`;
    this.#used.add(id);
    return id;
  }
}

/** Reasoning that leads to nothing (its response was cut) is refused by the APIs which want reasoning sent back. */
export function withoutDanglingReasoning(input: readonly ModelInput[]): ModelInput[] {
  return input.filter((entry, index) => {
    if (entry.kind !== "reasoning") return true;
    for (let next = index + 1; next < input.length; next += 1) {
      const kind = input[next]?.kind;
      if (kind !== "reasoning") return kind === "assistant" || kind === "tool_call";
    }
    return false;
  });
}

export function customToolNames(tools: readonly ToolSpec[]): ReadonlySet<string> {
  return new Set(tools.filter(({ kind }) => kind === "custom").map(({ name }) => name));
}

/** Opaque data goes back only to the provider and model that made it. */
export function replayFor(replay: Replay | undefined, provider: string, model: string): Json | undefined {
  return replay?.provider === provider && replay.model === model ? replay.data : undefined;
}
