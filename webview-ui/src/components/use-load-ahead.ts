import { useCallback, useEffect, useRef } from "react";
import type { Row } from "../logic/rows.ts";
import { usePanel, usePanelState } from "../store.ts";

/** About three screens of closed cards: loaded before anybody comes there. */
const ROWS_AHEAD = 40;
/** The first rows are drawn and placed before more come in front of them. */
const SETTLE_MS = 120;

/**
 * Loads what is next to the rows held when those that are shown come near an edge. To be told the numbers of the first
 * and last row shown, which count from `firstNumber`.
 */
export function useLoadAhead(rows: readonly Row[], firstNumber: number): (first: number, last: number) => void {
  const panel = usePanel();
  const loading = usePanelState((state) => state.loading);
  const shown = useRef<{ first: number; last: number } | null>(null);
  const settled = useRef(false);
  const endNumber = firstNumber + rows.length;

  const check = useCallback(() => {
    if (!settled.current || !shown.current) return;
    const { first, last } = shown.current;
    if (first - firstNumber < ROWS_AHEAD) panel.loadOlder();
    if (endNumber - last < ROWS_AHEAD) panel.loadNewer();
  }, [panel, firstNumber, endNumber]);

  // A page may hold nothing to show: then the rows that are shown do not change, and the next one is due.
  useEffect(() => {
    if (loading === null) check();
  }, [loading, check]);

  useEffect(() => {
    const timer = setTimeout(() => {
      settled.current = true;
      check();
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [check]);

  return useCallback(
    (first, last) => {
      shown.current = { first, last };
      check();
    },
    [check],
  );
}
