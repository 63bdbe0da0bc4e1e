/**
 * The journal's text form: one durable event a line. Reading is forgiving where a crash leaves traces (a torn
 * last line) and keeps what a later version wrote; it never makes an event up.
 */
import { type AgentEvent, type DurableEvent, decodeEvent } from "./events.ts";

export interface DecodedJournal {
  readonly events: readonly AgentEvent[];
  /** What was passed over, in words. */
  readonly warnings: readonly string[];
  /** Length of the part that ends in a whole line, in UTF-8 bytes: where the next append belongs. */
  readonly wholeBytes: number;
}

export function encodeEvents(events: readonly DurableEvent[]): string {
  let text = "";
  for (const event of events) text += `${JSON.stringify(event)}\n`;
  return text;
}

export function decodeJournal(bytes: Uint8Array): DecodedJournal {
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const warnings: string[] = [];
  if (wholeBytes < bytes.length) {
    warnings.push(`the last line was torn (${bytes.length - wholeBytes} bytes); it is left out`);
  }
  const events: AgentEvent[] = [];
  const lines = new TextDecoder().decode(bytes.subarray(0, wholeBytes)).split("\n");
  lines.pop();
  for (const [index, line] of lines.entries()) {
    const event = decodeLine(line, index + 1, warnings);
    if (event) events.push(event);
  }
  return { events, warnings, wholeBytes };
}

function decodeLine(line: string, lineNumber: number, warnings: string[]): AgentEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    warnings.push(`line ${lineNumber} is not JSON; it is left out`);
    return undefined;
  }
  const decoded = decodeEvent(value);
  switch (decoded.kind) {
    case "event":
      return decoded.event;
    case "unknown-type":
      warnings.push(`line ${lineNumber} is of type ${decoded.type}, which this version does not know`);
      return undefined;
    case "invalid":
      warnings.push(`line ${lineNumber} is not a valid event: ${decoded.problem.slice(0, 300)}`);
      return undefined;
  }
}
