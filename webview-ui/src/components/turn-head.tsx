/** Where a turn begins: what the person asked for. */
import { formatTime } from "../logic/format.ts";
import type { RowOf } from "../logic/rows.ts";
import { Clamped } from "./clamped.tsx";
import { Icon } from "./icon.tsx";
import { UserBubble } from "./user-bubble.tsx";

export function TurnHead({ row }: { row: RowOf<"turn"> }) {
  const { input, startedAt, archived } = row.turn;
  return (
    <div className="turn-head">
      <h2>
        <span className="visually-hidden">Turn {row.ordinal}: </span>
        <span className="who">You</span>
        <time dateTime={new Date(startedAt).toISOString()}>{formatTime(startedAt)}</time>
      </h2>
      {input && <UserBubble rowKey={row.key} text={input.text} images={input.images} />}
      {archived && (
        <p className="turn-archived">
          <Icon name="archive" />
          <span>
            Put away: the model now goes by this summary. “
            <Clamped text={archived.summary} chars={300} stateKey={`${row.key}:archived`} />”
          </span>
        </p>
      )}
    </div>
  );
}
