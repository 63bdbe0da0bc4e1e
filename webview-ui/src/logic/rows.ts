/**
 * The rows of the timeline: what the virtual list shows, cut from the turns that the panel holds. Turns and entries are
 * immutable, so their rows are kept with them and a delta makes new rows for the streaming text only. A kind of row has
 * its type here, is made by `makeRows` (or stands for no entry), and has a component of its own (row-view.tsx).
 */
import type { Item } from "../../../src/protocol/items.ts";
import { proseOf } from "../../../src/protocol/reply-text.ts";
import type {
  ArchivedTask,
  Entry,
  ItemEntry,
  NoticeEntry,
  SessionState,
  ToolEntry,
  TurnState,
} from "../../../src/protocol/state.ts";
import { comparePlaces, type Place } from "../../../src/protocol/timeline.ts";
import { type Held, isJoined, partsOf, type TurnPart } from "./held.ts";
import { type Block, splitParts } from "./markdown-blocks.ts";
import { type ProgramContent, pieceOfBlock, pieceOfStreaming, scriptRow } from "./program-rows.ts";

type UserItem = Extract<Item, { kind: "user_message" }>;

/** Where in a card of several rows a row stands. */
export type CardPart = "top" | "middle" | "bottom" | "whole";

/** `place` is the place of the entry it shows, or of the one it stands next to. */
export type Row = { readonly key: string; readonly place: Place; readonly card?: CardPart } & RowContent;

type RowContent =
  | ProgramContent
  | { readonly kind: "turn"; readonly ordinal: number; readonly turn: TurnHead }
  | { readonly kind: "user"; readonly item: UserItem; readonly at: number }
  | {
      readonly kind: "text";
      readonly blocks: readonly Block[];
      readonly streaming: boolean;
      /** On the last row of a message: why it stopped early. */
      readonly incomplete?: "token-limit" | "interrupted";
    }
  | {
      readonly kind: "reasoning";
      readonly text: string;
      readonly streaming: boolean;
      /** Null when it can not be told. */
      readonly durationMs: number | null;
      readonly startedAt: number;
    }
  /** `quiet`: one of so many that none opens by itself while all is well. */
  | { readonly kind: "tool"; readonly entry: ToolEntry; readonly live: boolean; readonly quiet?: boolean }
  | { readonly kind: "notice"; readonly notice: NoticeEntry }
  | { readonly kind: "working"; readonly startedAt: number }
  | { readonly kind: "retry"; readonly retry: NonNullable<SessionState["retry"]> }
  | { readonly kind: "footer"; readonly turn: TurnState; readonly last: boolean };

export type RowOf<K extends RowContent["kind"]> = Extract<Row, { kind: K }>;

export interface TurnHead {
  readonly turnId: string;
  readonly startedAt: number;
  readonly input: UserItem | null;
  /** Set when the model goes by a summary of the turn. */
  readonly archived: ArchivedTask | null;
}

/** What the rows of a part of a turn depend on besides the part. */
interface PartContext {
  readonly number: number;
  readonly offset: number;
  readonly toEnd: boolean;
  /** Its calls may still go on. */
  readonly live: boolean;
  /** It is the last turn of the session. */
  readonly last: boolean;
  /** When what came before the part happened; null when that is not known here. */
  readonly since: number | null;
}

/** What the rows of an entry depend on besides the entry. */
interface EntryContext {
  readonly turn: number;
  readonly index: number;
  readonly live: boolean;
  readonly since: number | null;
}

const partRows = new WeakMap<TurnState, { readonly context: PartContext; readonly rows: readonly Row[] }>();
const entryRows = new WeakMap<Entry, { readonly context: EntryContext; readonly rows: readonly Row[] }>();

export function rowsOf(held: Held): Row[] {
  const { session, from } = held;
  const rows: Row[] = [];
  const lastNumber = from.turn + session.turns.length - 1;
  let before: TurnPart | undefined;
  for (const part of partsOf(held)) {
    const { turn, number, offset, toEnd } = part;
    const goesOn = before?.number === number;
    const since = goesOn ? lastMoment((before as TurnPart).turn) : offset === 0 ? turn.startedAt : null;
    const live = session.activeTurnId === turn.turnId && session.phase !== "interrupted";
    for (const row of rowsOfPart(turn, { number, offset, toEnd, live, last: number === lastNumber, since })) {
      rows.push(row);
    }
    before = part;
  }
  const turn = session.turns.at(-1);
  if (turn && session.activeTurnId === turn.turnId && isJoined(held)) addLive(rows, session, turn, placeOfEnd(held));
  return rows;
}

/** Index of the first row at or after a place; -1 when all are before it. */
export function rowAt(rows: readonly Row[], place: Place): number {
  return rows.findIndex((row) => comparePlaces(row.place, place) >= 0);
}

function placeOfEnd({ session, from }: Held): Place {
  const offset = session.turns.length === 1 ? from.entry : 0;
  const entries = session.turns.at(-1)?.entries.length ?? 0;
  return { turn: from.turn + session.turns.length - 1, entry: offset + entries };
}

function addLive(rows: Row[], session: SessionState, turn: TurnState, place: Place): void {
  for (const item of session.streaming) addStreaming(rows, item, turn, place);
  if (session.retry) rows.push({ key: "retry", place, kind: "retry", retry: session.retry });
  else if (session.phase === "sampling" && session.streaming.length === 0) {
    rows.push({ key: "working", place, kind: "working", startedAt: lastMoment(turn) });
  }
}

