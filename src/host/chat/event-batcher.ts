/**
 * Between a session's events and the panel: at most 20 messages a second, deltas of the same item merged, what the
 * person waits for (a request, an end) sent at once.
 */
import { endOfRaw } from "../../base/raw-output.ts";
import type { AgentEvent, EventOf, EventType } from "../../protocol/events.ts";
import { OUTPUT_CHUNK_CHARS, slimEvent } from "./slim.ts";

export const BATCH_INTERVAL_MS = 50;

const URGENT: ReadonlySet<EventType> = new Set<EventType>([
  "permission.asked",
  "permission.answered",
  "question.asked",
  "question.answered",
  "turn.started",
  "turn.finished",
]);

/** Without effect on what the panel shows. */
const UNSEEN: ReadonlySet<EventType> = new Set<EventType>(["files.changed"]);

export interface EventBatch {
  /** `seq` of the last event that was sent before. */
  readonly afterSeq: number;
  readonly events: readonly AgentEvent[];
}

export interface EventBatcherOptions {
  /** What the snapshot that the panel has ends with. */
  readonly sentSeq: number;
  readonly send: (batch: EventBatch) => void;
  /** Whether a card shows what is printed in this terminal now: a command that goes on after its call. */
  readonly hasCard: (terminal: string) => boolean;
  readonly timer?: BatcherTimer;
}

export interface BatcherTimer {
  set(callback: () => void, delayMs: number): unknown;
  clear(handle: unknown): void;
}

const systemTimer: BatcherTimer = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

export class EventBatcher {
  readonly #send: (batch: EventBatch) => void;
  readonly #hasCard: (terminal: string) => boolean;
  readonly #timer: BatcherTimer;
  #pending: AgentEvent[] = [];
  #waiting: unknown;
  #sentSeq: number;

  constructor({ sentSeq, send, hasCard, timer = systemTimer }: EventBatcherOptions) {
    this.#sentSeq = sentSeq;
    this.#send = send;
    this.#hasCard = hasCard;
    this.#timer = timer;
  }

  /** `seq` of the last event that was sent. */
  get sentSeq(): number {
    return this.#sentSeq;
  }

  push(event: AgentEvent): void {
    if (UNSEEN.has(event.type) || (event.type === "terminal.output" && !this.#hasCard(event.terminal))) return;
    const last = this.#pending.at(-1);
    const merged = last && merge(last, event);
    if (merged) this.#pending[this.#pending.length - 1] = merged;
    else this.#pending.push(slimEvent(event));
    if (URGENT.has(event.type)) this.flush();
    else this.#waiting ??= this.#timer.set(() => this.flush(), BATCH_INTERVAL_MS);
  }

  flush(): void {
    if (this.#waiting !== undefined) this.#timer.clear(this.#waiting);
    this.#waiting = undefined;
    if (this.#pending.length === 0) return;
    const events = this.#pending;
    this.#pending = [];
    const afterSeq = this.#sentSeq;
    this.#sentSeq = events.at(-1)?.seq ?? afterSeq;
    this.#send({ afterSeq, events });
  }

  dispose(): void {
    if (this.#waiting !== undefined) this.#timer.clear(this.#waiting);
    this.#waiting = undefined;
    this.#pending = [];
  }
}

/** Both as one, carrying the later `seq`; undefined where they are not parts of one stream. */
function merge(first: AgentEvent, second: AgentEvent): AgentEvent | undefined {
  if (isDelta(first) && first.type === second.type && first.itemId === second.itemId) {
    return { ...second, delta: first.delta + second.delta };
  }
  if (first.type === "tool.output" && second.type === "tool.output" && first.callId === second.callId) {
    return { ...second, chunk: endOfRaw(first.chunk + second.chunk, OUTPUT_CHUNK_CHARS) };
  }
  if (first.type === "script.output" && second.type === "script.output" && first.scriptId === second.scriptId) {
    return { ...second, chunk: (first.chunk + second.chunk).slice(-OUTPUT_CHUNK_CHARS) };
  }
  if (first.type === "terminal.output" && second.type === "terminal.output" && first.terminal === second.terminal) {
    return { ...second, chunk: endOfRaw(first.chunk + second.chunk, OUTPUT_CHUNK_CHARS) };
  }
  if (first.type === "block.delta" && second.type === "block.delta") {
    const same = first.itemId === second.itemId && first.index === second.index;
    return same ? { ...second, delta: first.delta + second.delta } : undefined;
  }
  return undefined;
}

function isDelta(event: AgentEvent): event is EventOf<"text.delta"> | EventOf<"reasoning.delta"> {
  return event.type === "text.delta" || event.type === "reasoning.delta";
}
