/** Rough heights of rows that nobody has drawn yet. */
import type { ToolEntry } from "../../../src/protocol/state.ts";
import type { Row } from "./rows.ts";

const LINE_PX = 19;
const CHAR_PX = 7;
const CLOSED_PX = 34;
const CARD_PX = 50;
/** Of which an open card shows so many by itself. */
const DIFF_LINES = 14;
const OUTPUT_LINES = 8;
/** No row is counted higher: one that is would spoil the mean. */
const MOST_PX = 2_000;
const MOST_ROWS = 40;

/** How many of the last rows fill a viewport; those that are missing come a frame later. */
export function firstRowCount(rows: readonly Row[], widthPx: number, heightPx: number): number {
  let height = 0;
  let count = 0;
  while (count < rows.length && count < MOST_ROWS && height < heightPx) {
    height += roughHeight(rows[rows.length - 1 - count] as Row, widthPx);
    count += 1;
  }
  return count;
}

/** For the list: the nearer it is, the less the list has to correct its position while somebody scrolls up. */
export function meanHeight(rows: readonly Row[], widthPx: number): number {
  if (rows.length === 0) return CLOSED_PX;
  return Math.round(rows.reduce((sum, row) => sum + roughHeight(row, widthPx), 0) / rows.length);
}

function roughHeight(row: Row, widthPx: number): number {
  const perLine = Math.max(20, (widthPx - 24) / CHAR_PX);
  const textHeight = (text: string): number =>
    text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / perLine)), 0) * LINE_PX;
  const bounded = (px: number): number => Math.min(px, MOST_PX);
  switch (row.kind) {
    case "turn":
      return bounded(50 + textHeight(row.turn.input?.text.slice(0, 4_000) ?? ""));
    case "user":
      return bounded(50 + textHeight(row.item.text.slice(0, 4_000)));
    case "text":
      return bounded(row.blocks.reduce((sum, block) => sum + 10 + textHeight(block.text), 10));
    case "notice":
      return bounded(30 + textHeight(row.notice.message.slice(0, 1_000)));
    case "tool":
      return toolHeight(row.entry);
    default:
      return CLOSED_PX;
  }
}

function toolHeight({ outcome, recovery, commandEnd }: ToolEntry): number {
  if (!outcome && recovery?.kind === "command") return CARD_PX + OUTPUT_LINES * LINE_PX;
  if (commandEnd) return CARD_PX + linesUpTo(commandEnd.outputTail, OUTPUT_LINES) * LINE_PX;
  const display = outcome?.display;
  if (display?.kind === "edit") return CARD_PX + linesUpTo(display.diff, DIFF_LINES) * LINE_PX;
  if (display?.kind === "command") return CARD_PX + linesUpTo(display.outputTail, OUTPUT_LINES) * LINE_PX;
  if (outcome?.status === "failed") return CARD_PX + linesUpTo(outcome.output, OUTPUT_LINES) * LINE_PX;
  return CLOSED_PX;
}

function linesUpTo(text: string, most: number): number {
  let count = 1;
  for (let at = text.indexOf("\n"); at !== -1 && count < most; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
