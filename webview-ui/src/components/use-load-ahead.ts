import { useCallback, useEffect, useRef } from "react";
import { type Place, samePlace } from "../../../src/protocol/timeline.ts";
import { newerEdge, olderEdge } from "../logic/held.ts";
import type { ListRows } from "../logic/list-rows.ts";
import { usePanel, usePanelState } from "../store.ts";

/** Numbers of the first and last row that are drawn. */
interface Range {
  readonly first: number;
  readonly last: number;
}

type Direction = "older" | "newer";

/** About three screens of closed cards: loaded before anybody comes there. */
const ROWS_AHEAD = 40;
/** The first rows are drawn and placed before more come in front of them. */
const SETTLE_MS = 120;

/**
 * Loads what is next to the rows held when those that are shown come near an edge, or what is shown itself when it has
 * been dropped. To be told the numbers of the first and last row shown.
 */
export function useLoadAhead({ rows, ghosts, firstNumber }: ListRows): (first: number, last: number) => void {
  const panel = usePanel();
  const loading = usePanelState((state) => state.loading);
  const shown = useRef<Range | null>(null);
  const asked = useRef<{ range: Range; direction: Direction; edge: Place | null } | null>(null);
  const settled = useRef(false);
  const heldNumber = firstNumber + ghosts;
  const endNumber = firstNumber + rows.length;
  const far = useRef(rows);
  useEffect(() => {
    far.current = rows;
  });

  const check = useCallback(() => {
    const range = shown.current;
    if (!settled.current || !range || panel.store.getState().loading !== null) return;
    const gone = range.last < heldNumber ? far.current[range.first - firstNumber] : undefined;
    if (gone) {
      panel.goTo(gone.place);
      return;
    }
    const before = asked.current?.range === range ? asked.current : null;
    /** While nobody scrolls, one direction only, and on only if it has led somewhere: the other end may have been dropped. */
    const ask = (direction: Direction, edge: Place | null): boolean => {
      const led = !(edge && before?.edge && samePlace(edge, before.edge));
      if (before && !(before.direction === direction && led)) return false;
      if (!(direction === "older" ? panel.loadOlder() : panel.loadNewer())) return false;
      asked.current = { range, direction, edge };
      return true;
    };
    const state = panel.store.getState();
    if (range.first - firstNumber < ROWS_AHEAD && ask("older", olderEdge(state))) return;
    if (endNumber - range.last < ROWS_AHEAD) ask("newer", newerEdge(state));
  }, [panel, firstNumber, heldNumber, endNumber]);

  // A page may hold nothing to show: then the rows that are shown do not change, and the next one is due.
  useEffect(() => {
    if (loading === null) check();
  }, [loading, check]);

  useEffect(() => {
    const timer = setTimeout(() => {
      settled.current = true;
      // Of a list that fits the screen no range is told: all of it is shown.
      shown.current ??= { first: firstNumber, last: endNumber - 1 };
      check();
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [check, firstNumber, endNumber]);

  return useCallback(
    (first, last) => {
      if (shown.current?.first !== first || shown.current.last !== last) shown.current = { first, last };
      check();
    },
    [check],
  );
}
