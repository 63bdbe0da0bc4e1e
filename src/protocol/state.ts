/** The state of a session as the reducer keeps it: the same for runtime, webview, replay and tests. */

import type { Recovery } from "./events.ts";
import type {
  Item,
  ModelErrorClass,
  ScriptCallRef,
  ScriptOutcome,
  ToolOutcome,
  TurnError,
  Usage,
  UserInput,
} from "./items.ts";
import type { PermissionDecision, PermissionRequest, Question, QuestionAnswer } from "./permissions.ts";
import type { ReplyBlockKind } from "./reply-blocks.ts";
import type { PersonCommand, TerminalInfo } from "./terminals.ts";

/**
 * What the session is doing. `interrupted`: a turn was left behind by a dead process and waits for resume or discard.
 */
export type Phase =
  | "idle"
  | "sampling"
  | "running-tools"
  | "awaiting-permission"
  | "awaiting-answer"
  | "retrying"
  | "interrupted";

export type AssistantMessage = Extract<Item, { kind: "assistant_message" }>;

export interface ItemEntry {
  readonly kind: "item";
  readonly item: Item;
  readonly at: number;
  /** Which response of the turn it belongs to (from 0); words injected before a response count to that one. */
  readonly step: number;
  /** The response this entry belongs to is whole; entries that are not are forgotten on resume. */
  readonly settled: boolean;
}

export interface ToolEntry {
  readonly kind: "tool";
  readonly callId: string;
  readonly tool: string;
  readonly argumentsText: string;
  readonly summary: string;
  readonly replay?: unknown;
  readonly requestedAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly recovery?: Recovery;
  readonly permission?: { readonly request: PermissionRequest; readonly answer?: PermissionDecision };
  readonly question?: { readonly question: Question; readonly answer?: QuestionAnswer };
  readonly outcome?: ToolOutcome;
  /** Of a command that went on after the call, once it has ended. */
  readonly commandEnd?: CommandEnd;
  /** Set when a script made the call. */
  readonly script?: ScriptCallRef;
  readonly step: number;
  readonly settled: boolean;
}

export interface CommandEnd {
  readonly at: number;
  readonly status: "completed" | "unknown" | "exited";
  readonly exitCode: number | null;
  readonly endedBy?: "person";
  readonly durationMs: number;
  readonly outputTail: string;
}

/** A program of the model's. Its calls follow it as tool entries that name it. */
export interface ScriptEntry {
  readonly kind: "script";
  readonly scriptId: string;
  readonly itemId: string;
  readonly language: "python" | "javascript";
  readonly source: string;
  readonly startedAt: number;
  readonly finishedAt?: number;
  readonly outcome?: ScriptOutcome;
  readonly step: number;
  readonly settled: true;
}

export interface NoticeEntry {
  readonly kind: "notice";
  readonly level: "info" | "warning" | "error";
  readonly code: string;
  readonly message: string;
  readonly next?: string;
  readonly at: number;
}

/** One thing in the timeline of a turn, in the order in which it happened. */
export type Entry = ItemEntry | ToolEntry | ScriptEntry | NoticeEntry;

export interface TurnState {
  readonly turnId: string;
  readonly startedAt: number;
  readonly model: string;
  readonly entries: readonly Entry[];
  /** Responses taken so far. */
  readonly steps: number;
  /** The model is told this instead of the entries. */
  readonly archived?: ArchivedTask;
  readonly finished?: {
    readonly at: number;
    readonly reason: "completed" | "failed" | "interrupted" | "limit";
    readonly error?: TurnError;
    readonly durationMs: number;
  };
}

export interface ArchivedTask {
  /** Number of the task in its session, from 1. */
  readonly position: number;
  readonly summary: string;
  readonly at: number;
}

export interface StreamingItem {
  readonly itemId: string;
  readonly kind: "assistant_message" | "reasoning";
  /** Prose; blocks are apart. */
  readonly text: string;
  readonly blocks?: readonly StreamingBlock[];
  /** Of very many blocks, how many before the newest, which is the last of `blocks`, are missing there. */
  readonly blocksLeftOut?: number;
}

export interface StreamingBlock {
  readonly kind: ReplyBlockKind;
  readonly filename?: string;
  readonly text: string;
  /** How many characters of prose came before it. */
  readonly proseOffset: number;
}

/** A command that goes on although its call is over. */
export interface BackgroundCommand {
  readonly callId: string;
  readonly commandId: string;
}

/** The newest output of a running call, command or script, bounded; of a command under the id of its call. */
export interface LiveOutput {
  readonly tail: string;
  readonly droppedChars: number;
  /** Of a script that has printed since its newest call: the line that did. */
  readonly line?: number;
}

export interface QueuedMessage {
  readonly messageId: string;
  readonly input: UserInput;
  readonly mode: "steer" | "queue";
}

/** What the person ran in terminals. */
export interface PersonCommands {
  /** The newest that the model has not been told of, oldest first. */
  readonly untold: readonly PersonCommand[];
  /** How many before them it will only be told the number of. */
  readonly leftOut: number;
  /** Of the newest, told or not: whoever keeps them until they are in the journal may tell them again. */
  readonly recentIds: readonly string[];
}

