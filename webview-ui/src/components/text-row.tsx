/** The model's words, or a part of them. */
import { memo } from "react";
import type { RowOf } from "../logic/rows.ts";
import { Icon } from "./icon.tsx";
import { MarkdownBlock } from "./markdown.tsx";

const cuts = {
  "token-limit": "The answer was cut at the model's output limit.",
  interrupted: "The answer was stopped here.",
};

export const TextRow = memo(function TextRow({ row }: { row: RowOf<"text"> }) {
  return (
    <div className="markdown" dir="auto">
      {row.blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks only ever grow at the end.
        <MarkdownBlock key={index} block={block} />
      ))}
      {row.incomplete && (
        <p className="cut">
          <Icon name="warning" /> {cuts[row.incomplete]}
        </p>
      )}
    </div>
  );
});
