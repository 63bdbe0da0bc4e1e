/** The conversation as a virtual list that stays at the bottom only while the person is there. */
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type ListRange, Virtuoso, type VirtuosoHandle } from "react-virtuoso";
import type { SessionState } from "../../../src/protocol/state.ts";
import { newerEdge } from "../logic/held.ts";
import type { ListRow } from "../logic/list-rows.ts";
import { firstRowCount, meanHeight } from "../logic/row-heights.ts";
import { type Row, rowAt } from "../logic/rows.ts";
import { usePanel, usePanelState } from "../store.ts";
import { AttentionBar } from "./attention-bar.tsx";
import { Icon } from "./icon.tsx";
import { RowView } from "./row-view.tsx";
import { onEdgeKeys } from "./scroll-keys.ts";
import { watcher } from "./scroll-watcher.ts";
import { NewerEntries, OlderEntries } from "./timeline-edges.tsx";
import { useListRows } from "./use-list-rows.ts";
import { useLoadAhead } from "./use-load-ahead.ts";

/** Ghosts weigh little, but not nothing. */
const MOST_GHOSTS = 20_000;
const OVERSCAN = { top: 300, bottom: 200 };

interface TimelineProps {
  session: SessionState;
  rows: readonly Row[];
}

export const Timeline = memo(function Timeline({ session, rows: allRows }: TimelineProps) {
  const panel = usePanel();
  const list = useRef<VirtuosoHandle>(null);
  const scroller = useRef<HTMLElement | null>(null);
  const landing = useLanding(session.sessionId, allRows);
  const [rowHeight] = useState(() => meanHeight(allRows, window.innerWidth));
  const { source, firstCount } = useFirstScreen(allRows, landing === null);
  const listRows = useListRows(source);
  const { rows, firstNumber, ghosts } = listRows;
  const stuck = useRef(landing === null);
  const [atBottom, setAtBottom] = useState(landing === null);
  const gap = usePanelState((state) => newerEdge(state) !== null);

  const crowded = ghosts > MOST_GHOSTS;
  useEffect(() => {
    if (crowded) panel.renewList();
  }, [panel, crowded]);

  const toBottom = useCallback(() => {
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);

  const toLatest = useCallback(() => {
    if (newerEdge(panel.store.getState())) {
      panel.goToLatest();
      return;
    }
    stuck.current = true;
    setAtBottom(true);
    // Not the list's own way: it would go on to correct its aim for a second, against what streams in meanwhile.
    toBottom();
  }, [panel, toBottom]);

  const toFirst = useCallback(() => {
    stuck.current = false;
    if (!panel.goToFirst()) scroller.current?.scrollTo({ top: 0 });
  }, [panel]);

  // The last row that is held is not the end while there is a gap behind it.
  const hold = useCallback(() => newerEdge(panel.store.getState()) === null, [panel]);
  const { watch } = useMemo(() => watcher(stuck, setAtBottom, toBottom, hold), [toBottom, hold]);
  const unlisten = useRef<() => void>(undefined);
  const setScroller = useCallback(
    (element: HTMLElement | Window | null) => {
      unlisten.current?.();
      scroller.current = element instanceof HTMLElement ? element : null;
      watch(scroller.current);
      unlisten.current = scroller.current ? onEdgeKeys(scroller.current, { toFirst, toLatest }) : undefined;
    },
    [watch, toFirst, toLatest],
  );

  // What the person says or starts is where they want to look.
  const newestTurn = session.turns.at(-1)?.turnId;
  const seenTurn = useRef(newestTurn);
  useLayoutEffect(() => {
    if (seenTurn.current === newestTurn) return;
    seenTurn.current = newestTurn;
    toLatest();
  }, [newestTurn, toLatest]);

  const loadAhead = useLoadAhead(listRows);
  const rangeChanged = useCallback(
    ({ startIndex, endIndex }: ListRange) => {
      const row = stuck.current ? undefined : rows[startIndex - firstNumber];
      panel.set({ anchor: row ? { sessionId: session.sessionId, rowKey: row.key, place: row.place } : null });
      loadAhead(startIndex, endIndex);
    },
    [panel, rows, firstNumber, session.sessionId, loadAhead],
  );

  const showRow = (key: string): void => {
    const index = rows.findIndex((row) => row.key === key);
    if (index >= 0) list.current?.scrollToIndex({ index, align: "start", offset: -8 });
    else toLatest();
  };

  const revealed = usePanelState((state) => state.revealed);
  useEffect(() => {
    const index = revealed ? rows.findIndex((row) => row.key === revealed.rowKey) : -1;
    if (index < 0) return;
    panel.set({ revealed: null });
    stuck.current = false;
    list.current?.scrollIntoView({ index, done: () => focusRow(scroller.current, index + firstNumber) });
  }, [panel, rows, revealed, firstNumber]);

  return (
    <div className="timeline">
      <h2 className="visually-hidden">Conversation</h2>
      <Virtuoso
        ref={list}
        className="timeline-scroller"
        data={rows as ListRow[]}
        firstItemIndex={firstNumber}
        {...(landing ? { initialTopMostItemIndex: landing } : { initialItemCount: firstCount })}
        computeItemKey={(_, row) => row.key}
        itemContent={(_, row) => <RowView row={row} />}
        defaultItemHeight={rowHeight}
        increaseViewportBy={OVERSCAN}
        rangeChanged={rangeChanged}
        scrollerRef={setScroller}
        totalListHeightChanged={() => {
          if (stuck.current) toBottom();
        }}
        components={{ Header: OlderEntries, Footer: NewerEntries }}
        role="log"
        aria-live="off"
        aria-label="Conversation"
      />
      {(!atBottom || gap) && (
        <div className="float">
          <AttentionBar onShow={showRow} />
          <button type="button" className="jump" onClick={toLatest}>
            <Icon name="arrow-down" />
            Jump to latest
          </button>
        </div>
      )}
    </div>
  );
});

/** The first control of a row: who asked for the row by keyboard goes on from there. */
function focusRow(scroller: HTMLElement | null, number: number): void {
  const row = scroller?.querySelector(`[data-item-index="${number}"]`);
  row?.querySelector<HTMLElement>("button")?.focus();
}

/** The last rows alone until they are on the screen, then all of them, when the list begins at its end. */
function useFirstScreen(rows: readonly Row[], fromEnd: boolean): { source: readonly Row[]; firstCount: number } {
  const [firstKey] = useState(() => {
    if (!fromEnd) return undefined;
    const { innerWidth, innerHeight } = window;
    return rows.at(-firstRowCount(rows, innerWidth, innerHeight))?.key;
  });
  const [drawn, setDrawn] = useState(!fromEnd);
  useEffect(() => {
    if (drawn) return;
    // The task after the frame.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => setDrawn(true));
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [drawn]);
  return useMemo(() => {
    const first = drawn
      ? 0
      : Math.max(
          0,
          rows.findIndex(({ key }) => key === firstKey),
        );
    const source = first === 0 ? rows : rows.slice(first);
    return { source, firstCount: source.length };
  }, [rows, drawn, firstKey]);
}

/** Where the list begins: a place gone to, or where the person was before the page was reloaded. Null: at the end. */
function useLanding(sessionId: string, rows: readonly Row[]) {
  const panel = usePanel();
  const [initial] = useState(() => {
    const { anchor, visit, landing } = panel.store.getState();
    const kept = anchor?.sessionId === sessionId ? anchor : null;
    let index = -1;
    if (visit > 0 && landing) index = rowAt(rows, landing);
    // One entry may have several rows.
    if (kept && (visit === 0 || landing?.turn === kept.place.turn)) {
      const same = rows.findIndex((row) => row.key === kept.rowKey);
      if (same >= 0) index = same;
    }
    return index < 0 ? null : { index, align: "start" as const };
  });
  return initial;
}
