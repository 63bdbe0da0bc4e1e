import { useMemo } from "react";
import type { NoticeEntry } from "../../src/protocol/state.ts";
import { Composer } from "./components/composer.tsx";
import { Dock } from "./components/dock.tsx";
import { EmptyState } from "./components/empty-state.tsx";
import { DemoBanner, FailureBar, Header } from "./components/header.tsx";
import { StatusLine } from "./components/status-line.tsx";
import { Timeline } from "./components/timeline.tsx";
import { withProgramCards } from "./logic/program-cards.ts";
import { rowsOf } from "./logic/rows.ts";
import { usePanelState } from "./store.ts";

const noNotices: readonly NoticeEntry[] = [];

export function App() {
  return (
    <>
      <Header />
      <DemoBanner />
      <main>
        <Content />
      </main>
      <FailureBar />
      <Dock />
      <Composer />
      <StatusLine />
      <Announcer />
    </>
  );
}

function Content() {
  const blank = usePanelState(({ synced, restoring }) => !synced || restoring);
  const session = usePanelState((state) => state.session);
  const from = usePanelState((state) => state.from);
  const past = usePanelState((state) => state.past);
  const visit = usePanelState((state) => state.visit);
  const expanded = usePanelState((state) => state.expanded);
  const plainRows = useMemo(() => (session ? rowsOf({ session, from, past }) : []), [session, from, past]);
  const cwd = session?.cwd ?? "";
  const rows = useMemo(() => withProgramCards(plainRows, { expanded, cwd }), [plainRows, expanded, cwd]);
  if (blank) return <div className="empty" />;
  // Virtuoso places its first row once; an empty list would leave that place at the top.
  if (!session || rows.length === 0) return <EmptyState notices={session?.earlyNotices ?? noNotices} />;
  return <Timeline key={`${session.sessionId}:${visit}`} session={session} rows={rows} />;
}

/** Summaries for screen readers; the timeline itself is silent, or every delta would be read out. */
function Announcer() {
  const text = usePanelState((state) => state.announcement);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {text}
    </div>
  );
}
