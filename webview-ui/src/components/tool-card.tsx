/** One tool call: a quiet line when all is well, open where somebody may want to look or has to answer. */
import { memo, useMemo } from "react";
import type { SessionState, ToolEntry } from "../../../src/protocol/state.ts";
import { formatDuration, formatRunning } from "../logic/format.ts";
import { stateWords, type ToolState, type ToolView, toolState, toolView } from "../logic/tool-view.ts";
import { usePanel, usePanelState } from "../store.ts";
import { Icon, IconButton } from "./icon.tsx";
import { PermissionCard } from "./permission-card.tsx";
import { QuestionCard } from "./question-card.tsx";
import { StopCommand } from "./stop-command.tsx";
import { argumentsOf, ToolBody } from "./tool-body.tsx";
import { useNow } from "./use-now.ts";

const stateIcons: Record<ToolState, string> = {
  queued: "circle-outline",
  waiting: "bell",
  running: "loading",
  done: "check",
  failed: "error",
  denied: "circle-slash",
  stopped: "debug-stop",
  interrupted: "debug-disconnect",
};

const noRoots: readonly string[] = [];

interface ToolCardProps {
  rowKey: string;
  entry: ToolEntry;
  live: boolean;
  /** One of many: only what went wrong opens by itself. */
  quiet: boolean;
}

export const ToolCard = memo(function ToolCard({ rowKey, entry, live, quiet }: ToolCardProps) {
  const panel = usePanel();
  const cwd = usePanelState((state) => state.session?.cwd ?? "");
  const folders = usePanelState((state) => state.session?.folders ?? noRoots);
  const chosen = usePanelState((state) => state.expanded[rowKey]);
  const state = toolState(entry, live);
  const view = useMemo(() => toolView(entry, { cwd, folders }), [entry, cwd, folders]);
  const goesOn = usePanelState(({ session }) => isInBackground(session, entry));
  const open = chosen ?? opensByItself(entry, state, quiet ? null : view);
  // It ran as it should, but what ran was not content.
  const flawed = state === "done" && hasBadEnd(view);
  const icon = view.endedByPerson ? stateIcons.stopped : flawed ? "warning" : stateIcons[state];
  const titleId = `title-${entry.callId}`;
  return (
    <section
      className={`tool ${state}${flawed ? " flawed" : ""}${view.endedByPerson ? " ended" : ""}${goesOn ? " goes-on" : ""}${open ? " open" : ""}`}
      aria-labelledby={titleId}
    >
      <div className="tool-head">
        <button
          type="button"
          className="tool-title"
          id={titleId}
          aria-expanded={open}
          onClick={() => panel.toggle(rowKey, !open)}
        >
          <Icon name={goesOn ? "play-circle" : icon} spin={state === "running"} />
          <span className="tool-words">
            <span className="verb">{view.verb}</span>{" "}
            {!(entry.question && (open || state === "waiting")) && <span className="target">{view.target}</span>}
          </span>
          <ToolFacts entry={entry} view={view} state={state} goesOn={goesOn} />
          <Icon name={open ? "chevron-down" : "chevron-right"} />
        </button>
        {(goesOn || (state === "running" && entry.recovery?.kind === "command")) && (
          <StopCommand callId={entry.callId} command={view.command ?? view.target} titleId={titleId} />
        )}
        <ToolActions rowKey={rowKey} entry={entry} view={view} open={open} />
      </div>
      {state === "waiting" && entry.permission && <PermissionCard request={entry.permission.request} view={view} />}
      {entry.question && (state === "waiting" || open) && <QuestionCard record={entry.question} live={live} />}
      {open && <ToolBody rowKey={rowKey} entry={entry} view={view} state={state} goesOn={goesOn} />}
    </section>
  );
});

/** Its command goes on although the call is over. */
function isInBackground(session: SessionState | null, { callId, outcome }: ToolEntry): boolean {
  const display = outcome?.display;
  return display?.kind === "command" && session?.background[display.terminal]?.callId === callId;
}

function hasBadEnd({ exitCode, endedHow, endedByPerson }: ToolView): boolean {
  return !endedByPerson && ((exitCode !== null && exitCode !== 0) || endedHow !== null);
}

/** Changes and commands are what a person wants to see happen; the rest only when it went wrong. */
function opensByItself(entry: ToolEntry, state: ToolState, view: ToolView | null): boolean {
  if (state === "waiting" || state === "queued") return false;
  if (state === "failed") return true;
  if (view === null) return false;
  // Who has said no knows why; of a rule that said it, one would ask.
  if (state === "denied") return entry.permission?.answer?.by !== "person";
  return view.diff !== null || view.command !== null;
}

interface ToolFactsProps {
  entry: ToolEntry;
  view: ToolView;
  state: ToolState;
  goesOn: boolean;
}

function ToolFacts({ entry, view, state, goesOn }: ToolFactsProps) {
  const ticking = goesOn || state === "running";
  const durationMs = entry.commandEnd?.durationMs ?? entry.outcome?.durationMs ?? 0;
  return (
    <span className="facts">
      {(view.added > 0 || view.removed > 0) && (
        <span className="counts">
          <span className="added">+{view.added}</span> <span className="removed">−{view.removed}</span>
          <span className="visually-hidden"> lines</span>
        </span>
      )}
      {view.fact && <span className="fact">{view.fact}</span>}
      {view.endedByPerson && <span className="state-word">stopped by you</span>}
      {view.endedHow !== null && <span className="state-word">{view.endedHow}</span>}
      {view.exitCode !== null && (
        <span className={view.exitCode === 0 ? "fact" : "state-word bad"}>exit {view.exitCode}</span>
      )}
      {view.stillRunning && state === "done" && (goesOn || entry.recovery?.kind !== "command") && (
        <span className="state-word">still running</span>
      )}
      {!goesOn && !view.endedByPerson && (
        <span className={state === "done" ? "visually-hidden" : "state-word"}>{stateWords[state]}</span>
      )}
      {ticking && entry.startedAt !== undefined && <Elapsed since={entry.startedAt} />}
      {!ticking && durationMs >= 50 && <span className="duration">{formatDuration(durationMs)}</span>}
    </span>
  );
}

function Elapsed({ since }: { since: number }) {
  return <span className="duration">{formatRunning(useNow(true) - since)}</span>;
}

interface ToolActionsProps {
  rowKey: string;
  entry: ToolEntry;
  view: ToolView;
  open: boolean;
}

function ToolActions({ rowKey, entry, view, open }: ToolActionsProps) {
  const panel = usePanel();
  const { post } = panel;
  const argumentsKey = argumentsOf(rowKey);
  const argumentsOpen = usePanelState((state) => state.expanded[argumentsKey] ?? false);
  const { path, line, terminal } = view;
  return (
    <span className="tool-actions">
      {open && (
        <IconButton
          icon="json"
          label={`Arguments of ${entry.tool}`}
          expanded={argumentsOpen}
          onClick={() => panel.toggle(argumentsKey, !argumentsOpen)}
        />
      )}
      {view.hasDiff && (
        <IconButton
          icon="diff"
          label={`Open changes of ${view.target}`}
          onClick={() => post({ type: "diff.open", callId: entry.callId })}
        />
      )}
      {path !== null && (
        <IconButton
          icon="go-to-file"
          label={`Open ${view.target}`}
          onClick={() => post({ type: "file.open", path, ...(line === null ? {} : { line }) })}
        />
      )}
      {terminal !== null && (
        <IconButton
          icon="terminal"
          label={`Open terminal ${terminal}`}
          onClick={() => post({ type: "terminal.open", terminal })}
        />
      )}
    </span>
  );
}
