/** A unified diff in the colours of the diff editor. Folded beyond a few lines, and never more than MAX_LINES in the DOM. */
import { useMemo } from "react";
import { type DiffLine, parseDiff } from "../logic/diff.ts";
import { usePanel, usePanelState } from "../store.ts";
import { Scrollable } from "./scrollable.tsx";

const FOLDED_LINES = 14;
const MAX_LINES = 400;
/** Of one line: a minified file has all of its text in one. */
const LINE_CHARS = 2_000;

interface DiffViewProps {
  diff: string;
  label: string;
  truncated: boolean;
  rowKey: string;
  foldedLines?: number;
}

const marks: Record<DiffLine["kind"], string> = { add: "+", remove: "−", context: " ", hunk: "", meta: "" };

export function DiffView({ diff, label, truncated, rowKey, foldedLines = FOLDED_LINES }: DiffViewProps) {
  const panel = usePanel();
  const whole = usePanelState((state) => state.expanded[rowKey] ?? false);
  const lines = useMemo(() => withoutFirstMark(parseDiff(diff).lines), [diff]);
  // Folding two or three lines away would only cost a click.
  const foldable = lines.length > foldedLines + 3;
  const shown = lines.slice(0, whole ? MAX_LINES : foldable ? foldedLines : lines.length);
  const hidden = lines.length - shown.length;
  if (lines.length === 0) return null;
  return (
    <div className="diff-block">
      <Scrollable className="diff" label={label}>
        <div className="diff-lines">
          {shown.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a diff does not change.
            <Line key={index} line={line} />
          ))}
        </div>
      </Scrollable>
      {foldable && (
        <button type="button" className="more" aria-expanded={whole} onClick={() => panel.toggle(rowKey, !whole)}>
          {whole ? "Show less" : `Show ${hidden} more lines`}
        </button>
      )}
      {(truncated || (whole && hidden > 0)) && (
        <p className="note">The rest of this diff is left out here; open the changes to see all of it.</p>
      )}
    </div>
  );
}

/** That something is left out is only worth a line where something was. */
function withoutFirstMark(lines: readonly DiffLine[]): readonly DiffLine[] {
  const [first] = lines;
  return first?.kind === "hunk" && (first.newLine ?? 0) <= 1 ? lines.slice(1) : lines;
}

function Line({ line }: { line: DiffLine }) {
  if (line.kind === "hunk") {
    return (
      <div className="diff-line hunk">
        <span className="number">⋯</span>
        <span className="code">{line.text}</span>
      </div>
    );
  }
  return (
    <div className={`diff-line ${line.kind}`}>
      <span className="number">{line.newLine ?? line.oldLine ?? ""}</span>
      <span className="mark">{marks[line.kind]}</span>
      <span className="code">{line.text.length > LINE_CHARS ? `${line.text.slice(0, LINE_CHARS)}…` : line.text}</span>
    </div>
  );
}
