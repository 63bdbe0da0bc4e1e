/** Stands for the calls of a program that are not shown. */
import type { RowOf } from "../logic/rows.ts";
import { usePanel } from "../store.ts";

export function ProgramCalls({ row }: { row: RowOf<"calls"> }) {
  const panel = usePanel();
  const { stateKey, total, hidden } = row;
  return (
    <button
      type="button"
      className="more"
      aria-expanded={hidden === 0}
      onClick={() => panel.toggle(stateKey, hidden > 0)}
    >
      {hidden > 0 ? `Show all ${total.toLocaleString()} calls` : "Show the newest calls only"}
    </button>
  );
}
