/**
 * The rows of a reply that acts through a program, one by one: the program, the files that came with it, the closing
 * words. What they mean for each other (and which calls are the program's) is found in program-cards.ts.
 */
import type { Item, ScriptOutcome } from "../../../src/protocol/items.ts";
import { bodyOf } from "../../../src/protocol/reply-text.ts";
import type { ScriptEntry, StreamingItem, ToolEntry } from "../../../src/protocol/state.ts";
import type { Place } from "../../../src/protocol/timeline.ts";
import { type Block, splitBlocks } from "./markdown-blocks.ts";
import type { RowOf } from "./rows.ts";

/** Which response of which turn: what came in one belongs together. */
export interface ResponseRef {
  readonly turn: number;
  readonly step: number;
}

/**
 * writing: it streams. unrun: the reply it stood in broke the protocol. earlier: only some of its calls are here, the
 * program itself comes with what is loaded next.
 */
export type ProgramState =
  | "writing"
  | "unrun"
  | "waiting"
  | "running"
  | "completed"
  | "failed"
  | "stopped"
  | "interrupted"
  | "earlier";

export interface ProgramFacts {
  readonly calls: number;
  readonly added: number;
  readonly removed: number;
  /** Absolute paths of what was changed. */
  readonly changed: readonly string[];
}

/** What became of a payload: the call that wrote it; null: none has yet, or none ever will. */
export interface PayloadUse {
  readonly call: ToolEntry | null;
  /** The program is over. */
  readonly over: boolean;
}

export type ProgramContent =
  | {
      readonly kind: "program";
      readonly response: ResponseRef;
      /** Null until it is started. */
      readonly scriptId: string | null;
      readonly entry: ScriptEntry | null;
      /** Null where only its calls are known, or where there are files and no program. */
      readonly source: string | null;
      readonly live: boolean;
      readonly state: ProgramState;
      readonly facts: ProgramFacts;
      /** Line of its newest call that has no result yet. */
      readonly openLine: number | null;
      /** Line of its newest call. */
      readonly callLine: number | null;
      readonly open: boolean;
    }
  | {
      readonly kind: "payload";
      readonly response: ResponseRef;
      readonly filename: string;
      readonly text: string;
      readonly leftOut: { readonly chars: number; readonly lines: number } | null;
      readonly streaming: boolean;
      readonly use: PayloadUse;
    }
  /** Stands for calls of a program that are not shown; a person may want all of them. */
  | { readonly kind: "calls"; readonly stateKey: string; readonly total: number; readonly hidden: number }
  | {
      readonly kind: "program-end";
      readonly scriptId: string;
      readonly state: ProgramState;
      readonly outcome: ScriptOutcome | null;
    }
  | {
      readonly kind: "completion";
      readonly response: ResponseRef;
      readonly blocks: readonly Block[];
      /** Closing words count once their program has ended as it should. */
      readonly standing: "pending" | "final" | "void";
    };

export const noFacts: ProgramFacts = { calls: 0, added: 0, removed: 0, changed: [] };

const blankProgram = {
  kind: "program",
  scriptId: null,
  entry: null,
  live: true,
  facts: noFacts,
  openLine: null,
  callLine: null,
  open: true,
} as const;

export type ProgramRow = RowOf<"program">;
export type PayloadRow = RowOf<"payload">;
export type CompletionRow = RowOf<"completion">;
export type PieceRow = ProgramRow | PayloadRow | CompletionRow;

export const programKey = (id: string): string => `program:${id}`;

/** `live`: its turn goes on. */
export function scriptRow(entry: ScriptEntry, place: Place, live: boolean): ProgramRow {
  const { scriptId, source, step } = entry;
  const response = { turn: place.turn, step };
  const key = programKey(scriptId);
  return { ...blankProgram, key, place, response, scriptId, entry, source, live, state: "running" };
}

/** For a program of which only calls are here. */
export function earlierProgramRow(scriptId: string, place: Place, response: ResponseRef): ProgramRow {
  return { ...blankProgram, key: programKey(scriptId), place, response, scriptId, source: null, state: "earlier" };
}

/** For files that came without a program. */
export function missingProgramRow(first: PayloadRow, state: "writing" | "unrun"): ProgramRow {
  const { place, response } = first;
  return { ...blankProgram, key: programKey(first.key), place, response, source: null, state };
}

interface BlockPiece {
  readonly item: Extract<Item, { kind: "assistant_message" }>;
  /** Which of its blocks. */
  readonly at: number;
  readonly place: Place;
  readonly response: ResponseRef;
  /** The response is not closed yet. */
  readonly writing: boolean;
}

export function pieceOfBlock({ item, at, place, response, writing }: BlockPiece): PieceRow {
  const block = (item.blocks ?? [])[at];
  if (!block) throw new Error(`no block ${at} in ${item.id}`);
  const piece = { itemId: item.id, at, kind: block.kind, filename: block.filename, text: bodyOf(item.text, block) };
  return makePiece(piece, place, response, { streaming: false, writing, leftOut: block.leftOut ?? null });
}

interface StreamingPiece {
  readonly item: StreamingItem;
  readonly at: number;
  readonly place: Place;
  readonly response: ResponseRef;
}

export function pieceOfStreaming({ item, at, place, response }: StreamingPiece): PieceRow {
  const { blocks = [], itemId } = item;
  const block = blocks[at];
  if (!block) throw new Error(`no block ${at} in ${itemId}`);
  const streaming = at === blocks.length - 1;
  const piece = { itemId, at, kind: block.kind, filename: block.filename, text: block.text };
  return makePiece(piece, place, response, { streaming, writing: true, leftOut: null });
}

interface Piece {
  readonly itemId: string;
  readonly at: number;
  readonly kind: "control" | "payload" | "completion";
  readonly filename: string | undefined;
  readonly text: string;
}

interface PieceState {
  readonly streaming: boolean;
  readonly writing: boolean;
  readonly leftOut: PayloadRow["leftOut"];
}

function makePiece(piece: Piece, place: Place, response: ResponseRef, state: PieceState): PieceRow {
  const { itemId, at, text, filename = "" } = piece;
  const { streaming, writing, leftOut } = state;
  const key = `${itemId}:block:${at}`;
  switch (piece.kind) {
    case "control": {
      const written = writing ? "writing" : "unrun";
      return { ...blankProgram, key: programKey(`${itemId}:${at}`), place, response, source: text, state: written };
    }
    case "payload": {
      const use = { call: null, over: !writing };
      return { key, place, kind: "payload", response, filename, text, leftOut, streaming, use };
    }
    case "completion":
      return { key, place, kind: "completion", response, blocks: splitBlocks(text), standing: "final" };
  }
}
