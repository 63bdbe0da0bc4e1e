/**
 * The rows that are drawn first when a session is opened at its end: about a screen. The virtual list would otherwise
 * take half a dozen frames to measure a first row, find its position and draw there.
 */
import type { Row } from "./rows.ts";

const MOST_ROWS = 40;
const LINE_PX = 19;
const CHAR_PX = 7;
const CLOSED_PX = 30;
/** A program scrolls in a box of its own. */
const BOX_PX = 320;

/** How many of the last rows fill a viewport, roughly; those that are missing come a frame later. */
export function firstRowCount(rows: readonly Row[], widthPx: number, heightPx: number): number {
  let height = 0;
  let count = 0;
  while (count < rows.length && count < MOST_ROWS && height < heightPx) {
    height += roughHeight(rows[rows.length - 1 - count] as Row, widthPx);
    count += 1;
  }
  return count;
}

function roughHeight(row: Row, widthPx: number): number {
  const textHeight = (text: string): number => {
    const perLine = Math.max(20, (widthPx - 24) / CHAR_PX);
    return text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / perLine)), 0) * LINE_PX;
  };
  switch (row.kind) {
    case "turn":
      return 50 + textHeight(row.turn.input?.text.slice(0, 2_000) ?? "");
    case "user":
      return 50 + textHeight(row.item.text.slice(0, 2_000));
    case "program":
      return CLOSED_PX + (row.open ? Math.min(BOX_PX, textHeight(row.source ?? "")) : 0);
    case "text":
    case "completion":
      return row.blocks.reduce((sum, block) => sum + 10 + textHeight(block.text), 10);
    case "notice":
      return 30 + textHeight(row.notice.message.slice(0, 2_000));
    default:
      // Cards that are open are higher; then a row more is drawn than would have been needed.
      return CLOSED_PX;
  }
}