function rowsOfPart(turn: TurnState, context: PartContext): readonly Row[] {
  const cached = partRows.get(turn);
  if (cached && sameContext(cached.context, context)) return cached.rows;
  const { number, offset, toEnd, live, last } = context;
  let { since } = context;
  const rows: Row[] = [];
  let input: UserItem | null = null;
  if (offset === 0) {
    const first = turn.entries[0];
    input = first?.kind === "item" && first.item.kind === "user_message" ? first.item : null;
    const { turnId, startedAt, archived = null } = turn;
    const head: TurnHead = { turnId, startedAt, input, archived };
    const place = { turn: number, entry: 0 };
    rows.push({ key: `turn:${turn.turnId}`, place, kind: "turn", ordinal: number + 1, turn: head });
  }
  turn.entries.forEach((entry, index) => {
    if (index === 0 && input) return;
    for (const row of rowsOfEntry(entry, { turn: number, index: offset + index, live, since })) rows.push(row);
    since = momentOf(entry);
  });
  if (turn.finished && toEnd) {
    const place = { turn: number, entry: offset + turn.entries.length };
    rows.push({ key: `footer:${turn.turnId}`, place, kind: "footer", turn, last });
  }
  partRows.set(turn, { context, rows });
  return rows;
}

function rowsOfEntry(entry: Entry, context: EntryContext): readonly Row[] {
  const cached = entryRows.get(entry);
  if (cached && sameContext(cached.context, context)) return cached.rows;
  const rows = makeRows(entry, context);
  entryRows.set(entry, { context, rows });
  return rows;
}

function sameContext<T extends object>(one: T, other: T): boolean {
  return Object.entries(one).every(([name, value]) => other[name as keyof T] === value);
}

function makeRows(entry: Entry, { turn, index, live, since }: EntryContext): readonly Row[] {
  const place = { turn, entry: index };
  if (entry.kind === "tool") return [{ key: `call:${entry.callId}`, place, kind: "tool", entry, live }];
  if (entry.kind === "notice") return [{ key: `notice:${turn}:${index}`, place, kind: "notice", notice: entry }];
  if (entry.kind === "script") return [scriptRow(entry, place, live)];
  const { item } = entry;
  if (item.kind === "user_message") return userRows(entry, item, place);
  if (item.kind === "reasoning") {
    if (item.text.trim() === "") return [];
    const durationMs = since !== null && entry.at > since ? entry.at - since : null;
    const startedAt = since ?? entry.at;
    return [{ key: item.id, place, kind: "reasoning", text: item.text, streaming: false, durationMs, startedAt }];
  }
  const { blocks = [] } = item;
  const parts = splitParts(proseOf(item.text, blocks));
  if (parts.length === 0 && item.incomplete) parts.push({ blocks: [] });
  const words: Row[] = parts.map((part, at) => ({
    key: `${item.id}:${at}`,
    place,
    kind: "text",
    blocks: part.blocks,
    streaming: false,
    ...(item.incomplete && at === parts.length - 1 ? { incomplete: item.incomplete } : {}),
  }));
  const response = { turn, step: entry.step };
  const writing = live && !entry.settled;
  return [...words, ...blocks.map((_, at) => pieceOfBlock({ item, at, place, response, writing }))];
}

function userRows(entry: ItemEntry, item: UserItem, place: Place): readonly Row[] {
  // Shown by notices when it happened.
  if (item.origin === "terminal") return [];
  if (item.origin !== "runtime") return [{ key: item.id, place, kind: "user", item, at: entry.at }];
  const notice: NoticeEntry = {
    kind: "notice",
    level: "info",
    code: "runtime",
    message: item.text,
    at: entry.at,
  };
  return [{ key: item.id, place, kind: "notice", notice }];
}

function addStreaming(rows: Row[], item: SessionState["streaming"][number], turn: TurnState, place: Place): void {
  const { itemId, text, blocks = [], blocksLeftOut = 0 } = item;
  if (item.kind === "reasoning") {
    const startedAt = lastMoment(turn);
    rows.push({ key: itemId, place, kind: "reasoning", text, streaming: true, durationMs: null, startedAt });
    return;
  }
  const parts = splitParts(text);
  parts.forEach((part, index) => {
    const streaming = index === parts.length - 1;
    rows.push({ key: `${itemId}:${index}`, place, kind: "text", blocks: part.blocks, streaming });
  });
  const response = { turn: place.turn, step: turn.steps };
  for (const at of blocks.keys()) {
    // The newest comes last, whatever was left out before it.
    if (blocksLeftOut > 0 && at === blocks.length - 1) {
      const [said] = splitParts(`*${blocksLeftOut} more pieces, shown once the reply is whole.*`);
      rows.push({ key: `${itemId}:left-out`, place, kind: "text", blocks: said?.blocks ?? [], streaming: false });
    }
    rows.push(pieceOfStreaming({ item, at, place, response }));
  }
}

function momentOf(entry: Entry): number {
  if (entry.kind === "script") return entry.finishedAt ?? entry.startedAt;
  return entry.kind === "tool" ? (entry.finishedAt ?? entry.startedAt ?? entry.requestedAt) : entry.at;
}

function lastMoment(turn: TurnState): number {
  const entry = turn.entries.at(-1);
  return entry ? momentOf(entry) : turn.startedAt;
}
