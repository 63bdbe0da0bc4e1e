/** Where scenes are played: makes events with their envelope, and waits for what the person does. */
import type { AgentEvent, NewEvent } from "../../../src/protocol/events.ts";
import type { ToolDisplay, Usage, UserInput } from "../../../src/protocol/items.ts";
import type { Access } from "../../../src/protocol/permissions.ts";
import type { ViewEnvironment, ViewMessage } from "../../../src/protocol/webview.ts";

export interface Scene {
  /** What the journal holds when the panel opens. */
  readonly before?: (script: Script) => void;
  /** What happens while it is open. */
  readonly play?: (stage: Stage) => Promise<void>;
  readonly environment?: Partial<ViewEnvironment>;
  /** Overrides of the snapshot, for states that no event makes. */
  readonly interrupted?: boolean;
  readonly noSession?: boolean;
}

export const SESSION_ID = "session-1";
export const FOLDER = "/home/ada/shop";

/** Writes events with rising numbers and times. */
export class Script {
  readonly events: AgentEvent[] = [];
  seq = 0;
  at: number;
  #ids = 0;
  turnId = "";

  constructor(at: number) {
    this.at = at;
  }

  id(prefix: string): string {
    return `${prefix}-${++this.#ids}`;
  }

  add(event: NewEvent, afterMs = 20): AgentEvent {
    this.at += afterMs;
    const envelope = { v: 1 as const, seq: ++this.seq, at: this.at, sessionId: SESSION_ID };
    const whole = { ...envelope, ...(this.turnId ? { turnId: this.turnId } : {}), ...event } as AgentEvent;
    this.events.push(whole);
    return whole;
  }

  opened(): this {
    this.add({
      type: "session.opened",
      cwd: FOLDER,
      folders: [FOLDER],
      model: "openai/gpt-5.2",
      interface: "tools",
      dialect: "codepilot",
      productVersion: "0.1.0",
    });
    return this;
  }

  turn(text: string, input: Omit<UserInput, "text"> = {}): this {
    this.turnId = this.id("turn");
    const itemId = this.id("item");
    this.add({ type: "turn.started", input: { text, ...input }, itemId, model: "openai/gpt-5.2" }, 4_000);
    return this;
  }

  reasoning(text: string, ms = 3_400): this {
    this.add({ type: "item.finished", item: { kind: "reasoning", id: this.id("item"), text } }, ms);
    return this;
  }

  says(text: string, ms = 1_200): this {
    this.add({ type: "item.finished", item: { kind: "assistant_message", id: this.id("item"), text } }, ms);
    return this;
  }

  request(tool: string, args: unknown, summary: string): string {
    const callId = this.id("call");
    const argumentsText = typeof args === "string" ? args : JSON.stringify(args);
    this.add({ type: "tool.requested", callId, tool, argumentsText, summary });
    return callId;
  }

  response(usage: Partial<Usage> = {}): this {
    const whole = { inputTokens: 8_412, cachedInputTokens: 7_168, outputTokens: 356, reasoningTokens: 128, ...usage };
    this.add({ type: "usage.updated", usage: whole, model: "openai/gpt-5.2" });
    return this;
  }

  start(callId: string): this {
    this.add({ type: "tool.started", callId, recovery: { kind: "repeat" } });
    return this;
  }

  /** A command begins in a terminal. */
  begin(callId: string, terminal = "main"): this {
    this.add({ type: "tool.started", callId, recovery: { kind: "command", terminal, commandId: `of-${callId}` } });
    return this;
  }

  /** What it prints while its call waits. */
  prints(callId: string, chunk: string, afterMs = 20): this {
    this.add({ type: "tool.output", callId, chunk }, afterMs);
    return this;
  }

  finish(
    callId: string,
    status: "done" | "failed" | "denied" | "cancelled" | "interrupted",
    display?: ToolDisplay,
    output = "",
    durationMs = 140,
  ): this {
    const outcome = { status, output, durationMs, ...(display ? { display } : {}) };
    this.add({ type: "tool.finished", callId, outcome }, durationMs);
    return this;
  }

  /** Requested, answered by the model's response, run and done. */
  tool(tool: string, args: unknown, summary: string, display: ToolDisplay, durationMs = 140): this {
    const callId = this.request(tool, args, summary);
    this.response();
    return this.start(callId).finish(callId, "done", display, "", durationMs);
  }

  ask(callId: string, tool: string, title: string, access: Access, session: string | null, reason: string): string {
    const permissionId = this.id("permission");
    this.add({
      type: "permission.asked",
      request: {
        permissionId,
        callId,
        tool,
        access,
        title,
        reason,
        sessionKey: session === null ? null : `key:${session}`,
        sessionLabel: session,
      },
    });
    return permissionId;
  }

  allow(permissionId: string): this {
    const answer = { decision: "allowed" as const, scope: "once" as const, by: "person" as const };
    this.add({ type: "permission.answered", permissionId, answer }, 2_000);
    return this;
  }

  end(reason: "completed" | "failed" | "interrupted" | "limit" = "completed", steps = 3, durationMs = 24_300): this {
    this.add({ type: "turn.finished", reason, steps, durationMs });
    this.turnId = "";
    return this;
  }
}

export interface Stage {
  readonly script: Script;
  /** Sends what the script has written since the last call. */
  send(): void;
  sleep(ms: number): Promise<void>;
  /** The next message of the panel that fits. */
  next(fits: (message: ViewMessage) => boolean): Promise<ViewMessage>;
  /** Streams a text in small pieces and finishes the item. */
  stream(text: string, kind?: "assistant_message" | "reasoning", charsPerSecond?: number): Promise<void>;
  stopped(): boolean;
}
