/** What a tool card shows, read from the call's record: its words, its state, and what can be opened from it. */

import { endOfRaw } from "../../../src/protocol/reduce-live.ts";
import type { CommandEnd, SessionState, ToolEntry } from "../../../src/protocol/state.ts";
import { shortPath } from "./format.ts";
import { endOfRuns, outputRuns, type TextRun, trimmedRuns } from "./plain-output.ts";

export type ToolState = "queued" | "waiting" | "running" | "done" | "failed" | "denied" | "stopped" | "interrupted";

export const stateWords: Record<ToolState, string> = {
  queued: "Queued",
  waiting: "Waiting for you",
  running: "Running",
  done: "Done",
  failed: "Failed",
  denied: "Denied",
  stopped: "Stopped",
  interrupted: "Interrupted",
};

/** `live` is false when the turn is over or its process has died: what has no result then will not get one by itself. */
export function toolState(entry: ToolEntry, live: boolean): ToolState {
  switch (entry.outcome?.status) {
    case "done":
    case "failed":
    case "denied":
    case "interrupted":
      return entry.outcome.status;
    case "cancelled":
      return "stopped";
  }
  if (!live) return "interrupted";
  const asked = entry.permission && !entry.permission.answer;
  if (asked || (entry.question && !entry.question.answer)) return "waiting";
  return entry.startedAt === undefined ? "queued" : "running";
}

export type ToolIcon = "terminal" | "edit" | "new-file" | "file" | "search" | "comment" | "keyboard" | "tools";

export interface ToolView {
  readonly icon: ToolIcon;
  readonly verb: string;
  readonly target: string;
  readonly path: string | null;
  readonly line: number | null;
  readonly terminal: string | null;
  /** The whole command of a shell call. */
  readonly command: string | null;
  readonly diff: string | null;
  readonly diffTruncated: boolean;
  /** The diff editor can show it: the change was made. */
  readonly hasDiff: boolean;
  readonly added: number;
  readonly removed: number;
  readonly exitCode: number | null;
  /** The call is over and its command went on in the terminal, as far as the call's record says. */
  readonly stillRunning: boolean;
  readonly endedByPerson: boolean;
  /** What there is to say of a command that went on and of which no exit code tells the end. */
  readonly endedHow: string | null;
  /** Short facts for the right side: lines read, matches. */
  readonly fact: string | null;
}

const endWords: Partial<Record<CommandEnd["status"], string>> = {
  exited: "its terminal ended",
  unknown: "ended unseen",
};

const blank = {
  path: null,
  line: null,
  terminal: null,
  command: null,
  diff: null,
  diffTruncated: false,
  hasDiff: false,
  added: 0,
  removed: 0,
  exitCode: null,
  stillRunning: false,
  endedByPerson: false,
  endedHow: null,
  fact: null,
};

export function toolView(entry: ToolEntry, session: Pick<SessionState, "cwd" | "folders">): ToolView {
  const roots = [session.cwd, ...session.folders];
  const words = entry.question
    ? { verb: "Question", target: entry.question.question.question, command: null }
    : splitSummary(entry.summary);
  const named: ToolView = { ...blank, icon: iconOf(entry), ...words };
  const display = entry.outcome?.display;
  switch (display?.kind) {
    case "read": {
      const lines = `${display.startLine}–${display.endLine} of ${display.totalLines}`;
      const whole = display.startLine <= 1 && display.endLine >= display.totalLines;
      return {
        ...named,
        icon: "file",
        target: shortPath(display.path, roots),
        path: display.path,
        line: display.startLine > 1 ? display.startLine : null,
        fact: whole ? `${display.totalLines} ${display.totalLines === 1 ? "line" : "lines"}` : lines,
      };
    }
    case "search": {
      const fact = `${display.matches}${display.truncated ? "+" : ""} ${display.matches === 1 ? "match" : "matches"}`;
      return { ...named, icon: "search", fact };
    }
    case "edit": {
      const { change, diff, diffTruncated } = display;
      return {
        ...named,
        icon: change.kind === "created" ? "new-file" : "edit",
        verb: { created: "Create", modified: "Edit", deleted: "Delete" }[change.kind],
        target: shortPath(change.path, roots),
        path: change.kind === "deleted" ? null : change.path,
        diff,
        diffTruncated,
        hasDiff: true,
        added: change.addedLines,
        removed: change.removedLines,
      };
    }
    case "command": {
      const { exitCode, endedBy } = entry.commandEnd ?? display;
      return {
        ...named,
        icon: "terminal",
        terminal: display.terminal,
        command: display.command,
        exitCode,
        stillRunning: display.status === "running" && !entry.commandEnd,
        endedByPerson: endedBy === "person",
        endedHow: entry.commandEnd ? (endWords[entry.commandEnd.status] ?? null) : null,
      };
    }
  }
  return withAccess(named, entry, roots);
}

