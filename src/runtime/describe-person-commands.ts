/** How the model is told what the person ran in terminals. */
import { headAndTail } from "../base/head-tail-buffer.ts";
import type { PersonCommand } from "../protocol/terminals.ts";

/** About 4,000 tokens for all, shared evenly; a single command gets half of it at most. */
const ALL_CHARS = 16_000;
const MOST_CHARS = 8_000;
const COMMAND_CHARS = 2_000;

/** `leftOut`: how many before them are not told. */
export function describePersonCommands(commands: readonly PersonCommand[], leftOut: number): string {
  const chars = Math.min(MOST_CHARS, Math.floor(ALL_CHARS / Math.max(1, commands.length)));
  const count = commands.length === 1 ? "a command" : `${commands.length} commands`;
  const before = leftOut === 0 ? "" : `, and ${leftOut} before ${commands.length === 1 ? "it" : "them"}`;
  const each = commands.map((command) => describe(command, chars));
  return `[TERMINAL ACTIVITY]\nThe person ran ${count}${before}.\n\n${each.join("\n\n")}`;
}

function describe(command: PersonCommand, chars: number): string {
  const { terminal, ordinal, exitCode, cwd, durationMs } = command;
  const body = command.output.trimEnd();
  const shown = headAndTail(body, chars);
  const rest =
    command.droppedChars > 0 || shown !== body
      ? `\n[All of it: read_output(session_id="${terminal}", command=${ordinal}, from_line=1).]`
      : "";
  const words = headAndTail(command.command, COMMAND_CHARS);
  const end =
    command.status === "exited" ? `the shell ended | return_code: ${exitCode ?? "-"}` : `return_code: ${exitCode}`;
  return [
    `[terminal:${terminal}:cmd${ordinal}] $ ${words}`,
    body === "" ? "(no output)" : shown,
    `[by the person | ${end} | took: ${(durationMs / 1000).toFixed(1)} s | cwd: ${cwd ?? "-"}]${rest}`,
  ].join("\n");
}
