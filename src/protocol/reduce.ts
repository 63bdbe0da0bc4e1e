/**
 * The one pure reducer. Runtime, webview, journal replay and tests fold the same events into the same state,
 * so there is nothing to keep in step. A delta costs a shallow copy of the state and never of the timeline.
 */
import { assertNever } from "../base/assert-never.ts";
import type { AgentEvent, EventOf } from "./events.ts";
import { addCommandOutput, finishCommand, keepCommand, loseCommand, outputInBackground } from "./reduce-commands.ts";
import { addPrint, appendBlockDelta, appendDelta, atCall, extendTail } from "./reduce-live.ts";
import { addPersonCommand, personCommandNotice, reportOf, reportPersonCommands } from "./reduce-person-commands.ts";
import {
  type Entry,
  emptyState,
  isActing,
  type NoticeEntry,
  type Phase,
  type ScriptEntry,
  type SessionState,
  type ToolEntry,
  type TurnState,
} from "./state.ts";

const TITLE_CHARS = 80;
/** The newest are kept of those that no turn has yet; the journal has all. */
const EARLY_NOTICES = 50;

export function reduce(state: SessionState, event: AgentEvent): SessionState {
  // What a running turn had streamed when its process died must not survive in a replayed state; live events are
  // absent there anyway, and an event that came twice (a view that re-synced) must not be applied twice.
  if (event.seq <= state.lastSeq) return state;
  const next = apply({ ...state, lastSeq: event.seq, lastAt: event.at }, event);
  const phase = phaseOf(next, event);
  return phase === next.phase ? next : { ...next, phase };
}

/** Folds a whole journal. */
export function reduceAll(events: Iterable<AgentEvent>, start: SessionState = emptyState): SessionState {
  let state = start;
  for (const event of events) state = reduce(state, event);
  return state;
}

function apply(state: SessionState, event: AgentEvent): SessionState {
  switch (event.type) {
    case "session.opened":
      return {
        ...state,
        sessionId: event.sessionId,
        cwd: event.cwd,
        folders: event.folders,
        model: event.model,
        interface: event.interface,
        dialect: event.dialect,
        closed: false,
      };
    case "session.closed":
      // What was allowed "in this session" ends with it.
      return { ...state, closed: true, allowedKeys: [] };
    case "folders.changed":
      return { ...state, folders: event.folders };
    case "model.selected":
      return { ...state, model: event.model };
    case "turn.started":
      return startTurn(state, event);
    case "turn.resumed":
      return resumeTurn(state, event);
    case "turn.finished":
      return finishTurn(state, event);
    case "item.started":
      return {
        ...state,
        retry: null,
        streaming: [...state.streaming, { itemId: event.itemId, kind: event.kind, text: "" }],
      };
    case "text.delta":
    case "reasoning.delta":
      return appendDelta(state, event.itemId, event.delta);
    case "block.delta":
      return appendBlockDelta(state, event);
    case "item.finished":
      return addEntry(
        { ...state, streaming: state.streaming.filter((item) => item.itemId !== event.item.id) },
        {
          kind: "item",
          item: event.item,
          at: event.at,
          step: stepOf(state),
          settled: event.item.kind === "user_message",
        },
      );
    case "tool.requested":
      return addEntry(atCall(state, event.script?.scriptId), {
        kind: "tool",
        callId: event.callId,
        tool: event.tool,
        argumentsText: event.argumentsText,
        summary: event.summary,
        ...(event.replay === undefined ? {} : { replay: event.replay }),
        requestedAt: event.at,
        // A script's calls come after the response that holds it has been closed, and belong to it.
        ...(event.script === undefined
          ? { step: stepOf(state), settled: false }
          : { step: stepOf(state) - 1, settled: true, script: event.script }),
      });
    case "script.started":
      return addEntry(state, {
        kind: "script",
        scriptId: event.scriptId,
        itemId: event.itemId,
        language: event.language,
        source: event.source,
        startedAt: event.at,
        step: stepOf(state) - 1,
        settled: true,
      });
    case "script.output":
      return addPrint(state, event);
    case "script.finished":
      return finishScript(state, event);
    case "tool.started":
      return updateTool(state, event.callId, (tool) => ({ ...tool, startedAt: event.at, recovery: event.recovery }));
    case "tool.output":
      return {
        ...state,
        liveOutput: { ...state.liveOutput, [event.callId]: extendTail(state, event.callId, event.chunk) },
      };
    case "tool.finished":
      return finishTool(state, event);
    case "permission.asked":
      return updateTool(
        { ...state, pendingPermissions: [...state.pendingPermissions, event.request] },
        event.request.callId,
        (tool) => ({ ...tool, permission: { request: event.request } }),
      );
    case "permission.answered":
      return answerPermission(state, event);
    case "question.asked":
      return updateTool(
        { ...state, pendingQuestions: [...state.pendingQuestions, event.question] },
        event.question.callId,
        (tool) => ({ ...tool, question: { question: event.question } }),
      );
    case "question.answered":
      return answerQuestion(state, event);
    case "terminal.opened":
      return { ...state, terminals: { ...state.terminals, [event.terminal.name]: event.terminal } };
    case "terminal.output":
      return addCommandOutput(state, event);
    case "terminal.exited":
      return exitTerminal(loseCommand(state, event), event);
    case "command.finished":
      return finishCommand(state, event);
    case "terminal.ran":
      return addPersonCommand(addNotice(state, personCommandNotice(event)), event);
    case "terminal.reported":
      return addEntry(reportPersonCommands(state, event), reportOf(event, stepOf(state)));
    case "files.changed":
    case "environment.changed":
      return state;
    case "context.archived":
      return archiveTask(state, event);
    case "usage.updated":
      return settleResponse(state, event);
    case "model.retrying":
      return { ...state, streaming: [], retry: retryOf(event) };
    case "message.queued":
      return {
        ...state,
        queued: [...state.queued, { messageId: event.messageId, input: event.input, mode: event.mode }],
      };
    case "message.injected":
    case "message.withdrawn":
      return { ...state, queued: state.queued.filter((message) => message.messageId !== event.messageId) };
    case "notice.raised":
      return addNotice(state, noticeOf(event));
    default:
      return assertNever(event);
  }
}

