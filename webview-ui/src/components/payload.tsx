/** A file that came with a program: its name and size, its content on demand, and which write it became. */
import { memo } from "react";
import { plural } from "../logic/format.ts";
import type { PayloadUse } from "../logic/program-rows.ts";
import { formatSize, languageOfFile, lineCount } from "../logic/program-text.ts";
import type { RowOf } from "../logic/rows.ts";
import { stateWords, toolState } from "../logic/tool-view.ts";
import { usePanel, usePanelState } from "../store.ts";
import { CodeBlock } from "./code-block.tsx";
import { Icon } from "./icon.tsx";

export const Payload = memo(function Payload({ row }: { row: RowOf<"payload"> }) {
  const panel = usePanel();
  const open = usePanelState((state) => state.expanded[row.key] ?? false);
  const { filename, text, leftOut, streaming, use } = row;
  const lines = lineCount(text) + (leftOut?.lines ?? 0);
  const name = filename === "" ? "a file without a name" : filename;
  return (
    <div className={`payload${open ? " open" : ""}`}>
      <div className="tool-head">
        <button type="button" className="tool-title" aria-expanded={open} onClick={() => panel.toggle(row.key, !open)}>
          <Icon name={streaming ? "loading" : "file-code"} spin={streaming} />
          <span className="tool-words">
            {streaming ? "Writing" : <span className="visually-hidden">Content of</span>}{" "}
            <span className="target">{name}</span>
            {streaming && "…"}
          </span>
          <span className="facts">
            <span className="fact">{plural(lines, "line")}</span>
            {!streaming && <span className="fact">{formatSize(text.length + (leftOut?.chars ?? 0))}</span>}
            {!streaming && <Fate use={use} />}
          </span>
          <Icon name={open ? "chevron-down" : "chevron-right"} />
        </button>
        {use.call && <ShowWrite name={name} callId={use.call.callId} scriptId={use.call.script?.scriptId ?? ""} />}
      </div>
      {open && (
        <div className="payload-body">
          <CodeBlock text={text.replace(/\n$/, "")} language={languageOfFile(filename)} closed={!streaming} />
          {leftOut && (
            <p className="note">
              {leftOut.lines > 0 ? `${leftOut.lines.toLocaleString()} more lines` : "More of this line"} not shown here;
              the whole content went to its write.
            </p>
          )}
        </div>
      )}
    </div>
  );
});

/** Only what did not become a write has to be said. */
function Fate({ use: { call, over } }: { use: PayloadUse }) {
  if (!call) return over ? <span className="state-word">Not used</span> : null;
  const state = toolState(call, true);
  if (state === "done") return <span className="visually-hidden">written</span>;
  return <span className="state-word">{stateWords[state]}</span>;
}

function ShowWrite({ name, callId, scriptId }: { name: string; callId: string; scriptId: string }) {
  const panel = usePanel();
  return (
    <span className="tool-actions">
      <button
        type="button"
        className="more"
        aria-label={`Show the write of ${name}`}
        onClick={() => panel.reveal(`call:${callId}`, `calls:${scriptId}`)}
      >
        Show write
      </button>
    </span>
  );
}
