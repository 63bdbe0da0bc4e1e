/** The closing words of a task. Those of a program that failed did not count, and are not shown as an answer. */

import type { RowOf } from "../logic/rows.ts";
import { usePanel, usePanelState } from "../store.ts";
import { Icon } from "./icon.tsx";
import { MarkdownBlock } from "./markdown.tsx";

const captions = {
  pending: "When the program has ended well:",
  final: "Result",
  void: "Closing words that did not count",
};

export function Completion({ row }: { row: RowOf<"completion"> }) {
  if (row.standing === "void") return <Void row={row} />;
  return (
    <div className={`completion ${row.standing}`}>
      <p className="completion-caption">
        {row.standing === "final" && <Icon name="pass" />}
        {captions[row.standing]}
      </p>
      <Words row={row} />
    </div>
  );
}

function Void({ row }: { row: RowOf<"completion"> }) {
  const panel = usePanel();
  const open = usePanelState((state) => state.expanded[row.key] ?? false);
  return (
    <details className="reasoning" open={open} onToggle={(event) => panel.toggle(row.key, event.currentTarget.open)}>
      <summary>
        <Icon name="chevron-right" />
        {captions.void}
      </summary>
      {open && <Words row={row} />}
    </details>
  );
}

function Words({ row }: { row: RowOf<"completion"> }) {
  return (
    <div className="markdown" dir="auto">
      {row.blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks only ever grow at the end.
        <MarkdownBlock key={index} block={block} />
      ))}
    </div>
  );
}
