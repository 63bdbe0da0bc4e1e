/**
 * The rows of the timeline: what the virtual list shows, cut from the session's turns. Turns and entries are
 * immutable, so their rows are kept with them and a delta makes new rows for the streaming text only.
 */
import type { Item } from "../../../src/protocol/items.ts";
import type { Entry, ItemEntry, NoticeEntry, SessionState, ToolEntry, TurnState } from "../../../src/protocol/state.ts";
import { type Block, splitParts } from "./markdown-blocks.ts";

type UserItem = Extract<Item, { kind: "user_message" }>;

export type Row =
  | { readonly key: string; readonly kind: "turn"; readonly ordinal: number; readonly turn: TurnHead }
  | { readonly key: string; readonly kind: "user"; readonly item: UserItem; readonly at: number }
  | {
      readonly key: string;
      readonly kind: "text";
      readonly blocks: readonly Block[];
      readonly streaming: boolean;
      /** On the last row of a message: why it stopped early. */
      readonly incomplete?: "token-limit" | "interrupted";
    }
  | {
      readonly key: string;
      readonly kind: "reasoning";
      readonly text: string;
      readonly streaming: boolean;
      /** Null when it can not be told. */
      readonly durationMs: number | null;
      readonly startedAt: number;
    }
  | { readonly key: string; readonly kind: "tool"; readonly entry: ToolEntry; readonly live: boolean }
  | { readonly key: string; readonly kind: "notice"; readonly notice: NoticeEntry }
  | { readonly key: string; readonly kind: "working"; readonly startedAt: number }
  | { readonly key: string; readonly kind: "retry"; readonly retry: NonNullable<SessionState["retry"]> }
  | { readonly key: string; readonly kind: "footer"; readonly turn: TurnState; readonly last: boolean };

export interface TurnHead {
  readonly turnId: string;
  readonly startedAt: number;
  readonly input: UserItem | null;
}

interface CachedTurn {
  readonly ordinal: number;
  readonly live: boolean;
  readonly last: boolean;
  readonly rows: readonly Row[];
}

const turnRows = new WeakMap<TurnState, CachedTurn>();
const entryRows = new WeakMap<
  Entry,
  { readonly live: boolean; readonly since: number; readonly rows: readonly Row[] }
>();

export function rowsOf(session: SessionState, olderTurns: number): Row[] {
  const rows: Row[] = [];
  const lastIndex = session.turns.length - 1;
  session.turns.forEach((turn, index) => {
    const live = session.activeTurnId === turn.turnId && session.phase !== "interrupted";
    for (const row of rowsOfTurn(turn, olderTurns + index + 1, live, index === lastIndex)) rows.push(row);
  });
  const turn = session.turns.at(-1);
  if (turn && session.activeTurnId === turn.turnId) {
    for (const item of session.streaming) addStreaming(rows, item, lastMoment(turn));
    if (session.retry) rows.push({ key: "retry", kind: "retry", retry: session.retry });
    else if (session.phase === "sampling" && session.streaming.length === 0) {
      rows.push({ key: "working", kind: "working", startedAt: lastMoment(turn) });
    }
  }
  return rows;
}

function rowsOfTurn(turn: TurnState, ordinal: number, live: boolean, last: boolean): readonly Row[] {
  const cached = turnRows.get(turn);
  if (cached && cached.ordinal === ordinal && cached.live === live && cached.last === last) return cached.rows;
  const first = turn.entries[0];
  const input = first?.kind === "item" && first.item.kind === "user_message" ? first.item : null;
  const head: TurnHead = { turnId: turn.turnId, startedAt: turn.startedAt, input };
  const rows: Row[] = [{ key: `turn:${turn.turnId}`, kind: "turn", ordinal, turn: head }];
  let since = turn.startedAt;
  for (const entry of input ? turn.entries.slice(1) : turn.entries) {
    for (const row of rowsOfEntry(entry, live, since)) rows.push(row);
    since = momentOf(entry);
  }
  if (turn.finished) rows.push({ key: `footer:${turn.turnId}`, kind: "footer", turn, last });
  turnRows.set(turn, { ordinal, live, last, rows });
  return rows;
}

function rowsOfEntry(entry: Entry, live: boolean, since: number): readonly Row[] {
  const cached = entryRows.get(entry);
  if (cached && cached.live === live && cached.since === since) return cached.rows;
  const rows = makeRows(entry, live, since);
  entryRows.set(entry, { live, since, rows });
  return rows;
}

function makeRows(entry: Entry, live: boolean, since: number): readonly Row[] {
  if (entry.kind === "tool") return [{ key: `call:${entry.callId}`, kind: "tool", entry, live }];
  if (entry.kind === "notice") return [{ key: `notice:${entry.at}:${entry.code}`, kind: "notice", notice: entry }];
  if (entry.kind === "script") return [];
  const { item } = entry;
  if (item.kind === "user_message") return userRows(entry, item);
  if (item.kind === "reasoning") {
    if (item.text.trim() === "") return [];
    const durationMs = entry.at > since ? entry.at - since : null;
    return [{ key: item.id, kind: "reasoning", text: item.text, streaming: false, durationMs, startedAt: since }];
  }
  const parts = splitParts(item.text);
  if (parts.length === 0 && item.incomplete) parts.push({ blocks: [] });
  return parts.map((part, index) => ({
    key: `${item.id}:${index}`,
    kind: "text",
    blocks: part.blocks,
    streaming: false,
    ...(item.incomplete && index === parts.length - 1 ? { incomplete: item.incomplete } : {}),
  }));
}

function userRows(entry: ItemEntry, item: UserItem): readonly Row[] {
  if (item.origin !== "runtime") return [{ key: item.id, kind: "user", item, at: entry.at }];
  const notice: NoticeEntry = {
    kind: "notice",
    level: "info",
    code: "runtime",
    message: item.text,
    at: entry.at,
  };
  return [{ key: item.id, kind: "notice", notice }];
}

function addStreaming(rows: Row[], item: SessionState["streaming"][number], since: number): void {
  if (item.kind === "reasoning") {
    rows.push({
      key: item.itemId,
      kind: "reasoning",
      text: item.text,
      streaming: true,
      durationMs: null,
      startedAt: since,
    });
    return;
  }
  const parts = splitParts(item.text);
  parts.forEach((part, index) => {
    const streaming = index === parts.length - 1;
    rows.push({ key: `${item.itemId}:${index}`, kind: "text", blocks: part.blocks, streaming });
  });
}

function momentOf(entry: Entry): number {
  if (entry.kind === "script") return entry.finishedAt ?? entry.startedAt;
  return entry.kind === "tool" ? (entry.finishedAt ?? entry.startedAt ?? entry.requestedAt) : entry.at;
}

function lastMoment(turn: TurnState): number {
  const entry = turn.entries.at(-1);
  return entry ? momentOf(entry) : turn.startedAt;
}