export interface SessionState {
  readonly sessionId: string;
  readonly lastSeq: number;
  readonly lastAt: number;
  readonly phase: Phase;
  readonly cwd: string;
  readonly folders: readonly string[];
  readonly title: string;
  readonly model: string;
  readonly interface: "tools" | "python" | "javascript";
  readonly dialect: "codepilot" | "codex";
  readonly turns: readonly TurnState[];
  /** Raised while there is no turn; the first one begins with them. */
  readonly earlyNotices: readonly NoticeEntry[];
  /** Set between turn.started and turn.finished. */
  readonly activeTurnId: string | null;
  readonly streaming: readonly StreamingItem[];
  readonly liveOutput: Readonly<Record<string, LiveOutput>>;
  readonly pendingPermissions: readonly PermissionRequest[];
  readonly pendingQuestions: readonly Question[];
  readonly queued: readonly QueuedMessage[];
  /** A stop holds the queue until the person submits or releases it. */
  readonly queueHeld: boolean;
  /** What "Allow in this session" has remembered. */
  readonly allowedKeys: readonly string[];
  readonly terminals: Readonly<Record<string, TerminalInfo>>;
  readonly personCommands: PersonCommands;
  /** By terminal, which has one at most. */
  readonly background: Readonly<Record<string, BackgroundCommand>>;
  readonly usage: Usage;
  /** Input and output tokens of the newest response: how full the context is. Null until a provider told. */
  readonly contextTokens: number | null;
  readonly retry: {
    readonly class: ModelErrorClass;
    readonly message: string;
    readonly attempt: number;
    readonly maxAttempts: number;
    readonly delayMs: number;
    readonly at: number;
  } | null;
  readonly closed: boolean;
}

export const emptyState: SessionState = {
  sessionId: "",
  lastSeq: 0,
  lastAt: 0,
  phase: "idle",
  cwd: "",
  folders: [],
  title: "",
  model: "",
  interface: "tools",
  dialect: "codepilot",
  turns: [],
  earlyNotices: [],
  activeTurnId: null,
  streaming: [],
  liveOutput: {},
  pendingPermissions: [],
  pendingQuestions: [],
  queued: [],
  queueHeld: false,
  allowedKeys: [],
  terminals: {},
  personCommands: { untold: [], leftOut: 0, recentIds: [] },
  background: {},
  usage: { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 },
  contextTokens: null,
  retry: null,
  closed: false,
};

/** The newest thing in the turn is meant for the model: words to it, or what its calls gave; or there is nothing yet. */
export function awaitsModel(turn: TurnState | undefined): boolean {
  const last = turn?.entries.findLast((entry) => entry.kind !== "notice");
  return last?.kind !== "item" || last.item.kind === "user_message";
}

/** The messages of the newest whole response, in order. */
export function lastReplyOf(turn: TurnState | undefined): readonly AssistantMessage[] {
  const entries = turn?.entries.filter((entry) => entry.kind === "item" && entry.step === turn.steps - 1) ?? [];
  return entries.flatMap((entry) =>
    entry.kind === "item" && entry.item.kind === "assistant_message" ? [entry.item] : [],
  );
}

/** The model has not seen all words yet: some came after its newest response. */
export function hasUnseenWords(turn: TurnState | undefined): boolean {
  const last = turn?.entries.findLast((entry) => entry.kind === "item");
  return last?.item.kind === "user_message" && last.step === turn?.steps;
}

/** The program that has not ended yet; there is one at most, and it is the newest. */
export function openScriptOf(turn: TurnState | undefined): ScriptEntry | undefined {
  const script = turn?.entries.findLast((entry): entry is ScriptEntry => entry.kind === "script");
  return script?.outcome === undefined ? script : undefined;
}

/**
 * Calls of whole responses that have no result yet, in order. Calls of one response end before the next is taken,
 * so the search ends where an older response begins.
 */
export function openCallsOf(turn: TurnState | undefined): readonly ToolEntry[] {
  const open: ToolEntry[] = [];
  if (!turn) return open;
  for (let index = turn.entries.length - 1; index >= 0; index -= 1) {
    const entry = turn.entries[index] as Entry;
    if (entry.kind === "notice") continue;
    if (entry.step < turn.steps - 1) break;
    if (entry.kind === "tool" && entry.settled && entry.outcome === undefined) open.push(entry);
  }
  return open.reverse();
}

/** Calls or a program of the newest response have no end yet. Asked at every event: the newest entries tell soonest. */
export function isActing(turn: TurnState | undefined): boolean {
  for (let index = (turn?.entries.length ?? 0) - 1; turn && index >= 0; index -= 1) {
    const entry = turn.entries[index] as Entry;
    if (entry.kind === "notice") continue;
    if (entry.kind === "script") return entry.outcome === undefined;
    if (entry.step < turn.steps - 1) return false;
    if (entry.kind === "tool" && entry.settled && entry.outcome === undefined) return true;
  }
  return false;
}
