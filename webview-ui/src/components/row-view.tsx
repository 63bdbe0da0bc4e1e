import { memo } from "react";
import type { Row } from "../logic/rows.ts";
import { Notice } from "./notice.tsx";
import { Reasoning } from "./reasoning.tsx";
import { Retry } from "./retry.tsx";
import { TextRow } from "./text-row.tsx";
import { ToolCard } from "./tool-card.tsx";
import { TurnFooter } from "./turn-footer.tsx";
import { TurnHead } from "./turn-head.tsx";
import { UserMessage } from "./user-message.tsx";
import { Working } from "./working.tsx";

/** Padding instead of margins: the virtual list measures boxes. */
export const RowView = memo(function RowView({ row }: { row: Row }) {
  return <div className={`row row-${row.kind}`}>{contentOf(row)}</div>;
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
      return <ToolCard rowKey={row.key} entry={row.entry} live={row.live} />;
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
