import { memo } from "react";
import type { ListRow } from "../logic/list-rows.ts";
import type { Row } from "../logic/rows.ts";
import { Completion } from "./completion.tsx";
import { Notice } from "./notice.tsx";
import { Payload } from "./payload.tsx";
import { ProgramCalls } from "./program-calls.tsx";
import { ProgramCard } from "./program-card.tsx";
import { ProgramEnd } from "./program-end.tsx";
import { Reasoning } from "./reasoning.tsx";
import { Retry } from "./retry.tsx";
import { TextRow } from "./text-row.tsx";
import { ToolCard } from "./tool-card.tsx";
import { TurnFooter } from "./turn-footer.tsx";
import { TurnHead } from "./turn-head.tsx";
import { UserMessage } from "./user-message.tsx";
import { Working } from "./working.tsx";

/** Padding instead of margins: the virtual list measures boxes. */
export const RowView = memo(function RowView({ row }: { row: ListRow }) {
  // Of one that was dropped, only until it is loaded again.
  if (row.kind === "ghost") return <div className="row row-ghost" />;
  const content = contentOf(row);
  return (
    <div className={`row row-${row.kind}`}>
      {row.card ? <div className={`slice ${row.card}`}>{content}</div> : content}
    </div>
  );
});

function contentOf(row: Row) {
  switch (row.kind) {
    case "turn":
      return <TurnHead row={row} />;
    case "user":
      return <UserMessage row={row} />;
    case "text":
      return <TextRow row={row} />;
    case "reasoning":
      return <Reasoning row={row} />;
    case "tool":
      return <ToolCard rowKey={row.key} entry={row.entry} live={row.live} quiet={row.quiet ?? false} />;
    case "program":
      return <ProgramCard row={row} />;
    case "payload":
      return <Payload row={row} />;
    case "calls":
      return <ProgramCalls row={row} />;
    case "program-end":
      return <ProgramEnd row={row} />;
    case "completion":
      return <Completion row={row} />;
    case "notice":
      return <Notice rowKey={row.key} notice={row.notice} />;
    case "working":
      return <Working row={row} />;
    case "retry":
      return <Retry row={row} />;
    case "footer":
      return <TurnFooter turn={row.turn} last={row.last} />;
  }
}
