/** What an open tool card shows: command, live or final output, diff, what the model was told, and the arguments. */
import { useMemo } from "react";
import type { ToolEntry } from "../../../src/protocol/state.ts";
import { isFullScreen } from "../logic/plain-output.ts";
import { endOfOutput, prettyArguments, type ToolState, type ToolView } from "../logic/tool-view.ts";
import { usePanel, usePanelState } from "../store.ts";
import { Clamped } from "./clamped.tsx";
import { ColouredText } from "./coloured-text.tsx";
import { DiffView } from "./diff-view.tsx";
import { Scrollable } from "./scrollable.tsx";

interface ToolBodyProps {
  rowKey: string;
  entry: ToolEntry;
  view: ToolView;
  state: ToolState;
  /** The call is over and its command is not. */
  goesOn: boolean;
}

export function ToolBody({ rowKey, entry, view, state, goesOn }: ToolBodyProps) {
  const display = entry.outcome?.display;
  const note = entry.permission?.answer?.note;
  return (
    <div className="tool-body">
      {view.command !== null && state !== "waiting" && isLong(view.command) && (
        <Command rowKey={rowKey} text={view.command} />
      )}
      {(state === "running" || goesOn) && <LiveOutput outputKey={entry.callId} />}
      {view.diff !== null && state !== "waiting" && (
        <DiffView
          diff={view.diff}
          label={`Changes of ${view.target}`}
          truncated={view.diffTruncated}
          rowKey={`${rowKey}:diff`}
        />
      )}
      {display?.kind === "command" && !goesOn && (
        <Output rowKey={rowKey} text={entry.commandEnd?.outputTail || display.outputTail} label="Output" />
      )}
      {display?.kind === "text" && <Output rowKey={rowKey} text={display.text} label="Result" />}
      {note && <p className="note">You said: {note}</p>}
      {needsWords(entry, state) && <Output rowKey={rowKey} text={entry.outcome?.output ?? ""} label="Result" />}
      {state === "interrupted" && !entry.outcome && (
        <p className="note">The session ended while this call was open; whether it took effect is not known.</p>
      )}
      <Arguments rowKey={rowKey} text={entry.argumentsText} tool={entry.tool} />
    </div>
  );
}

/** The title shows one line of limited width. */
function isLong(command: string): boolean {
  return command.length > 36 || command.includes("\n");
}

/** The text for the model is shown where it is the only thing that tells what happened. */
function needsWords(entry: ToolEntry, state: ToolState): boolean {
  if (!entry.outcome || entry.question) return false;
  if (state === "denied" && entry.permission?.answer?.by === "person") return false;
  const { display } = entry.outcome;
  if (!display) return true;
  if (display.kind === "read" || display.kind === "search") return true;
  return display.kind === "edit" && state === "failed";
}

function Command({ rowKey, text }: { rowKey: string; text: string }) {
  return (
    <pre className="command">
      <code>
        <Clamped text={text} chars={4_000} stateKey={`${rowKey}:command`} />
      </code>
    </pre>
  );
}

const LIVE_LINES = 10;
const DONE_LINES = 8;
const ALL_LINES = 400;
const FOLDED_CHARS = 3_000;
const ALL_CHARS = 32_000;

/** `outputKey`: of a call or a program. */
export function LiveOutput({ outputKey }: { outputKey: string }) {
  const output = usePanelState((state) => state.session?.liveOutput[outputKey]);
  if (!output) return null;
  const { shown, runs } = endOfOutput(output.tail, LIVE_LINES, FOLDED_CHARS);
  if (isFullScreen(output.tail)) return <p className="note">A full-screen program runs. Its terminal shows it.</p>;
  return shown.trim() === "" ? null : (
    <pre className="output live">
      <span>
        <ColouredText runs={runs} />
      </span>
    </pre>
  );
}

export function Output({ rowKey, text, label }: { rowKey: string; text: string; label: string }) {
  const panel = usePanel();
  const key = `${rowKey}:output`;
  const whole = usePanelState((state) => state.expanded[key] ?? false);
  const { shown, hidden, cut, runs } = useMemo(
    () => (whole ? endOfOutput(text, ALL_LINES, ALL_CHARS) : endOfOutput(text, DONE_LINES, FOLDED_CHARS)),
    [text, whole],
  );
  if (shown.trim() === "") return label === "Output" ? <p className="note">No output.</p> : null;
  return (
    <div className="output-block">
      {(hidden > 0 || cut || whole) && (
        <button type="button" className="more" aria-expanded={whole} onClick={() => panel.toggle(key, !whole)}>
          {whole ? "Show less" : moreWords(hidden)}
        </button>
      )}
      {whole && (hidden > 0 || cut) && <p className="note">Only the end of it is shown here.</p>}
      {whole ? (
        <Scrollable className="output tall" label={label}>
          <pre>
            <ColouredText runs={runs} />
          </pre>
        </Scrollable>
      ) : (
        <pre className="output">
          <ColouredText runs={runs} />
        </pre>
      )}
    </div>
  );
}

function moreWords(hidden: number): string {
  return hidden > 0 ? `Show ${hidden.toLocaleString()} earlier ${hidden === 1 ? "line" : "lines"}` : "Show more";
}

export const argumentsOf = (rowKey: string): string => `${rowKey}:arguments`;

function Arguments({ rowKey, text, tool }: { rowKey: string; text: string; tool: string }) {
  const open = usePanelState((state) => state.expanded[argumentsOf(rowKey)] ?? false);
  if (!open) return null;
  return (
    <Scrollable className="output tall arguments" label={`Arguments of ${tool}`}>
      <pre>{prettyArguments(text).slice(0, 20_000)}</pre>
    </Scrollable>
  );
}
