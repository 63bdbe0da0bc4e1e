import { formatRunning } from "../logic/format.ts";
import type { RowOf } from "../logic/rows.ts";
import { Icon } from "./icon.tsx";
import { useNow } from "./use-now.ts";

export function Working({ row }: { row: RowOf<"working"> }) {
  const elapsed = useNow(true) - row.startedAt;
  return (
    <div className="working">
      <Icon name="loading" spin />
      Waiting for the model
      {elapsed >= 3_000 && <span className="meta">{formatRunning(elapsed)}</span>}
    </div>
  );
}
