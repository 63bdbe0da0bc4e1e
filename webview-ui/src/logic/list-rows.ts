/**
 * The rows as the virtual list gets them. It keeps the heights of rows by number, adds rows in front of others without
 * a move on the screen, but not so when rows are taken away there. So what the panel has dropped stays in the list as a
 * ghost: its number and nothing else, until it is loaded again.
 */
import type { Place } from "../../../src/protocol/timeline.ts";
import type { Row } from "./rows.ts";

export interface Ghost {
  readonly key: string;
  readonly place: Place;
  readonly kind: "ghost";
}

export type ListRow = Row | Ghost;

export interface ListRows {
  readonly rows: readonly ListRow[];
  /** How many of them, in front, are ghosts. */
  readonly ghosts: number;
  /** Number of the first one. A row keeps its number while others come, go and come again around it. */
  readonly firstNumber: number;
  /** What they were made of. */
  readonly source: readonly Row[];
}

/** Rows are numbered downwards from here as older ones come in front. */
const START_NUMBER = 10_000_000;

export function nextList(before: ListRows | null, source: readonly Row[]): ListRows {
  if (!before) return { rows: source, ghosts: 0, firstNumber: START_NUMBER, source };
  if (before.source === source) return before;
  const { firstNumber } = before;
  const firstKey = source[0]?.key;
  const firstOfAll = before.rows[0]?.key;
  const firstReal = before.rows[before.ghosts]?.key;
  const at = firstKey === firstReal ? before.ghosts : before.rows.findIndex(({ key }) => key === firstKey);
  if (at >= 0) {
    const front = before.rows.slice(0, at).map(toGhost);
    return { rows: front.length === 0 ? source : [...front, ...source], ghosts: at, firstNumber, source };
  }
  const added = source.findIndex(({ key }) => key === firstOfAll);
  if (added >= 0) return { rows: source, ghosts: 0, firstNumber: firstNumber - added, source };
  // Rows that are not what they were when they were dropped: the numbers of those that were shown are kept.
  const again = source.findIndex(({ key }) => key === firstReal);
  const number = again < 0 ? firstNumber : firstNumber + before.ghosts - again;
  return { rows: source, ghosts: 0, firstNumber: number, source };
}

function toGhost(row: ListRow): Ghost {
  return row.kind === "ghost" ? row : { key: row.key, place: row.place, kind: "ghost" };
}
