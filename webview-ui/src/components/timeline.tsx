/** The conversation as a virtual list that stays at the bottom only while the person is there. */
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type ListRange, Virtuoso, type VirtuosoHandle } from "react-virtuoso";
import type { SessionState } from "../../../src/protocol/state.ts";
import type { Row } from "../logic/rows.ts";
import { usePanel, usePanelState } from "../store.ts";
import { AttentionBar } from "./attention-bar.tsx";
import { Icon } from "./icon.tsx";
import { RowView } from "./row-view.tsx";
import { watcher } from "./scroll-watcher.ts";

/** Rows are numbered downwards from here as older ones come in front. */
const START_INDEX = 10_000_000;
const OVERSCAN = { top: 300, bottom: 300 };

export const Timeline = memo(function Timeline({ session, rows }: { session: SessionState; rows: readonly Row[] }) {
  const panel = usePanel();
  const list = useRef<VirtuosoHandle>(null);
  const scroller = useRef<HTMLElement | null>(null);
  const anchor = useInitialAnchor(session.sessionId, rows);
  const stuck = useRef(anchor === null);
  const [atBottom, setAtBottom] = useState(anchor === null);
  const firstItemIndex = useFirstIndex(rows);

  const toBottom = useCallback(() => {
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);

  const { watch } = useMemo(() => watcher(stuck, setAtBottom, toBottom), [toBottom]);
  const setScroller = useCallback(
    (element: HTMLElement | Window | null) => {
      scroller.current = element instanceof HTMLElement ? element : null;
      watch(scroller.current);
    },
    [watch],
  );

  // What the person says or starts is where they want to look.
  const turns = session.turns.at(-1)?.turnId;
  const seenTurn = useRef(turns);
  useLayoutEffect(() => {
    if (seenTurn.current === turns) return;
    seenTurn.current = turns;
    stuck.current = true;
    setAtBottom(true);
    toBottom();
  }, [turns, toBottom]);

  const rangeChanged = useCallback(
    ({ startIndex }: ListRange) => {
      const row = stuck.current ? undefined : rows[startIndex - firstItemIndex];
      panel.set({ anchor: row ? { sessionId: session.sessionId, rowKey: row.key } : null });
    },
    [panel, rows, firstItemIndex, session.sessionId],
  );

  const jump = (): void => {
    stuck.current = true;
    setAtBottom(true);
    // Not the list's own way: it would go on to correct its aim for a second, against what streams in meanwhile.
    toBottom();
  };
  const showRow = (key: string): void => {
    const index = rows.findIndex((row) => row.key === key);
    if (index >= 0) list.current?.scrollToIndex({ index, align: "start", offset: -8 });
  };

  return (
    <div className="timeline">
      <h2 className="visually-hidden">Conversation</h2>
      <Virtuoso
        ref={list}
        className="timeline-scroller"
        data={rows as Row[]}
        firstItemIndex={firstItemIndex}
        initialTopMostItemIndex={anchor ?? { index: "LAST", align: "end" }}
        computeItemKey={(_, row) => row.key}
        itemContent={(_, row) => <RowView row={row} />}
        increaseViewportBy={OVERSCAN}
        startReached={panel.loadOlder}
        rangeChanged={rangeChanged}
        scrollerRef={setScroller}
        totalListHeightChanged={() => {
          if (stuck.current) toBottom();
        }}
        components={{ Header: OlderTurns, Footer: EndSpace }}
        role="log"
        aria-live="off"
        aria-label="Conversation"
      />
      {!atBottom && (
        <div className="float">
          <AttentionBar onShow={showRow} />
          <button type="button" className="jump" onClick={jump}>
            <Icon name="arrow-down" />
            Jump to latest
          </button>
        </div>
      )}
    </div>
  );
});

function OlderTurns() {
  const panel = usePanel();
  const older = usePanelState((state) => state.olderTurns);
  const loading = usePanelState((state) => state.loadingOlder);
  if (older <= 0) return <div className="list-edge" />;
  return (
    <div className="older">
      <button type="button" className="more" disabled={loading} onClick={panel.loadOlder}>
        {loading ? "Loading earlier turns…" : `Load earlier turns (${older.toLocaleString()})`}
      </button>
    </div>
  );
}

function EndSpace() {
  return <div className="list-edge" />;
}

/** Where the person was before the page was reloaded, when they had scrolled up in this session. */
function useInitialAnchor(sessionId: string, rows: readonly Row[]) {
  const panel = usePanel();
  const [initial] = useState(() => {
    const { anchor } = panel.store.getState();
    if (anchor?.sessionId !== sessionId) return null;
    const index = rows.findIndex((row) => row.key === anchor.rowKey);
    return index < 0 ? null : { index, align: "start" as const };
  });
  return initial;
}

/** Keeps the numbers of rows while rows are added or dropped in front of them, so that the view does not jump. */
function useFirstIndex(rows: readonly Row[]): number {
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
