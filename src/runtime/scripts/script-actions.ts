/** Replies that act through a program: one control block, its payloads, and a completion that ends the task. */
import type { IdSource } from "../../base/ids.ts";
import type { NewEvent } from "../../protocol/events.ts";
import type { TurnError } from "../../protocol/items.ts";
import {
  type AssistantMessage,
  awaitsModel,
  type Entry,
  hasUnseenWords,
  lastReplyOf,
  type ScriptEntry,
  type TurnState,
} from "../../protocol/state.ts";
import { PayloadDesk } from "../../scripting/payload-desk.ts";
import { foreignEnvelope } from "../../scripting/protocol-messages.ts";
import { parseReply } from "../../scripting/reply-parser.ts";
import { judgeReply, type ReplyVerdict } from "../../scripting/reply-verdict.ts";
import type { EventHub } from "../event-hub.ts";
import { remark } from "../remark.ts";
import type { RepetitionWatch } from "../repetition-watch.ts";
import type { ResponsePart } from "../sampling.ts";
import type { ToolRegistry } from "../tool-registry.ts";
import {
  ACTED,
  type ActionEnd,
  DONE,
  ended,
  type ReadResponse,
  type ResponseKind,
  type TurnActions,
} from "../turn-actions.ts";
import type { ScriptRunner } from "./script-runner.ts";

export interface ScriptActionsOptions {
  readonly hub: EventHub;
  readonly ids: IdSource;
  readonly registry: ToolRegistry;
  readonly runner: ScriptRunner;
  readonly repetition: RepetitionWatch;
  /** The same path, however it is written. */
  readonly resolvePath: (path: string) => string;
}

/** Replies in a row that may be told "nothing was executed" for a foreign envelope; then it is taken as an answer. */
const MAX_CORRECTIONS = 2;
/** Replies in a row that may break the protocol before the turn gives up. */
const MAX_REJECTIONS = 6;

const NATIVE_CALL =
  "[EXECUTION RESULT]\nPROTOCOL ERROR: nothing was executed. There are no native tool calls in this session: write a fenced ```codepilot block of Python that calls the functions.";

const NATIVE_CALL_BESIDE =
  "PROTOCOL ERROR: of your last reply only the program was run. There are no native tool calls in this session: make every call in the ```codepilot block.";

const protocolError: TurnError = {
  class: "bad-response",
  message: `The model broke the reply protocol ${MAX_REJECTIONS} times in a row.`,
  next: "Choose a stronger model, or use interface “tools” for this one.",
};

export class ScriptActions implements TurnActions {
  readonly parseBlocks = true;
  readonly #options: ScriptActionsOptions;
  #corrections = 0;
  #rejections = 0;
  #isFirst = true;

  constructor(options: ScriptActionsOptions) {
    this.#options = options;
  }

  prepare(): void {
    this.#options.runner.warmUp();
  }

  read(parts: readonly ResponsePart[], kind: ResponseKind): ReadResponse {
    const kept = parts.filter((part) => part.kind === "item");
    const messages = kept.flatMap(({ item }) => (item.kind === "assistant_message" ? [item] : []));
    return { parts: kept, events: this.#consequences(messages, kind, kept.length < parts.length) };
  }

  /** What follows from a reply, to be written behind it: a program to run, or words to the model. */
  #consequences(messages: readonly AssistantMessage[], kind: ResponseKind, calledNatively: boolean): NewEvent[] {
    const { ids } = this.#options;
    const texts = messages.map((item) => item.text);
    const verdict = this.#judge(texts, kind === "cut");
    const events: NewEvent[] = [];
    if (verdict.kind === "run") {
      const itemId = messages.find((item) => item.blocks?.some((block) => block.kind === "control"))?.id ?? "";
      events.push({
        type: "script.started",
        scriptId: ids.next("script"),
        itemId,
        language: "python",
        source: verdict.source,
      });
      if (calledNatively) events.push(remark(ids, NATIVE_CALL_BESIDE));
    } else if (verdict.kind === "rejected") {
      events.push(remark(ids, `[EXECUTION RESULT]\n${verdict.message}`));
    } else if (calledNatively) {
      events.push(remark(ids, NATIVE_CALL));
    } else if (verdict.foreignEnvelope && this.#corrections < MAX_CORRECTIONS) {
      events.push(remark(ids, `[EXECUTION RESULT]\n${foreignEnvelope()}`));
      this.#corrections += 1;
    }
    if (verdict.kind === "run") this.#corrections = 0;
    const didNothing = verdict.kind === "rejected" || (calledNatively && verdict.kind !== "run");
    this.#rejections = didNothing ? this.#rejections + 1 : 0;
    return events;
  }

