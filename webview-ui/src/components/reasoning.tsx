/** The model's thoughts, folded. */
import { formatDuration, formatRunning } from "../logic/format.ts";
import { splitBlocks } from "../logic/markdown-blocks.ts";
import type { RowOf } from "../logic/rows.ts";
import { usePanel, usePanelState } from "../store.ts";
import { Icon } from "./icon.tsx";
import { MarkdownBlock } from "./markdown.tsx";
import { useNow } from "./use-now.ts";

export function Reasoning({ row }: { row: RowOf<"reasoning"> }) {
  const panel = usePanel();
  const open = usePanelState((state) => state.expanded[row.key] ?? false);
  const words = row.streaming ? (
    <Thinking since={row.startedAt} />
  ) : row.durationMs === null || row.durationMs < 100 ? (
    "Thought"
  ) : (
    `Thought for ${formatDuration(row.durationMs)}`
  );
  return (
    <details className="reasoning" open={open} onToggle={(event) => panel.toggle(row.key, event.currentTarget.open)}>
      <summary>
        <Icon name="chevron-right" />
        {words}
      </summary>
      {open && (
        <div className="markdown quiet" dir="auto">
          {splitBlocks(row.text).map((block, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: blocks only ever grow at the end.
            <MarkdownBlock key={index} block={block} />
          ))}
        </div>
      )}
    </details>
  );
}

function Thinking({ since }: { since: number }) {
  return (
    <>
      Thinking <span className="meta">{formatRunning(useNow(true) - since)}</span>
    </>
  );
}
