/** Where a turn begins: what the person asked for. */
import { formatTime } from "../logic/format.ts";
import type { RowOf } from "../logic/rows.ts";
import { UserBubble } from "./user-bubble.tsx";

export function TurnHead({ row }: { row: RowOf<"turn"> }) {
  const { input, startedAt } = row.turn;
  return (
    <div className="turn-head">
      <h2>
        <span className="visually-hidden">Turn {row.ordinal}: </span>
        <span className="who">You</span>
        <time dateTime={new Date(startedAt).toISOString()}>{formatTime(startedAt)}</time>
      </h2>
      {input && <UserBubble rowKey={row.key} text={input.text} images={input.images} />}
    </div>
  );
}