  async perform(signal: AbortSignal): Promise<ActionEnd> {
    if (this.#rejections >= MAX_REJECTIONS) return ended({ reason: "failed", error: protocolError });
    const turn = this.#options.hub.state.turns.at(-1);
    const script = turn?.entries.findLast(belongsToLastStep(turn));
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (script?.kind !== "script") return isFirst ? this.#takeUp(signal) : awaitsModel(turn) ? ACTED : DONE;
    const verdict = this.#verdictOf(script);
    const completes = verdict?.completion !== null && verdict?.completion !== undefined;
    if (script.outcome === undefined) {
      const program = { payloads: this.#payloadsOf(script), completes };
      const end = await this.#options.runner.run(script, program, (earlier) => this.#payloadsOf(earlier), signal);
      if (end.kind === "unavailable") return ended({ reason: "failed", error: end.error });
    }
    if (signal.aborted) return ACTED;
    const outcome = this.#scriptById(script.scriptId)?.outcome;
    if (completes && outcome?.clean) return hasUnseenWords(turn) ? ACTED : DONE;
    const action = {
      name: "script",
      input: script.source,
      status: outcome?.status ?? "",
      output: outcome?.output ?? "",
      summary: "the same block of Python",
    };
    const lastCall = turn?.entries.findLast((entry) => entry.kind === "tool");
    const callId = lastCall?.kind === "tool" ? lastCall.callId : script.scriptId;
    return this.#options.repetition.observe([action], callId, signal);
  }

  async dispose(): Promise<void> {
    await this.#options.runner.endTurn();
  }

  /** A turn whose newest reply runs nothing; of one that is resumed, what follows from it may not be written yet. */
  async #takeUp(signal: AbortSignal): Promise<ActionEnd> {
    const { hub } = this.#options;
    const turn = hub.state.turns.at(-1);
    if (awaitsModel(turn)) return ACTED;
    const reply = lastReplyOf(turn);
    if (reply.some(({ incomplete }) => incomplete === "interrupted")) return ended({ reason: "interrupted" });
    const cut = reply.some(({ incomplete }) => incomplete === "token-limit");
    const events = this.#consequences(reply, cut ? "cut" : "whole", false);
    if (events.length === 0) return DONE;
    await hub.emit(events);
    return this.perform(signal);
  }

  #judge(texts: readonly string[], cut: boolean): ReplyVerdict {
    const toolNames = this.#options.registry.specs().map((spec) => spec.name);
    return judgeReply(parseReply(texts.join("\n\n")), { cut, toolNames });
  }

  /** What the reply said that this program stood in. */
  #verdictOf(script: ScriptEntry): Extract<ReplyVerdict, { kind: "run" }> | undefined {
    const entries = this.#options.hub.state.turns.at(-1)?.entries ?? [];
    const texts = entries.flatMap((entry) =>
      entry.kind === "item" && entry.step === script.step && entry.item.kind === "assistant_message"
        ? [entry.item.text]
        : [],
    );
    const verdict = this.#judge(texts, false);
    return verdict.kind === "run" ? verdict : undefined;
  }

  #payloadsOf(script: ScriptEntry): PayloadDesk {
    return new PayloadDesk(this.#verdictOf(script)?.payloads ?? [], this.#options.resolvePath);
  }

  #scriptById(scriptId: string): ScriptEntry | undefined {
    const entries = this.#options.hub.state.turns.at(-1)?.entries ?? [];
    return entries.findLast((entry): entry is ScriptEntry => entry.kind === "script" && entry.scriptId === scriptId);
  }
}

/** The newest program, as long as no later response has come. */
function belongsToLastStep(turn: TurnState | undefined): (entry: Entry) => entry is ScriptEntry {
  return (entry): entry is ScriptEntry => entry.kind === "script" && entry.step === (turn?.steps ?? 0) - 1;
}
