import { useEffect, useRef } from "react";
import { type ListRows, nextList } from "../logic/list-rows.ts";
import type { Row } from "../logic/rows.ts";

/** The rows with numbers that stay, whatever comes and goes in front of them. */
export function useListRows(rows: readonly Row[]): ListRows {
  const before = useRef<ListRows | null>(null);
  const next = nextList(before.current, rows);
  useEffect(() => {
    before.current = next;
  });
  return next;
}
