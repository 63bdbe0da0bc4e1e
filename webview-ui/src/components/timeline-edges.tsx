/** Above the first row and below the last one: what else there is, for those who do not scroll. */
import { newerEdge, olderEdge } from "../logic/held.ts";
import { usePanel, usePanelState } from "../store.ts";

export function OlderEntries() {
  const panel = usePanel();
  const loading = usePanelState((state) => state.loading === "older");
  const edge = usePanelState(olderEdge);
  if (!edge) return <div className="list-edge" />;
  const count = edge.turn > 0 ? `${edge.turn.toLocaleString()} turns` : `${edge.entry.toLocaleString()} entries`;
  return (
    <Edge
      loading={loading}
      words={loading ? "Loading what came before…" : `Load what came before (${count})`}
      onClick={panel.pageOlder}
    />
  );
}

export function NewerEntries() {
  const panel = usePanel();
  const loading = usePanelState((state) => state.loading === "newer");
  const gap = usePanelState((state) => newerEdge(state) !== null);
  if (!gap) return <div className="list-edge" />;
  return (
    <Edge
      loading={loading}
      words={loading ? "Loading what came after…" : "Load what came after"}
      onClick={panel.loadNewer}
    />
  );
}

/** Not disabled while it loads: a disabled button would lose the focus of who pages with it. */
function Edge({ loading, words, onClick }: { loading: boolean; words: string; onClick: () => void }) {
  return (
    <div className="older">
      <button type="button" className="more" aria-disabled={loading} onClick={onClick}>
        {words}
      </button>
    </div>
  );
}
