/**
 * Puts the rows that belong to one program together: its head, the files that came with it, its calls, what it printed,
 * and after the card the closing words. A card is several rows of the list, so that one of a thousand calls costs no
 * more than what is on the screen. A folded card is its head alone, but for calls that wait for the person.
 */
import { bindPayloads } from "./payload-use.ts";
import {
  type CompletionRow,
  earlierProgramRow,
  missingProgramRow,
  type PayloadRow,
  type ProgramFacts,
  type ProgramRow,
  type ProgramState,
  type ResponseRef,
} from "./program-rows.ts";
import type { CardPart, Row, RowOf } from "./rows.ts";
import { toolState } from "./tool-view.ts";

/** A card with more calls shows the newest ones until the person wants all. */
const MANY_CALLS = 50;
const NEWEST_CALLS = 12;
/** A card with more calls shows each as one line. */
const QUIET_CALLS = 8;

export interface CardChoices {
  /** What the person has opened or folded. */
  readonly expanded: Readonly<Record<string, boolean>>;
  /** Working directory of the session: paths are relative to it. */
  readonly cwd: string;
}

type ToolRow = RowOf<"tool">;

/** What came of one response. */
interface Parts {
  script: ProgramRow | null;
  readonly drafts: ProgramRow[];
  readonly payloads: PayloadRow[];
  readonly calls: ToolRow[];
  readonly completions: CompletionRow[];
  /** The row in whose place the card stands. */
  anchor: Row;
}

export function withProgramCards(rows: readonly Row[], choices: CardChoices): readonly Row[] {
  const found = collect(rows);
  if (found.size === 0) return rows;
  const cards: Row[] = [];
  for (const row of rows) {
    const parts = found.get(row);
    if (!parts) cards.push(row);
    else if (parts.anchor === row)
      for (const part of rowsOfCard(parts, choices, row === lastOf(rows))) cards.push(part);
  }
  return cards;
}

/** The newest row of what has happened so far; a notice says nothing about what goes on. */
function lastOf(rows: readonly Row[]): Row | undefined {
  return rows.findLast((row) => row.kind !== "notice");
}

/** For each row that belongs to a card, the parts of it. */
function collect(rows: readonly Row[]): Map<Row, Parts> {
  const byRow = new Map<Row, Parts>();
  const byResponse = new Map<string, Parts>();
  const byScript = new Map<string, Parts>();
  const partsOf = (key: string, known: Map<string, Parts>, anchor: Row): Parts => {
    const parts = known.get(key) ?? { script: null, drafts: [], payloads: [], calls: [], completions: [], anchor };
    known.set(key, parts);
    return parts;
  };
  for (const row of rows) {
    if (row.kind === "tool") {
      const scriptId = row.entry.script?.scriptId;
      if (scriptId === undefined) continue;
      const parts = partsOf(scriptId, byScript, row);
      parts.calls.push(row);
      byRow.set(row, parts);
      continue;
    }
    if (row.kind !== "program" && row.kind !== "payload" && row.kind !== "completion") continue;
    const parts = partsOf(keyOf(row.response), byResponse, row);
    byRow.set(row, parts);
    if (row.kind === "payload") parts.payloads.push(row);
    else if (row.kind === "completion") parts.completions.push(row);
    else if (row.entry === null) parts.drafts.push(row);
    else {
      parts.script = row;
      parts.anchor = row;
      byScript.set(row.entry.scriptId, parts);
    }
  }
  return byRow;
}

function keyOf({ turn, step }: ResponseRef): string {
  return `${turn}:${step}`;
}

interface Made {
  readonly from: readonly unknown[];
  readonly rows: readonly Row[];
}

const made = new WeakMap<Row, Made>();

/** The same rows as before for the same parts: what is memoised by row is not drawn again. */
function rowsOfCard(parts: Parts, choices: CardChoices, newest: boolean): readonly Row[] {
  const { script, drafts, payloads, calls, completions } = parts;
  const { expanded, cwd } = choices;
  const head = headOf(parts, newest);
  const opened = head && expanded[head.key];
  const all = expanded[callsKey(parts)];
  const from = [script, opened, all, cwd, newest, ...drafts, ...payloads, ...calls, ...completions];
  // The anchor of calls without their program goes when older ones come; a program's own row is the one that stays.
  const before = made.get(parts.anchor);
  if (before && before.from.length === from.length && before.from.every((part, at) => part === from[at])) {
    return before.rows;
  }
  const rows = makeCard(parts, head, choices);
  made.set(parts.anchor, { from, rows });
  return rows;
}

