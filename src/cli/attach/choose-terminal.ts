/** Which terminal is meant, among those that there are; and those that there are, as text. */
import { closestWord } from "../../base/closest-word.ts";
import type { FoundSession, FoundTerminals } from "../../node/pty-host/find-sessions.ts";
import { printable } from "../printable.ts";

type Terminal = FoundSession["terminals"][number];

export type TerminalChoice =
  | { readonly kind: "chosen"; readonly session: FoundSession; readonly terminal: Terminal }
  /** Why there is none, for the person. */
  | { readonly kind: "none"; readonly message: string };

export interface WantedTerminal {
  readonly terminal: string;
  readonly sessionId: string | undefined;
}

const longestCommand = 50;

export function chooseTerminal(found: FoundTerminals, { terminal: name, sessionId }: WantedTerminal): TerminalChoice {
  const ids = found.sessions.map(({ session }) => session);
  const session = sessionId === undefined ? found.sessions[0] : sessionOf(found.sessions, sessionId);
  if (session === undefined) {
    return none(`no session ${JSON.stringify(sessionId)} has terminals in ${found.workspace}`, sessionId, ids);
  }
  const terminal = session.terminals.find((one) => one.name === name);
  if (terminal === undefined) {
    const names = session.terminals.map((one) => one.name);
    return none(`session ${session.session} has no terminal ${JSON.stringify(name)}`, name, names);
  }
  if (terminal.status === "exited") {
    const next = name === "main" ? "; the agent's next command starts it anew" : "";
    return none(`terminal ${JSON.stringify(name)} has ended (${endOf(terminal)})${next}`, undefined, []);
  }
  return { kind: "chosen", session, terminal };
}

/** One block a session, one line a terminal; the path of its socket last. */
export function listTerminals(found: FoundTerminals, nowMs: number): string {
  const blocks = found.sessions.map(({ session, activeAt, terminals }) => {
    const rows = terminals.map((one) => [one.name, stateOf(one), shorten(one.command ?? ""), one.socketPath ?? "-"]);
    const lines = alignColumns([["TERMINAL", "STATUS", "COMMAND", "SOCKET"], ...rows].map((row) => row.map(printable)));
    return [`session ${printable(session)}, active ${age(nowMs - activeAt)}`, ...lines.map((line) => `  ${line}`)];
  });
  return [`terminals of ${printable(found.workspace)}`, ...blocks.flat()].join("\n");
}

/** The one with that id, or the only one whose id begins so. */
function sessionOf(sessions: readonly FoundSession[], id: string): FoundSession | undefined {
  const exact = sessions.find(({ session }) => session === id);
  const beginning = id === "" ? [] : sessions.filter(({ session }) => session.startsWith(id));
  return exact ?? (beginning.length === 1 ? beginning[0] : undefined);
}

function none(message: string, given: string | undefined, names: readonly string[]): TerminalChoice {
  const meant = given === undefined ? undefined : closestWord(given, names);
  return { kind: "none", message: meant === undefined ? message : `${message}; did you mean ${meant}?` };
}

function stateOf(terminal: Terminal): string {
  return terminal.status === "exited" ? `ended (${endOf(terminal)})` : terminal.status;
}

function endOf({ exitCode }: Terminal): string {
  return exitCode === null ? "by a signal" : `exit ${exitCode}`;
}

function shorten(command: string): string {
  const [line = ""] = command.trim().split("\n", 1);
  const whole = line === command.trim() && line.length <= longestCommand;
  return whole ? line || "-" : `${line.slice(0, longestCommand - 1)}…`;
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function age(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}
