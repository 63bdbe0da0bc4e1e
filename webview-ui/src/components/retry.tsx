import type { RowOf } from "../logic/rows.ts";
import { Icon } from "./icon.tsx";
import { useNow } from "./use-now.ts";

export function Retry({ row }: { row: RowOf<"retry"> }) {
  const { retry } = row;
  const left = Math.max(0, Math.ceil((retry.at + retry.delayMs - useNow(true)) / 1000));
  return (
    <div className="notice warning">
      <Icon name="sync" />
      <div>
        <p>{retry.message}</p>
        <p className="meta">
          {left > 0 ? `Trying again in ${left} s` : "Trying again now"} (attempt {retry.attempt} of {retry.maxAttempts})
        </p>
      </div>
    </div>
  );
}