/** The authoritative phase, derived from what is open rather than from the last event's name. */
function phaseOf(state: SessionState, event: AgentEvent): Phase {
  if (state.activeTurnId === null) return "idle";
  // Set by who opens a journal with an unfinished turn; only going on (or giving up) ends it.
  if (state.phase === "interrupted" && event.type !== "turn.resumed") return "interrupted";
  if (state.pendingPermissions.length > 0) return "awaiting-permission";
  if (state.pendingQuestions.length > 0) return "awaiting-answer";
  if (state.retry !== null) return "retrying";
  if (event.type === "text.delta" || event.type === "reasoning.delta" || event.type === "block.delta")
    return "sampling";
  return isActing(state.turns.at(-1)) ? "running-tools" : "sampling";
}

function startTurn(state: SessionState, event: EventOf<"turn.started">): SessionState {
  const turn: TurnState = {
    turnId: event.turnId ?? "",
    startedAt: event.at,
    model: event.model,
    entries: [...firstEntries(event), ...state.earlyNotices],
    steps: 0,
  };
  return {
    ...state,
    turns: state.turns.concat([turn]),
    earlyNotices: [],
    closed: false,
    activeTurnId: turn.turnId,
    queueHeld: false,
    title: state.title === "" ? titleOf(event.input.text) : state.title,
    queued: state.queued.filter((message) => message.messageId !== event.messageId),
  };
}

function firstEntries({ itemId, input, at }: EventOf<"turn.started">): readonly Entry[] {
  if (itemId === undefined) return [];
  const item = { kind: "user_message", id: itemId, origin: "person", ...input } as const;
  return [{ kind: "item", item, at, step: 0, settled: true }];
}

function archiveTask(state: SessionState, event: EventOf<"context.archived">): SessionState {
  const index = state.turns.findIndex(({ turnId }) => turnId === event.taskId);
  const turn = state.turns[index];
  if (!turn) return state;
  const archived = { position: event.position, summary: event.summary, at: event.at };
  return { ...state, turns: state.turns.with(index, { ...turn, archived }) };
}

/** Of a session, by the words of its first task. */
export function titleOf(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > TITLE_CHARS ? `${line.slice(0, TITLE_CHARS - 1)}…` : line;
}

function resumeTurn(state: SessionState, event: EventOf<"turn.resumed">): SessionState {
  const items = new Set(event.discardedItemIds);
  const calls = new Set(event.discardedCallIds);
  const keep = (entry: Entry) =>
    !(entry.kind === "item" && items.has(entry.item.id)) && !(entry.kind === "tool" && calls.has(entry.callId));
  const liveOutput = outputInBackground(state);
  const clean = { streaming: [], liveOutput, retry: null, pendingPermissions: [], pendingQuestions: [] };
  return updateTurn({ ...state, ...clean }, (turn) => ({
    ...turn,
    entries: turn.entries.filter(keep),
  }));
}

function finishTurn(state: SessionState, event: EventOf<"turn.finished">): SessionState {
  const finished = {
    at: event.at,
    reason: event.reason,
    durationMs: event.durationMs,
    ...(event.error === undefined ? {} : { error: event.error }),
  };
  const stopped = updateTurn(state, (turn) => ({ ...turn, finished }));
  return {
    ...stopped,
    activeTurnId: null,
    streaming: [],
    liveOutput: outputInBackground(state),
    pendingPermissions: [],
    pendingQuestions: [],
    retry: null,
    queueHeld: event.reason !== "completed" && state.queued.length > 0,
  };
}

function finishTool(state: SessionState, event: EventOf<"tool.finished">): SessionState {
  const { [event.callId]: _done, ...liveOutput } = state.liveOutput;
  const finished = updateTool({ ...state, liveOutput }, event.callId, (tool) => ({
    ...tool,
    finishedAt: event.at,
    outcome: event.outcome,
  }));
  return keepCommand(finished, event, state.liveOutput[event.callId]);
}

