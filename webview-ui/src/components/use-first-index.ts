import { useEffect, useRef } from "react";
import type { Row } from "../logic/rows.ts";

/** Rows are numbered downwards from here as older ones come in front. */
const START_INDEX = 10_000_000;

/** Keeps the numbers of rows while rows are added or dropped in front of them, so that the view does not jump. */
export function useFirstIndex(rows: readonly Row[]): number {
  const held = useRef<{ index: number; rows: readonly Row[] }>({ index: START_INDEX, rows });
  const before = held.current;
  const oldKey = before.rows[0]?.key;
  const newKey = rows[0]?.key;
  let { index } = before;
  if (oldKey !== undefined && newKey !== undefined && oldKey !== newKey) {
    const added = rows.findIndex((row) => row.key === oldKey);
    if (added > 0) index -= added;
    else {
      const dropped = before.rows.findIndex((row) => row.key === newKey);
      if (dropped > 0) index += dropped;
    }
  }
  useEffect(() => {
    held.current = { index, rows };
  });
  return index;
}
