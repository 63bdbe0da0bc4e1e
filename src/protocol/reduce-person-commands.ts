/** What the person ran in terminals: a line for the person at once, and kept until the model has been told of it. */
import type { EventOf } from "./events.ts";
import type { ItemEntry, NoticeEntry, SessionState } from "./state.ts";

/** Of commands that wait to be told. */
const MOST_UNTOLD = 10;
/** More than can wait anywhere for being written. */
const KEPT_IDS = 40;
const COMMAND_CHARS = 120;

export function addPersonCommand(state: SessionState, { command, leftOut }: EventOf<"terminal.ran">): SessionState {
  const { personCommands: known } = state;
  const all = [...known.untold, command];
  const untold = all.slice(-MOST_UNTOLD);
  const recentIds = [...known.recentIds, command.commandId].slice(-KEPT_IDS);
  return {
    ...state,
    personCommands: { untold, leftOut: known.leftOut + leftOut + all.length - untold.length, recentIds },
  };
}

export function reportPersonCommands(state: SessionState, event: EventOf<"terminal.reported">): SessionState {
  const { personCommands: known } = state;
  const told = new Set(event.commandIds);
  const untold = known.untold.filter(({ commandId }) => !told.has(commandId));
  return { ...state, personCommands: { ...known, untold, leftOut: Math.max(0, known.leftOut - event.leftOut) } };
}

/** The words to the model as a part of the timeline. */
export function reportOf({ itemId, text, at }: EventOf<"terminal.reported">, step: number): ItemEntry {
  const item = { kind: "user_message", id: itemId, text, origin: "terminal" } as const;
  return { kind: "item", item, at, step, settled: true };
}

/** "You ran npm test in main: exit 1". */
export function personCommandNotice({ command: ran, at }: EventOf<"terminal.ran">): NoticeEntry {
  const [first = "", ...more] = ran.command.split("\n");
  const line = first.length > COMMAND_CHARS ? `${first.slice(0, COMMAND_CHARS - 1)}…` : first;
  const lines = more.length === 0 ? "" : ` … (${more.length} more ${more.length === 1 ? "line" : "lines"})`;
  const code = ran.exitCode === null ? "killed" : `exit ${ran.exitCode}`;
  const end = ran.status === "exited" ? `the shell ended, ${code}` : code;
  return {
    kind: "notice",
    level: "info",
    code: "person-command",
    message: `You ran ${line}${lines} in ${ran.terminal}: ${end}`,
    at,
  };
}
