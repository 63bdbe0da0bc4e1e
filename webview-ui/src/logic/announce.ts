/** What a screen reader is told: summaries of what happened, never the deltas. */
import type { AgentEvent } from "../../../src/protocol/events.ts";
import { finalWordsOf, proseOf } from "../../../src/protocol/reply-text.ts";
import { formatDuration, plural } from "./format.ts";

const SPOKEN_CHARS = 300;

export function announcementFor(events: readonly AgentEvent[]): string | null {
  const said: string[] = [];
  for (const event of events) {
    const text = spoken(event);
    if (text !== null) said.push(text);
  }
  // Of a flood (a long session that catches up) only the newest matters.
  return said.length === 0 ? null : said.slice(-3).join(" ");
}

function spoken(event: AgentEvent): string | null {
  switch (event.type) {
    case "turn.started":
      return "CodePilot is working.";
    case "turn.finished":
      if (event.reason === "completed") return `Finished after ${formatDuration(event.durationMs)}.`;
      if (event.reason === "interrupted") return "Stopped.";
      return `The turn ended: ${event.error?.message ?? event.reason}. ${event.error?.next ?? ""}`.trim();
    case "item.finished": {
      if (event.item.kind !== "assistant_message") return null;
      const { text, blocks = [] } = event.item;
      const prose = proseOf(text, blocks).trim();
      const final = finalWordsOf(text, blocks);
      const words = final === prose ? prose : `${prose} ${final}`.trim();
      if (words === "") return null;
      return words.length > SPOKEN_CHARS ? `CodePilot: ${words.slice(0, SPOKEN_CHARS)}…` : `CodePilot: ${words}`;
    }
    case "script.finished":
      return event.outcome.status === "failed" ? "The program failed." : null;
    case "tool.finished":
      return event.outcome.status === "failed" ? "A tool call failed." : null;
    case "command.finished": {
      if (event.endedBy === "person") return `The command in terminal ${event.terminal} is stopped.`;
      const code = event.exitCode === null ? "" : ` with exit code ${event.exitCode}`;
      return `The command in terminal ${event.terminal} has ended${code}.`;
    }
    case "permission.asked":
      return `Permission needed: ${event.request.title}.`;
    case "question.asked":
      return `CodePilot asks: ${event.question.question}`;
    case "model.retrying":
      return `${event.message} Trying again in ${plural(Math.ceil(event.delayMs / 1000), "second")}.`;
    case "notice.raised":
      return event.level === "info" ? null : event.message;
    default:
      return null;
  }
}