function finishScript(state: SessionState, event: EventOf<"script.finished">): SessionState {
  const { [event.scriptId]: _done, ...liveOutput } = state.liveOutput;
  const isScript = (entry: Entry): entry is ScriptEntry => entry.kind === "script" && entry.scriptId === event.scriptId;
  return updateTurn({ ...state, liveOutput }, (turn) => {
    const index = turn.entries.findLastIndex(isScript);
    const script = turn.entries[index];
    if (!script || !isScript(script)) return turn;
    const ended = { ...script, finishedAt: event.at, outcome: event.outcome };
    return { ...turn, entries: turn.entries.with(index, ended) };
  });
}

function answerPermission(state: SessionState, event: EventOf<"permission.answered">): SessionState {
  const request = state.pendingPermissions.find((pending) => pending.permissionId === event.permissionId);
  const remembered = event.sessionKey !== undefined && !state.allowedKeys.includes(event.sessionKey);
  const next = {
    ...state,
    pendingPermissions: state.pendingPermissions.filter((pending) => pending !== request),
    allowedKeys: remembered ? [...state.allowedKeys, event.sessionKey as string] : state.allowedKeys,
  };
  if (!request) return next;
  return updateTool(next, request.callId, (tool) => ({ ...tool, permission: { request, answer: event.answer } }));
}

function answerQuestion(state: SessionState, event: EventOf<"question.answered">): SessionState {
  const question = state.pendingQuestions.find((pending) => pending.questionId === event.questionId);
  const next = { ...state, pendingQuestions: state.pendingQuestions.filter((pending) => pending !== question) };
  if (!question) return next;
  return updateTool(next, question.callId, (tool) => ({ ...tool, question: { question, answer: event.answer } }));
}

function exitTerminal(state: SessionState, event: EventOf<"terminal.exited">): SessionState {
  const terminal = state.terminals[event.terminal];
  if (!terminal) return state;
  const exited = { ...terminal, status: "exited" as const, pid: null, exitCode: event.exitCode };
  return { ...state, terminals: { ...state.terminals, [event.terminal]: exited } };
}

/** `usage.updated` closes a response: its entries count from now on. */
function settleResponse(state: SessionState, event: EventOf<"usage.updated">): SessionState {
  const settled = updateTurn(state, (turn) => ({
    ...turn,
    steps: turn.steps + 1,
    entries: settleLast(turn.entries),
  }));
  if (event.usage === null) return { ...settled, retry: null };
  const { usage } = state;
  return {
    ...settled,
    retry: null,
    contextTokens: event.usage.inputTokens + event.usage.outputTokens,
    usage: {
      inputTokens: usage.inputTokens + event.usage.inputTokens,
      cachedInputTokens: usage.cachedInputTokens + event.usage.cachedInputTokens,
      outputTokens: usage.outputTokens + event.usage.outputTokens,
      reasoningTokens: usage.reasoningTokens + event.usage.reasoningTokens,
    },
  };
}

/** Only the newest response is open, so the walk back ends where an older one begins. */
function settleLast(entries: readonly Entry[]): readonly Entry[] {
  const settled = entries.slice();
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const entry = entries[index] as Entry;
    if (entry.kind === "notice" || (entry.settled && entry.kind === "item" && entry.item.kind === "user_message"))
      continue;
    if (entry.settled) break;
    settled[index] = { ...entry, settled: true };
  }
  return settled;
}

function retryOf(event: EventOf<"model.retrying">): SessionState["retry"] {
  const { message, attempt, maxAttempts, delayMs, at } = event;
  return { class: event.class, message, attempt, maxAttempts, delayMs, at };
}

function noticeOf(event: EventOf<"notice.raised">): NoticeEntry {
  return {
    kind: "notice",
    level: event.level,
    code: event.code,
    message: event.message,
    ...(event.next === undefined ? {} : { next: event.next }),
    at: event.at,
  };
}

function addNotice(state: SessionState, notice: NoticeEntry): SessionState {
  if (state.turns.length > 0) return addEntry(state, notice);
  return { ...state, earlyNotices: [...state.earlyNotices, notice].slice(-EARLY_NOTICES) };
}

function stepOf(state: SessionState): number {
  return state.turns.at(-1)?.steps ?? 0;
}

function addEntry(state: SessionState, entry: Entry): SessionState {
  return updateTurn(state, (turn) => ({ ...turn, entries: turn.entries.concat([entry]) }));
}

function updateTurn(state: SessionState, update: (turn: TurnState) => TurnState): SessionState {
  const turn = state.turns.at(-1);
  if (!turn) return state;
  return { ...state, turns: state.turns.with(-1, update(turn)) };
}

function updateTool(state: SessionState, callId: string, update: (tool: ToolEntry) => ToolEntry): SessionState {
  return updateTurn(state, (turn) => {
    const index = turn.entries.findLastIndex((entry) => entry.kind === "tool" && entry.callId === callId);
    const tool = turn.entries[index];
    if (tool?.kind !== "tool") return turn;
    return { ...turn, entries: turn.entries.with(index, update(tool)) };
  });
}
