/** Words and lines of a program's card. */
import type { ScriptOutcome } from "../../../src/protocol/items.ts";
import type { ProgramState } from "./program-rows.ts";

export const programWords: Record<ProgramState, string> = {
  writing: "Writing program…",
  unrun: "Not run",
  waiting: "Waiting for you",
  running: "Running",
  completed: "Completed",
  failed: "Failed",
  stopped: "Stopped",
  interrupted: "Interrupted",
  earlier: "Began earlier",
};

/** Lines in the document at once; a program of a thousand lines is looked at where something happens. */
const SHOWN_LINES = 300;

export interface LineWindow {
  readonly from: number;
  /** Behind the last line shown. */
  readonly to: number;
}

/** The lines around `focus` (from 1; null: the beginning). */
export function windowOf(lines: number, focus: number | null): LineWindow {
  if (lines <= SHOWN_LINES) return { from: 0, to: lines };
  const wanted = focus === null ? 0 : focus - 1 - Math.floor(SHOWN_LINES / 2);
  const from = Math.max(0, Math.min(wanted, lines - SHOWN_LINES));
  return { from, to: from + SHOWN_LINES };
}

/** The lines of a file; a newline at its end begins no further one. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

export function lineCount(text: string): number {
  let count = text === "" || text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

/** Advice to the model at the end of what it is told. */
const ADVICE = /^(Statements before |No statements of this block ran|The completion block was not taken)/;

/** What went wrong, read from the end of what the model is told; null where nothing is said. */
export function problemOf({ status, clean, output }: ScriptOutcome): string | null {
  if (clean || status === "cancelled") return null;
  // Results of calls stand before it and may read alike.
  const starts =
    status === "completed" ? ["The block ended itself with exit code", "PAYLOAD ERROR:"] : ["EXECUTION ERROR"];
  const found = starts.map((words) => lastLineWith(output, words)).filter((at) => at !== -1);
  if (found.length === 0) return null;
  const told = output
    .slice(Math.min(...found))
    .split("\n")
    .filter((line) => !ADVICE.test(line))
    .join("\n")
    .trim();
  const [, line, error] = /^EXECUTION ERROR(?: \(Control Block(?:, line (\d+))?\))?: (.*)$/s.exec(told) ?? [];
  if (error === undefined) return told;
  return (line === undefined ? "" : `Line ${line}: `) + withoutRepetition(error);
}

const TRACEBACK = "\nTraceback (most recent call last):";

/** The traceback repeats the error at its end; one of a single frame says no more than the marked line does. */
function withoutRepetition(error: string): string {
  const at = error.indexOf(TRACEBACK);
  if (at === -1) return error;
  const cause = error.slice(0, at);
  const traceback = error.slice(at).replace(`\n${cause}`, "");
  const frames = traceback.match(/^ {2}\S.*line \d+, in /gm)?.length ?? 0;
  return frames > 1 ? cause + traceback : cause;
}

/** Where the last line begins that begins so; -1 for none. */
function lastLineWith(text: string, words: string): number {
  const at = text.lastIndexOf(`\n${words}`);
  if (at !== -1) return at + 1;
  return text.startsWith(words) ? 0 : -1;
}

/** `src/a.py` → `py`, for the colours. */
export function languageOfFile(filename: string): string {
  const name = filename.slice(filename.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return (dot > 0 ? name.slice(dot + 1) : name).toLowerCase();
}

export function formatSize(chars: number): string {
  if (chars < 1000) return `${chars} B`;
  return chars < 999_500
    ? `${(chars / 1000).toFixed(chars < 9_950 ? 1 : 0)} kB`
    : `${(chars / 1_000_000).toFixed(1)} MB`;
}
