/**
 * What a model's reply asks for, and doing it: the part of a turn that differs between native tool calls and
 * programs in the reply. One object a turn.
 */
import type { NewEvent } from "../protocol/events.ts";
import type { TurnError } from "../protocol/items.ts";
import type { ResponsePart } from "./sampling.ts";

export interface TurnEnd {
  readonly reason: "completed" | "failed" | "interrupted" | "limit";
  readonly error?: TurnError;
}

/** `cut`: by the token limit. */
export type ResponseKind = "whole" | "cut";

export interface ReadResponse {
  /** As they are recorded. */
  readonly parts: readonly ResponsePart[];
  /** Written in one piece with the response, after it. */
  readonly events: readonly NewEvent[];
}

export type ActionEnd =
  /** Something was done or said to the model: it gets to see it. */
  | { readonly kind: "acted" }
  /** The reply asks for nothing more. */
  | { readonly kind: "done" }
  | { readonly kind: "ended"; readonly end: TurnEnd };

export interface TurnActions {
  /** Replies hold protocol blocks. */
  readonly parseBlocks: boolean;
  /** A response may come soon: what takes long to get ready begins to. */
  prepare(): void;
  /** Looks at a response before it is recorded. */
  read(parts: readonly ResponsePart[], kind: ResponseKind, signal: AbortSignal): ReadResponse;
  /**
   * Does what the newest recorded response asks for; also what a turn that is resumed has left undone. Rejects only
   * with AppError `storage`.
   */
  perform(signal: AbortSignal): Promise<ActionEnd>;
  dispose(): Promise<void>;
}

export const ACTED: ActionEnd = { kind: "acted" };
export const DONE: ActionEnd = { kind: "done" };

export function ended(end: TurnEnd): ActionEnd {
  return { kind: "ended", end };
}
