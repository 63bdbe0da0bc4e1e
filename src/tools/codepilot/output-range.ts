/** How read_output words some lines of the whole output of a command. */
import type { OutputLines, SpoolResult } from "../../ports/terminals.ts";
import { footerOf, headerOf, nextMove, rangeCall, unknownTerminal } from "./terminal-text.ts";

interface Range {
  readonly fromLine: number;
  /** Unset: as many as fit. */
  readonly toLine: number | undefined;
}

export function describeRange(
  name: string,
  { command, pieces, nextLine, losses }: Extract<SpoolResult, { kind: "lines" }>,
  { fromLine, toLine }: Range,
): string {
  const { ordinal, status, totalLines } = command;
  const wanted = Math.min(totalLines, toLine ?? totalLines);
  const last = nextLine === null ? wanted : nextLine - 1;
  const more = nextLine === null ? "" : `\n[More: ${rangeCall(name, ordinal, nextLine, toLine)}]`;
  const end = `${footerOf(command)}${more}${nextMove(name, status)}`;
  if (fromLine > totalLines) {
    const lines = totalLines === 1 ? "1 line" : `${totalLines} lines`;
    return `${headerOf(name, command)}\n(no line ${fromLine}: it has printed ${lines}${status === "running" ? " so far" : ""})\n${end}`;
  }
  const body = withGaps(pieces, { from: fromLine, to: last }, losses);
  return `${headerOf(name, command, `lines ${fromLine} to ${last} of ${totalLines}`)}\n${body}\n${end}`;
}

/** What is not kept is said where it would stand. */
function withGaps(
  pieces: readonly OutputLines[],
  { from, to }: { readonly from: number; readonly to: number },
  losses: readonly string[],
): string {
  const why = losses.length === 0 ? "" : `: ${losses.join("; ")}`;
  const gap = (first: number, last: number) =>
    last < first ? [] : [`[… lines ${first} to ${last} are not kept${why} …]`];
  const parts: string[] = [];
  let next = from;
  for (const { fromLine, toLine, text } of pieces) {
    parts.push(...gap(next, fromLine - 1), text);
    next = toLine + 1;
  }
  return [...parts, ...gap(next, to)].join("\n");
}

export function describeNoRange(
  name: string,
  ordinal: number | undefined,
  result: Exclude<SpoolResult, { kind: "lines" }>,
): string {
  switch (result.kind) {
    case "no-terminal":
      return unknownTerminal(name, result.names);
    case "no-command": {
      const { ordinals } = result;
      if (ordinals.length === 0) return `No command has run in "${name}" yet.`;
      return `There is no command ${ordinal} in "${name}" any more (there are: ${inRuns(ordinals)}).`;
    }
    case "failed":
      return result.message;
  }
}

/** `1–4, 6` */
function inRuns(ordinals: readonly number[]): string {
  const runs: { from: number; to: number }[] = [];
  for (const ordinal of ordinals) {
    const last = runs.at(-1);
    if (last?.to === ordinal - 1) last.to = ordinal;
    else runs.push({ from: ordinal, to: ordinal });
  }
  return runs.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}
