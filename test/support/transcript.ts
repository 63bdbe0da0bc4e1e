/**
 * A session as one readable text: ops, what the model was sent, events, files. Ids, times and paths are replaced, so
 * that reviewing a behaviour is reading a diff.
 */

import type { ModelInput, ModelRequest } from "../../src/ports/model-client.ts";
import type { AgentEvent } from "../../src/protocol/events.ts";

export interface TranscriptParts {
  readonly events: readonly AgentEvent[];
  readonly requests: readonly ModelRequest[];
  readonly files: Readonly<Record<string, string>>;
  /** Longest first. */
  readonly replace: readonly (readonly [from: string, to: string])[];
}

export function transcript(parts: TranscriptParts): string {
  const first = parts.requests[0];
  const sections = [
    ["instructions", first?.instructions ?? ""],
    ["tools", (first?.tools ?? []).map((tool) => `${tool.kind} ${tool.name}`).join("\n")],
    ["events", parts.events.map(describe).filter(Boolean).join("\n")],
    ...parts.requests.map((request, index) => [
      `request ${index + 1}`,
      newInput(request, parts.requests[index - 1])
        .map(describeInput)
        .join("\n"),
    ]),
    ...Object.entries(parts.files).map(([name, content]) => [`file ${name}`, content]),
  ];
  return normalize(sections.map(([title, body]) => `=== ${title}\n${body}`).join("\n\n"), parts.replace);
}

/**
 * Each request begins with the one before, less the context at its end, which is of its moment; what is new is what is
 * worth reading.
 */
function newInput(request: ModelRequest, before: ModelRequest | undefined): readonly ModelInput[] {
  if (!before) return request.input;
  const lasting = before.input.findLastIndex((item) => item.kind !== "context") + 1;
  const bytes = (input: readonly ModelInput[]) => JSON.stringify(input.slice(0, lasting));
  if (bytes(request.input) !== bytes(before.input) || request.instructions !== before.instructions) {
    throw new Error("a request does not begin with the one before it");
  }
  return request.input.slice(lasting);
}

function describe(event: AgentEvent): string {
  const { v: _v, seq: _seq, at: _at, sessionId: _session, turnId: _turn, type, ...rest } = event;
  // How a text was cut into deltas and how fast a shell printed is no behaviour.
  if (type.endsWith(".delta") || type === "tool.output" || type === "terminal.output") return "";
  return `${type} ${JSON.stringify(rest)}`;
}

function describeInput(input: ModelInput): string {
  switch (input.kind) {
    case "tool_call":
      return `[tool_call ${input.name}] ${input.argumentsText}`;
    case "tool_result":
      return `[tool_result${input.failed ? " failed" : ""}]\n${input.output}`;
    default:
      return `[${input.kind}] ${input.text}`;
  }
}

function normalize(text: string, replace: TranscriptParts["replace"]): string {
  let result = text;
  for (const [from, to] of replace) result = result.replaceAll(from, to);
  return `${result
    .replace(/"durationMs":\d+/g, '"durationMs":0')
    .replace(/\bpid: \d+/g, "pid: N")
    .replace(/"pid":\d+/g, '"pid":N')
    .trim()}\n`;
}
