/** A session as a row of the list: what state it is in and how that is said. Pure; the tree only draws it. */
import type { SessionRecord, TurnEndReason } from "../../ports/session-store.ts";
import type { SessionState } from "../../protocol/state.ts";
import { permissionLine } from "../prompts/permission-text.ts";

export type RowState = "waits" | "running" | "interrupted" | "failed" | "limit" | "stopped" | "finished" | "new";

export interface SessionRow {
  readonly sessionId: string;
  readonly title: string;
  readonly updatedAtMs: number;
  readonly state: RowState;
  /** Who writes to it: this window, another window or process, or nobody. */
  readonly owner: "here" | "elsewhere" | "nobody";
  /** Folder it works in. */
  readonly cwd: string;
  /** What it asks the person, a line each. */
  readonly asks: readonly string[];
}

/** A session that is alive in this window. */
export function rowOfLive(state: SessionState): SessionRow {
  return {
    sessionId: state.sessionId,
    title: state.title || "Untitled",
    updatedAtMs: state.lastAt,
    state: liveState(state),
    owner: "here",
    cwd: state.cwd,
    asks: [...state.pendingPermissions.map(permissionLine), ...state.pendingQuestions.map(({ question }) => question)],
  };
}

/** A session as its journal shows it. */
export function rowOfRecord(record: SessionRecord): SessionRow {
  return {
    sessionId: record.sessionId,
    title: record.title || "Untitled",
    updatedAtMs: record.updatedAtMs,
    state: recordState(record),
    owner: record.inUse ? "elsewhere" : "nobody",
    cwd: record.cwd,
    asks: [],
  };
}

function liveState(state: SessionState): RowState {
  switch (state.phase) {
    case "awaiting-permission":
    case "awaiting-answer":
      return "waits";
    case "interrupted":
      return "interrupted";
    case "idle":
      return endState(state.turns.at(-1)?.finished?.reason ?? null);
    default:
      return "running";
  }
}

/** A turn without an end that somebody still writes to is under way; otherwise it was left behind. */
function recordState({ unfinished, inUse, lastEnd }: SessionRecord): RowState {
  if (unfinished) return inUse ? "running" : "interrupted";
  return endState(lastEnd);
}

function endState(reason: TurnEndReason | null): RowState {
  switch (reason) {
    case null:
      return "new";
    case "completed":
      return "finished";
    case "interrupted":
      return "stopped";
    default:
      return reason;
  }
}

interface StateLook {
  /** For tooltips and screen readers. */
  readonly sentence: string;
  readonly icon: string;
  readonly color?: string;
}

const looks: Readonly<Record<RowState, StateLook>> = {
  waits: { sentence: "Waits for you", icon: "bell-dot", color: "list.warningForeground" },
  running: { sentence: "Working", icon: "loading~spin" },
  interrupted: {
    sentence: "Interrupted: can be resumed or discarded",
    icon: "debug-pause",
    color: "list.warningForeground",
  },
  failed: { sentence: "Failed", icon: "error", color: "list.errorForeground" },
  limit: { sentence: "Ended at its limit", icon: "warning", color: "list.warningForeground" },
  stopped: { sentence: "Stopped by you", icon: "circle-slash" },
  finished: { sentence: "Finished", icon: "check" },
  new: { sentence: "Nothing done yet", icon: "circle-outline" },
};

export interface RowLook {
  readonly icon: string;
  readonly color: string | undefined;
  /** After the title, muted, and short: a side bar is narrow. The icon tells the state. */
  readonly description: string;
  /** For screen readers, instead of title and description. */
  readonly spoken: string;
  /** Below the title in the tooltip. */
  readonly details: readonly string[];
}

/** `folder`: the name of the session's folder where several are open, else null. */
export function lookOf(row: SessionRow, nowMs: number, folder: string | null): RowLook {
  const { sentence, icon, color } = looks[row.state];
  const elsewhere = row.owner === "elsewhere";
  const state = elsewhere ? `${sentence}, in another window or process` : sentence;
  const age = ageOf(row.updatedAtMs, nowMs);
  return {
    icon: elsewhere && row.state === "running" ? "multiple-windows" : icon,
    color,
    description: folder === null ? age.short : `${folder} · ${age.short}`,
    spoken: [row.title, state, ...(folder === null ? [] : [`folder ${folder}`]), age.spoken].join(", "),
    details: [
      state,
      ...row.asks,
      `Last change: ${new Date(row.updatedAtMs).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}`,
      `Folder: ${row.cwd}`,
    ],
  };
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

interface Age {
  readonly short: string;
  readonly spoken: string;
}

function ageOf(atMs: number, nowMs: number): Age {
  const ageMs = nowMs - atMs;
  if (ageMs < MINUTE_MS) return { short: "now", spoken: "just now" };
  if (ageMs < HOUR_MS) return ago(Math.floor(ageMs / MINUTE_MS), "min", "minute");
  if (ageMs < DAY_MS) return ago(Math.floor(ageMs / HOUR_MS), "h", "hour");
  if (ageMs < 7 * DAY_MS) return ago(Math.floor(ageMs / DAY_MS), "d", "day");
  const date = (ageMs < 300 * DAY_MS ? day : dayAndYear).format(atMs);
  return { short: date, spoken: date };
}

function ago(count: number, unit: string, word: string): Age {
  return { short: `${count} ${unit}`, spoken: `${count} ${word}${count === 1 ? "" : "s"} ago` };
}

export type GroupId = "needs-you" | "running" | "today" | "week" | "earlier";

export interface SessionGroup {
  readonly id: GroupId;
  readonly label: string;
  /** Newest first, at least one. */
  readonly rows: readonly SessionRow[];
}

const groupLabels: Readonly<Record<GroupId, string>> = {
  "needs-you": "Needs You",
  running: "Running",
  today: "Today",
  week: "Last 7 Days",
  earlier: "Earlier",
};

/** What needs the person first, then what runs, then the rest by age. Groups without rows are left out. */
export function groupRows(rows: readonly SessionRow[], nowMs: number): SessionGroup[] {
  const midnightMs = new Date(nowMs).setHours(0, 0, 0, 0);
  const sorted = rows.toSorted((a, b) => b.updatedAtMs - a.updatedAtMs);
  return (Object.keys(groupLabels) as GroupId[])
    .map((id) => ({ id, label: groupLabels[id], rows: sorted.filter((row) => groupOf(row, midnightMs) === id) }))
    .filter((group) => group.rows.length > 0);
}

function groupOf({ state, updatedAtMs }: SessionRow, midnightMs: number): GroupId {
  if (state === "waits" || state === "interrupted") return "needs-you";
  if (state === "running") return "running";
  if (updatedAtMs >= midnightMs) return "today";
  return updatedAtMs >= midnightMs - 6 * DAY_MS ? "week" : "earlier";
}