/** Before there is a result, what the call says it is about to touch tells the same things. */
function withAccess(named: ToolView, entry: ToolEntry, roots: readonly string[]): ToolView {
  const access = entry.permission?.request.access;
  switch (access?.kind) {
    case "read":
      return { ...named, target: shortPath(access.path, roots), path: access.path };
    case "write":
      return {
        ...named,
        icon: access.change === "create" ? "new-file" : "edit",
        verb: access.change === "create" ? "Create" : "Edit",
        target: shortPath(access.path, roots),
        path: access.change === "create" ? null : access.path,
        diff: access.diff,
        added: access.addedLines,
        removed: access.removedLines,
      };
    case "execute":
      return { ...named, icon: "terminal", terminal: access.terminal, command: access.command };
    case "input":
    case "terminate":
      return { ...named, terminal: access.terminal };
  }
  if (named.icon !== "terminal") return named;
  const begun = entry.recovery?.kind === "command" ? entry.recovery.terminal : null;
  return { ...named, terminal: begun ?? argument(entry, "session_id") };
}

/** `$ npm test` → command; `Read src/a.ts` → verb and target; anything else stays as it is. */
export function splitSummary(summary: string): { verb: string; target: string; command: string | null } {
  if (summary.startsWith("$ ")) {
    const command = summary.slice(2);
    return { verb: "Run", target: command, command };
  }
  const space = summary.search(/[:\s]/);
  if (space === -1) return { verb: summary, target: "", command: null };
  return { verb: summary.slice(0, space), target: summary.slice(space + 1).trim(), command: null };
}

function iconOf(entry: ToolEntry): ToolIcon {
  if (entry.summary.startsWith("$ ") || entry.recovery?.kind === "command") return "terminal";
  if (entry.question) return "comment";
  const name = entry.tool;
  if (/ask|question|user_input/.test(name)) return "comment";
  if (/read_output|terminal|exec/.test(name)) return "terminal";
  if (/send_input|stdin/.test(name)) return "keyboard";
  if (/read|view|list/.test(name)) return "file";
  if (/find|search|grep|glob/.test(name)) return "search";
  if (/write|edit|patch/.test(name)) return "edit";
  return "tools";
}

/** One string argument of a call, as far as it can be read. */
export function argument(entry: ToolEntry, name: string): string | null {
  try {
    const value: unknown = JSON.parse(entry.argumentsText)[name];
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}

/** Arguments for reading: indented where they are JSON, as written where they are not. */
export function prettyArguments(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The last `count` lines of a text, and how many were left out. */
export function lastLines(text: string, count: number): { shown: string; hidden: number } {
  const lines = text.trimEnd().split("\n");
  const hidden = Math.max(0, lines.length - count);
  return { shown: lines.slice(hidden).join("\n"), hidden };
}

/**
 * The end of an output for reading: at most so many lines and characters of it, however long it is or its lines are.
 * `hidden` counts the lines that are left out, `cut` says that the first line shown is not whole; `runs` are the
 * characters of `shown` in their colours.
 */
export function endOfOutput(
  text: string,
  lines: number,
  chars: number,
): { shown: string; hidden: number; cut: boolean; runs: readonly TextRun[] } {
  // Escape sequences are not shown; four times as many characters leave room for those of a colourful output.
  const end = endOfRaw(text, 4 * chars);
  const runs = trimmedRuns(outputRuns(end));
  const { shown } = lastLines(runs.map((run) => run.text).join(""), lines);
  const fitting = shown.slice(-chars);
  const cut = fitting.length < shown.length || (end.length < text.length && linesIn(shown) < lines);
  const hidden = Math.max(0, linesIn(text.trimEnd()) - linesIn(fitting));
  return { shown: fitting, hidden, cut, runs: endOfRuns(runs, fitting.length) };
}

function linesIn(text: string): number {
  let count = 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

const namedKeys: Record<string, string> = {
  "\n": "⏎\n",
  "\r": "⏎\n",
  "\t": "⇥",
  "\u001b": "Esc ",
  "\u007f": "Backspace ",
};

/** Keystrokes for reading: control characters become words, so that nothing is typed that cannot be seen. */
export function visibleKeys(text: string): string {
  return [...text.replaceAll("\r\n", "\n")]
    .map((char) => namedKeys[char] ?? (char < " " ? `Ctrl-${String.fromCharCode(char.charCodeAt(0) + 64)} ` : char))
    .join("")
    .trimEnd();
}
