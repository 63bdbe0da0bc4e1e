/** Waiting for a sign that a command is ready: how it is asked for, and how its outcome is worded. */
import type { CommandResult, WaitFor } from "../../ports/terminals.ts";

export interface Waiting {
  readonly waitFor: WaitFor;
  /** For model and person. */
  readonly words: string;
}

interface WaitingInput {
  readonly wait_for?: string | undefined;
  readonly wait_for_port?: number | undefined;
}

/** What a call waits for besides the end of its command. */
export function waitingOf({ wait_for: text, wait_for_port: port }: WaitingInput): Waiting[] {
  return [
    ...(text === undefined ? [] : [{ waitFor: { kind: "text" as const, text }, words: JSON.stringify(text) }]),
    ...(port === undefined ? [] : [{ waitFor: { kind: "port" as const, port }, words: `port ${port}` }]),
  ];
}

/** Which of the three ended the wait: what was waited for, the end of the command, the time. */
export function readinessOf({ reached, status }: CommandResult, waiting: Waiting | undefined): string {
  if (reached === undefined || waiting === undefined) return "";
  const { words, waitFor } = waiting;
  if (reached)
    return waitFor.kind === "text" ? `\nReady: it has printed ${words}.` : `\nReady: ${words} takes connections.`;
  const missing = waitFor.kind === "text" ? `it printed ${words}` : `${words} took connections`;
  return status === "running" || status === "unknown"
    ? `\nNot ready: the time was over before ${missing}.`
    : `\nNot ready: it ended before ${missing}.`;
}
