/** What the person said while a turn was running. */
import { formatTime } from "../logic/format.ts";
import type { RowOf } from "../logic/rows.ts";
import { UserBubble } from "./user-bubble.tsx";

export function UserMessage({ row }: { row: RowOf<"user"> }) {
  return (
    <div className="turn-head steer">
      <h3>
        <span className="who">You, while it worked</span>
        <time dateTime={new Date(row.at).toISOString()}>{formatTime(row.at)}</time>
      </h3>
      <UserBubble rowKey={row.key} text={row.item.text} images={row.item.images} />
    </div>
  );
}
