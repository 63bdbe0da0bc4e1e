/** What becomes of commands that go on after the calls that began them: their newest output, and their end. */
import type { EventOf } from "./events.ts";
import { extendTail } from "./reduce-live.ts";
import type { BackgroundCommand, CommandEnd, LiveOutput, SessionState, ToolEntry } from "./state.ts";

/**
 * A call that ends while its command runs leaves the command in its terminal, with what was seen of its output. It stays
 * with the first call that did; those that look at it later have cards of their own moment.
 */
export function keepCommand(
  state: SessionState,
  { callId, outcome: { display } }: EventOf<"tool.finished">,
  output: LiveOutput | undefined,
): SessionState {
  if (display?.kind !== "command" || display.status !== "running" || display.commandId === undefined) return state;
  const { terminal, commandId } = display;
  if (state.background[terminal]?.commandId === commandId) return state;
  return {
    ...state,
    background: { ...state.background, [terminal]: { callId, commandId } },
    liveOutput: { ...state.liveOutput, [callId]: output ?? { tail: display.outputTail, droppedChars: 0 } },
  };
}

export function addCommandOutput(state: SessionState, event: EventOf<"terminal.output">): SessionState {
  const command = state.background[event.terminal];
  if (!command) return state;
  const { callId } = command;
  return { ...state, liveOutput: { ...state.liveOutput, [callId]: extendTail(state, callId, event.chunk) } };
}

/** The end may be told after the terminal is gone already; it says more. */
export function finishCommand(state: SessionState, event: EventOf<"command.finished">): SessionState {
  const { at, callId, commandId, status, exitCode, endedBy, durationMs, outputTail } = event;
  const end = { at, status, exitCode, ...(endedBy ? { endedBy } : {}), durationMs, outputTail };
  const known = state.background[event.terminal];
  const left = known?.commandId === commandId ? withoutCommand(state, event.terminal, known) : state;
  return endCall(left, callId, () => end);
}

/** The terminal has gone with the command in it. */
export function loseCommand(state: SessionState, event: EventOf<"terminal.exited">): SessionState {
  const command = state.background[event.terminal];
  if (!command) return state;
  return endCall(withoutCommand(state, event.terminal, command), command.callId, ({ startedAt, outcome }) => ({
    at: event.at,
    status: "exited",
    exitCode: event.exitCode,
    durationMs: Math.max(0, event.at - (startedAt ?? event.at)),
    outputTail: outcome?.display?.kind === "command" ? outcome.display.outputTail : "",
  }));
}

/** Of all live output, that of commands which no turn and no resume ends. */
export function outputInBackground(state: SessionState): SessionState["liveOutput"] {
  const kept: Record<string, LiveOutput> = {};
  for (const { callId } of Object.values(state.background)) {
    const output = state.liveOutput[callId];
    if (output) kept[callId] = output;
  }
  return kept;
}

function withoutCommand(state: SessionState, terminal: string, { callId }: BackgroundCommand): SessionState {
  const { [terminal]: _over, ...background } = state.background;
  const { [callId]: _done, ...liveOutput } = state.liveOutput;
  return { ...state, background, liveOutput };
}

/** Its call may be of any turn; newer ones are likelier. */
function endCall(state: SessionState, callId: string, end: (call: ToolEntry) => CommandEnd): SessionState {
  for (let at = state.turns.length - 1; at >= 0; at -= 1) {
    const turn = state.turns[at];
    const index = turn?.entries.findLastIndex((entry) => isCall(entry, callId)) ?? -1;
    const call = turn?.entries[index];
    if (!turn || call?.kind !== "tool") continue;
    const entries = turn.entries.with(index, { ...call, commandEnd: end(call) });
    return { ...state, turns: state.turns.with(at, { ...turn, entries }) };
  }
  return state;
}

function isCall(entry: SessionState["turns"][number]["entries"][number], callId: string): entry is ToolEntry {
  return entry.kind === "tool" && entry.callId === callId;
}
