import { useEffect, useRef } from "react";
import type { Row } from "../logic/rows.ts";

/** Rows are numbered downwards from here as older ones come in front. */
const START_INDEX = 10_000_000;

/** Keeps the numbers of rows while rows are added or dropped in front of them, so that the view does not jump. */
export function useFirstIndex(rows: readonly Row[]): number {
  const held = useRef<{ index: number; rows: readonly Row[] }>({ index: START_INDEX, rows });
  const before = held.current;
  let { index } = before;
  if (before.rows[0]?.key !== rows[0]?.key) {
    // The first row may have become another one (the head of a card whose beginning has come): any will do.
    const places = new Map(rows.map((row, at) => [row.key, at]));
    const known = before.rows.findIndex((row) => places.has(row.key));
    if (known >= 0) index += known - (places.get(before.rows[known]?.key ?? "") ?? 0);
  }
  useEffect(() => {
    held.current = { index, rows };
  });
  return index;
}