function makeCard(parts: Parts, head: ProgramRow | null, { expanded, cwd }: CardChoices): readonly Row[] {
  const { drafts, calls, payloads } = parts;
  const { state } = head ?? { state: "unrun" as const };
  const completions = parts.completions.map((row) => ({ ...row, standing: standingOf(parts, state) }));
  if (!head) return completions;
  const over = !["writing", "waiting", "running", "earlier"].includes(state);
  const clean = head.entry?.outcome?.clean ?? true;
  const open = expanded[head.key] ?? opensByItself(state, clean);
  const facts = factsOf(calls);
  const openCall = calls.findLast(({ entry }) => entry.outcome === undefined);
  const openLine = openCall?.entry.script?.line ?? null;
  const callLine = calls.at(-1)?.entry.script?.line ?? null;
  const top: ProgramRow = { ...head, open, facts, openLine, callLine };
  const quiet = calls.length > QUIET_CALLS;
  const nested = quiet ? calls.map((row) => ({ ...row, quiet })) : calls;
  if (!open) return [...asCard([top, ...nested.filter(isWaiting)]), ...completions];
  const bound = bindPayloads(
    payloads,
    calls.map(({ entry }) => entry),
    cwd,
  );
  const files = payloads.map((row) => ({ ...row, use: { call: bound.get(row) ?? null, over } }));
  const rows: Row[] = [top, ...drafts.slice(top.entry ? drafts.length : 1), ...files];
  for (const row of shownCalls(nested, callsKey(parts), expanded)) rows.push(row);
  const end = endOf(top, state);
  return [...asCard(end ? [...rows, end] : rows), ...completions];
}

/** Null: there is no program and nothing that wants one. */
function headOf({ script, drafts, payloads, calls }: Parts, newest: boolean): ProgramRow | null {
  const [draft] = drafts;
  if (script?.entry) return { ...script, state: stateOf(script.entry.outcome?.status, script.live, calls) };
  if (draft) return draft;
  const [payload] = payloads;
  if (payload) return missingProgramRow(payload, payload.use.over ? "unrun" : "writing");
  const [call] = calls;
  if (!call?.entry.script) return null;
  const response = { turn: call.place.turn, step: call.entry.step };
  const row = earlierProgramRow(call.entry.script.scriptId, call.place, response);
  // Whether it still runs stands in its own entry; calls that go on, or the newest of all, are a sign of it.
  const goesOn = call.live && (newest || calls.some(({ entry }) => entry.outcome === undefined));
  return goesOn ? { ...row, state: stateOf(undefined, true, calls) } : row;
}

type OutcomeStatus = NonNullable<NonNullable<ProgramRow["entry"]>["outcome"]>["status"];

function stateOf(status: OutcomeStatus | undefined, live: boolean, calls: readonly ToolRow[]): ProgramState {
  if (status !== undefined) return status === "cancelled" ? "stopped" : status;
  if (!live) return "interrupted";
  return calls.some(isWaiting) ? "waiting" : "running";
}

function isWaiting({ entry, live }: ToolRow): boolean {
  return toolState(entry, live) === "waiting";
}

/** What ended as it should and what never began is a line; what runs or went wrong is there to be looked at. */
function opensByItself(state: ProgramState, clean: boolean): boolean {
  if (state === "completed") return !clean;
  return state !== "unrun" && state !== "earlier";
}

function standingOf({ script, drafts, payloads }: Parts, state: ProgramState): CompletionRow["standing"] {
  if (!script && drafts.length === 0 && payloads.length === 0) return "final";
  if (script?.entry?.outcome) return script.entry.outcome.clean ? "final" : "void";
  return state === "unrun" || state === "interrupted" ? "void" : "pending";
}

const callsKey = ({ calls }: Pick<Parts, "calls">): string => `calls:${calls[0]?.entry.script?.scriptId ?? ""}`;

function shownCalls(calls: readonly ToolRow[], stateKey: string, expanded: CardChoices["expanded"]): readonly Row[] {
  const [first] = calls;
  if (!first || calls.length <= MANY_CALLS) return calls;
  const all = expanded[stateKey] ?? false;
  const edge = calls.length - NEWEST_CALLS;
  const shown = all ? calls : calls.filter((row, index) => index >= edge || isWaiting(row));
  const hidden = calls.length - shown.length;
  return [{ key: stateKey, place: first.place, kind: "calls", stateKey, total: calls.length, hidden }, ...shown];
}

/** What the program printed and how it ended, where there may be something to say. */
function endOf({ key, place, scriptId, entry }: ProgramRow, state: ProgramState): Row | null {
  if (scriptId === null) return null;
  const outcome = entry?.outcome ?? null;
  const silent = outcome?.clean && outcome.printed.trim() === "";
  if (silent || state === "earlier") return null;
  return { key: `${key}:end`, place, kind: "program-end", scriptId, state, outcome };
}

function factsOf(calls: readonly ToolRow[]): ProgramFacts {
  const changed = new Set<string>();
  let added = 0;
  let removed = 0;
  for (const { entry } of calls) {
    const { display } = entry.outcome ?? {};
    if (display?.kind !== "edit" || entry.outcome?.status !== "done") continue;
    changed.add(display.change.path);
    added += display.change.addedLines;
    removed += display.change.removedLines;
  }
  return { calls: calls.length, added, removed, changed: [...changed] };
}

/** One row alone has no card around it: a folded program is a line among others. */
function asCard(rows: readonly Row[]): readonly Row[] {
  const last = rows.length - 1;
  return rows.map((row, index) => {
    const card: CardPart = last === 0 ? "whole" : index === 0 ? "top" : index === last ? "bottom" : "middle";
    return { ...row, card };
  });
}
