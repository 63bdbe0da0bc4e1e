/** The head of a program's card, and the program. Its files, calls and output are rows of their own below it. */
import { memo } from "react";
import { formatDuration, formatRunning, plural, shortPath } from "../logic/format.ts";
import type { ProgramState } from "../logic/program-rows.ts";
import { lineCount, programWords } from "../logic/program-text.ts";
import type { RowOf } from "../logic/rows.ts";
import { usePanel, usePanelState } from "../store.ts";
import { Icon } from "./icon.tsx";
import { type LineMark, ProgramCode } from "./program-code.tsx";
import { useNow } from "./use-now.ts";

type ProgramRow = RowOf<"program">;

const stateIcons: Record<ProgramState, string> = {
  writing: "loading",
  unrun: "circle-slash",
  waiting: "bell",
  running: "loading",
  completed: "check",
  failed: "error",
  stopped: "debug-stop",
  interrupted: "debug-disconnect",
  earlier: "ellipsis",
};

export const ProgramCard = memo(function ProgramCard({ row }: { row: ProgramRow }) {
  const panel = usePanel();
  const { state, entry, source, scriptId, open } = row;
  const flawed = state === "completed" && entry?.outcome?.clean === false;
  const titleId = `title-${row.key}`;
  const goesOn = state === "running" || state === "waiting";
  const hasBody = open && source !== null;
  return (
    <section className={`program-card ${state}${flawed ? " flawed" : ""}`} aria-labelledby={titleId}>
      <div className="tool-head">
        <button
          type="button"
          className="tool-title"
          id={titleId}
          aria-expanded={open}
          onClick={() => panel.toggle(row.key, !open)}
        >
          <Icon name={flawed ? "warning" : stateIcons[state]} spin={state === "running" || state === "writing"} />
          <span className="tool-words">
            <span className="verb">{source === null && state !== "earlier" && !scriptId ? "Files" : "Python"}</span>{" "}
            <Changed row={row} />
          </span>
          <Facts row={row} flawed={flawed} />
          <Icon name={open ? "chevron-down" : "chevron-right"} />
        </button>
        {goesOn && scriptId !== null && (
          <span className="tool-actions">
            <button
              type="button"
              className="button secondary small"
              aria-label="Stop program"
              title="Stop this program. The turn goes on, and the model is told."
              onClick={() => panel.op({ type: "script.stop", scriptId })}
            >
              Stop
            </button>
          </span>
        )}
      </div>
      {hasBody && <Code row={row} source={source} />}
    </section>
  );
});

/** What a folded card must not hide: the files that are different now. */
function Changed({ row }: { row: ProgramRow }) {
  const cwd = usePanelState((state) => state.session?.cwd ?? "");
  const { changed } = row.facts;
  const [first] = changed;
  if (first === undefined) return null;
  const words = changed.length === 1 ? shortPath(first, [cwd]) : plural(changed.length, "file");
  return (
    <>
      <span className="visually-hidden">changed </span>
      <span className="target">{words}</span>
    </>
  );
}

function Facts({ row, flawed }: { row: ProgramRow; flawed: boolean }) {
  const { state, facts, entry, source } = row;
  const durationMs = entry?.outcome?.durationMs ?? 0;
  const goesOn = state === "running" || state === "waiting";
  return (
    <span className="facts">
      {(facts.added > 0 || facts.removed > 0) && (
        <span className="counts">
          <span className="added">+{facts.added}</span> <span className="removed">−{facts.removed}</span>
          <span className="visually-hidden"> lines</span>
        </span>
      )}
      {facts.calls > 0 && <span className="fact">{plural(facts.calls, "call")}</span>}
      {state === "writing" && source !== null && <span className="fact">{plural(lineCount(source), "line")}</span>}
      {flawed ? (
        <span className="state-word">Ended with a problem</span>
      ) : (
        <span className={state === "completed" ? "visually-hidden" : "state-word"}>
          {state === "writing" && source === null ? "Writing files…" : programWords[state]}
        </span>
      )}
      {goesOn && entry && <Elapsed since={entry.startedAt} />}
      {durationMs >= 50 && <span className="duration">{formatDuration(durationMs)}</span>}
    </span>
  );
}

function Elapsed({ since }: { since: number }) {
  return <span className="duration">{formatRunning(useNow(true) - since)}</span>;
}

function Code({ row, source }: { row: ProgramRow; source: string }) {
  const { state, entry, scriptId, openLine, callLine } = row;
  const printLine = usePanelState((panel) =>
    scriptId === null ? undefined : panel.session?.liveOutput[scriptId]?.line,
  );
  const line = openLine ?? printLine ?? callLine;
  const mark = markOf(state, line, entry?.outcome?.errorLine);
  return (
    <MarkedCode
      source={source}
      language={entry?.language ?? "python"}
      state={state}
      line={mark.line}
      kind={mark.kind}
    />
  );
}

interface MarkedCodeProps {
  source: string;
  language: string;
  state: ProgramState;
  line: number | null;
  kind: LineMark;
}

const MarkedCode = memo(function MarkedCode({ source, language, state, line, kind }: MarkedCodeProps) {
  const mark = line === null ? null : { line, kind };
  return <ProgramCode source={source} language={language} writing={state === "writing"} mark={mark} />;
});

function markOf(state: ProgramState, line: number | null, errorLine: number | undefined) {
  switch (state) {
    case "running":
    case "waiting":
      return { line, kind: "running" as const };
    case "failed":
      return { line: errorLine ?? null, kind: "error" as const };
    case "stopped":
    case "interrupted":
      return { line, kind: "stopped" as const };
    default:
      return { line: null, kind: "running" as const };
  }
}
