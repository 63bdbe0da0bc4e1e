/** How the terminal tools word what a terminal gave back: header, output, footer, next possible move. */
import { headAndTail } from "../../base/head-tail-buffer.ts";
import {
  type CommandResult,
  type CommandState,
  outputTailOf,
  type ReadResult,
  type TerminalText,
} from "../../ports/terminals.ts";
import type { ToolDisplay } from "../../protocol/items.ts";
import type { TerminalInfo } from "../../protocol/terminals.ts";

/** About 10,000 tokens; an agent file may set another limit. */
export const MAX_OUTPUT_CHARS = 40_000;

/** Null when the name is fine. */
export function nameProblem(name: string): string | null {
  return /^[\w.-]{1,40}$/.test(name)
    ? null
    : `${JSON.stringify(name)} can not name a terminal. Use up to 40 letters, digits, ".", "_" and "-".`;
}

export function unknownTerminal(name: string, names: readonly string[]): string {
  return `There is no terminal "${name}" (there are: ${names.join(", ")}). Use one of these, or execute with new_terminal=true to open it.`;
}

export function headerOf(name: string, command: CommandState | null, note = ""): string {
  const suffix = note ? ` (${note})` : "";
  if (!command) return `[terminal:${name}]${suffix}`;
  const [first = "", ...rest] = command.command.split("\n");
  const more = rest.length > 0 ? ` … (${rest.length} more ${rest.length === 1 ? "line" : "lines"})` : "";
  return `[terminal:${name}:cmd${command.ordinal}] $ ${first}${more}${suffix}`;
}

/** Where the engine left something out, the text says so itself, in place and with the exact count. */
export function bodyOf({ text, droppedChars }: TerminalText, maxChars: number): string {
  const trimmed = text.trimEnd();
  if (trimmed === "") return "(no output)";
  return droppedChars > 0 ? trimmed : headAndTail(trimmed, maxChars);
}

export function footerOf({ status, exitCode, pid, cwd, endedBy }: CommandState): string {
  const state = `[status: ${status} | return_code: ${exitCode ?? "-"} | pid: ${pid ?? "-"} | cwd: ${cwd ?? "-"}]`;
  return endedBy === undefined ? state : `${state}\nThe person ended this command.`;
}

/** How to see what was left out of a command's output; empty when nothing was. */
export function restOf(
  name: string,
  { ordinal, totalLines }: CommandState,
  { text, droppedChars, droppedLines }: TerminalText,
  maxChars: number,
): string {
  if (droppedChars === 0 && text.trimEnd().length <= maxChars) return "";
  const { from, to } = droppedLines ?? { from: 1, to: totalLines };
  return `\n[Left out: something of lines ${from} to ${to} (of ${totalLines}). ${rangeCall(name, ordinal, from, to)} shows them, as many as fit.]`;
}

export function rangeCall(name: string, ordinal: number, from: number, to: number | undefined): string {
  const end = to === undefined ? "" : `, to_line=${to}`;
  return `read_output(session_id="${name}", command=${ordinal}, from_line=${from}${end})`;
}

/** Status of a terminal of which no command is known. */
export function terminalFooter({ status, exitCode, pid, cwd }: TerminalInfo): string {
  return `[status: ${status} | return_code: ${exitCode ?? "-"} | pid: ${pid ?? "-"} | cwd: ${cwd}]`;
}

/** What can be done next, after the footer; empty when the command is simply over. */
export function nextMove(name: string, status: CommandResult["status"]): string {
  switch (status) {
    case "completed":
      return "";
    case "running":
      return `\nStill running. read_output(session_id="${name}") waits for more, send_input types into it ("\\u0003" is Ctrl-C), terminate_terminal ends it; other commands need another terminal (new_terminal=true).`;
    case "unknown":
      return `\nWhether it has ended is not known: this shell does not tell, or has not taken the line because something else had the keyboard. read_output(session_id="${name}") shows what came since.`;
    case "exited":
      return `\nThe shell itself has ended. ${reopen(name)}`;
  }
}

export function reopen(name: string): string {
  return name === "main"
    ? "The next execute starts a new one."
    : `execute with session_id="${name}" and new_terminal=true opens it anew.`;
}

export function describeCommand(name: string, command: CommandResult, maxChars: number, note?: string): string {
  const output = bodyOf(command.output, maxChars);
  const rest = restOf(name, command, command.output, maxChars);
  return `${headerOf(name, command, note)}\n${output}\n${footerOf(command)}${rest}${nextMove(name, command.status)}`;
}

export function displayOf(name: string, command: CommandResult): ToolDisplay {
  return {
    kind: "command",
    terminal: name,
    command: command.command,
    ...(command.status === "running" ? { commandId: command.commandId } : {}),
    status: command.status,
    exitCode: command.exitCode,
    cwd: command.cwd,
    outputTail: outputTailOf(command),
    ...(command.endedBy === undefined ? {} : { endedBy: command.endedBy }),
    ...(command.reached === undefined ? {} : { ready: command.reached }),
  };
}

/** The read that both read_output and send_input get back, when there is nothing to show. */
export function describeUnreadable(
  name: string,
  result: Exclude<ReadResult, { kind: "read" }>,
  maxChars: number,
): string {
  switch (result.kind) {
    case "no-terminal":
      return unknownTerminal(name, result.names);
    case "exited": {
      const output = bodyOf(result.output, maxChars);
      return `The shell of "${name}" has ended (return code ${result.exitCode ?? "unknown"}). ${reopen(name)} Its last output:\n${output}`;
    }
    case "failed":
      return result.message;
  }
}
