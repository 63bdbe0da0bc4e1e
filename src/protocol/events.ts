/**
 * The one event vocabulary. `eventTable` marks every event durable (written to the journal before anyone sees
 * it) or live (never stored); the union, the decoder and the durable subset are derived from it.
 */
import * as z from "zod";
import { agentProfileSchema } from "./agent-profile.ts";
import {
  fileChangeSchema,
  itemSchema,
  modelErrorClassSchema,
  scriptCallSchema,
  scriptOutcomeSchema,
  toldFileSchema,
  toolOutcomeSchema,
  turnErrorSchema,
  usageSchema,
  userInputSchema,
} from "./items.ts";
import {
  permissionDecisionSchema,
  permissionRequestSchema,
  questionAnswerSchema,
  questionSchema,
} from "./permissions.ts";
import { replyBlockKindSchema } from "./reply-blocks.ts";
import { personCommandSchema, terminalInfoSchema } from "./terminals.ts";

/** Version of the envelope and of every event in it. */
export const EVENT_VERSION = 1;

const durable = <S extends z.ZodRawShape>(shape: S) => ({ durable: true as const, fields: z.object(shape) });
const live = <S extends z.ZodRawShape>(shape: S) => ({ durable: false as const, fields: z.object(shape) });

/** How a started call is resolved when its process dies before the result was written (see runtime/recovery.ts). */
export const recoverySchema = z.discriminatedUnion("kind", [
  /** No effects: run it again. */
  z.object({ kind: z.literal("repeat") }),
  /** The file's hash tells whether the edit was applied. */
  z.object({
    kind: z.literal("edit"),
    path: z.string(),
    beforeHash: z.nullable(z.string()),
    afterHash: z.string(),
  }),
  /** A command in a terminal, found again by its id. */
  z.object({ kind: z.literal("command"), terminal: z.string(), commandId: z.string() }),
  /** Not knowable: reported to the model as interrupted. */
  z.object({ kind: z.literal("unknown") }),
]);
export type Recovery = z.infer<typeof recoverySchema>;

export const eventTable = {
  "session.opened": durable({
    cwd: z.string(),
    folders: z.array(z.string()),
    model: z.string(),
    interface: z.enum(["tools", "python", "javascript"]),
    dialect: z.enum(["codepilot", "codex"]),
    /** What an agent file came to when the session was opened. */
    agent: z.optional(agentProfileSchema),
    productVersion: z.string(),
  }),
  "session.closed": durable({}),
  /** Other folders are open now than those the session knew; what lies in them is inside the workspace, and nothing else. */
  "folders.changed": durable({ folders: z.array(z.string()) }),
  "model.selected": durable({ model: z.string() }),
  "turn.started": durable({
    input: userInputSchema,
    model: z.string(),
    /**
     * Id of the person's words as the first item of the turn. Journals from before it was there have an
     * `item.finished` with them instead.
     */
    itemId: z.optional(z.string()),
    /** The queued message this turn came from. */
    messageId: z.optional(z.string()),
  }),
  /** A turn that a dead process left behind goes on; what a cut response had left is listed and forgotten. */
  "turn.resumed": durable({ discardedItemIds: z.array(z.string()), discardedCallIds: z.array(z.string()) }),
  "turn.finished": durable({
    reason: z.enum(["completed", "failed", "interrupted", "limit"]),
    error: z.optional(turnErrorSchema),
    /** Model responses taken. */
    steps: z.number(),
    durationMs: z.number(),
  }),
  "item.started": live({ itemId: z.string(), kind: z.enum(["assistant_message", "reasoning"]) }),
  "item.finished": durable({ item: itemSchema }),
  "text.delta": live({ itemId: z.string(), delta: z.string() }),
  /** A protocol block of a reply as it streams; the prose around it comes as `text.delta`. */
  "block.delta": live({
    itemId: z.string(),
    /** Counts the reply's blocks from 0. */
    index: z.number(),
    kind: replyBlockKindSchema,
    filename: z.optional(z.string()),
    delta: z.string(),
  }),
  "reasoning.delta": live({ itemId: z.string(), delta: z.string() }),
  "tool.requested": durable({
    callId: z.string(),
    tool: z.string(),
    /** As the model wrote them: JSON text for function tools, free text for custom tools. */
    argumentsText: z.string(),
    /** One line for the card's title. */
    summary: z.string(),
    replay: z.optional(z.json()),
    /** Set when a script made the call. */
    script: z.optional(scriptCallSchema),
  }),
  "tool.started": durable({ callId: z.string(), recovery: recoverySchema }),
  "tool.output": live({ callId: z.string(), chunk: z.string() }),
  "tool.finished": durable({ callId: z.string(), outcome: toolOutcomeSchema }),
  /** A program of the model's is to be run. Written with the response it came in, so that none is ever forgotten. */
  "script.started": durable({
    scriptId: z.string(),
    /** The reply it stands in. */
    itemId: z.string(),
    language: z.enum(["python", "javascript"]),
    source: z.string(),
  }),
  /** What it printed, as it runs. */
  "script.output": live({ scriptId: z.string(), chunk: z.string(), line: z.nullable(z.number()) }),
  "script.finished": durable({ scriptId: z.string(), outcome: scriptOutcomeSchema }),
  "permission.asked": durable({ request: permissionRequestSchema }),
  "permission.answered": durable({
    permissionId: z.string(),
    answer: permissionDecisionSchema,
    /** Set when the answer is remembered. */
    sessionKey: z.optional(z.string()),
  }),
  "question.asked": durable({ question: questionSchema }),
  "question.answered": durable({ questionId: z.string(), answer: questionAnswerSchema }),
  "terminal.opened": durable({ terminal: terminalInfoSchema }),
  "terminal.output": live({ terminal: z.string(), chunk: z.string() }),
  "terminal.exited": durable({ terminal: z.string(), exitCode: z.nullable(z.number()) }),
  /** A command that went on after its call has ended. */
  "command.finished": durable({
    callId: z.string(),
    terminal: z.string(),
    commandId: z.string(),
    status: z.enum(["completed", "unknown", "exited"]),
    exitCode: z.nullable(z.number()),
    endedBy: z.optional(z.literal("person")),
    /** From when it began. */
    durationMs: z.number(),
    /** With the escape sequences of its colours. */
    outputTail: z.string(),
  }),
  /**
   * The person ran a command to its end in a terminal of the session. `leftOut`: how many such commands before it, and
   * after the one of the event before, are not known any more.
   */
  "terminal.ran": durable({ command: personCommandSchema, leftOut: z.number() }),
  /** From the next request on the model is told of these commands, in these words. */
  "terminal.reported": durable({
    itemId: z.string(),
    text: z.string(),
    commandIds: z.array(z.string()),
    /** How many are told to have been left out. */
    leftOut: z.number(),
  }),
  "files.changed": durable({ callId: z.string(), changes: z.array(fileChangeSchema) }),
  /**
   * The model was told, in the message before this, what became of files that it knows and that something else than
   * its own edits changed.
   */
  "environment.changed": durable({ files: z.array(toldFileSchema) }),
  /** From the next request on a finished task is told as this summary; what it was stays in the journal. */
  "context.archived": durable({
    /** The turn's id; that of the envelope is of the turn that does it. */
    taskId: z.string(),
    /** Number of the task in its session, from 1. */
    position: z.number(),
    summary: z.string(),
  }),
  /** Ends a model response: what came before it is complete. `usage` is null where the provider said nothing. */
  "usage.updated": durable({ usage: z.nullable(usageSchema), model: z.string() }),
  "model.retrying": live({
    class: modelErrorClassSchema,
    message: z.string(),
    attempt: z.number(),
    maxAttempts: z.number(),
    delayMs: z.number(),
  }),
  "message.queued": durable({ messageId: z.string(), input: userInputSchema, mode: z.enum(["steer", "queue"]) }),
  "message.injected": durable({ messageId: z.string() }),
  "message.withdrawn": durable({ messageId: z.string() }),
  "notice.raised": durable({
    level: z.enum(["info", "warning", "error"]),
    code: z.string(),
    message: z.string(),
    next: z.optional(z.string()),
  }),
};

export type EventType = keyof typeof eventTable;

/** An event without fields of its own would infer as a record of nevers, which no envelope fits. */
type Fields<T extends EventType> = keyof (typeof eventTable)[T]["fields"]["shape"] extends never
  ? unknown
  : z.infer<(typeof eventTable)[T]["fields"]>;

export interface Envelope {
  v: typeof EVENT_VERSION;
  /** Counts durable and live events of a session; a gap in a journal is where live events were. */
  seq: number;
  /** Epoch milliseconds. */
  at: number;
  sessionId: string;
  turnId?: string;
  agentId?: string;
}

export type EventOf<T extends EventType> = T extends EventType ? Envelope & { type: T } & Fields<T> : never;
/** Everything that comes out of a session. */
export type AgentEvent = EventOf<EventType>;
/** An event before the hub has put it into its envelope. */
export type NewEvent<T extends EventType = EventType> = T extends EventType ? { type: T } & Fields<T> : never;

type DurableType = { [T in EventType]: (typeof eventTable)[T]["durable"] extends true ? T : never }[EventType];
export type DurableEvent = EventOf<DurableType>;

/** Whether an event of this type is written to the journal. */
export function isDurable(event: AgentEvent): event is DurableEvent {
  return eventTable[event.type].durable;
}

const envelopeShape = {
  v: z.literal(EVENT_VERSION),
  seq: z.number(),
  at: z.number(),
  sessionId: z.string(),
  turnId: z.optional(z.string()),
  agentId: z.optional(z.string()),
};

const decoders = new Map<string, z.ZodType>();

export type Decoded =
  | { kind: "event"; event: AgentEvent }
  /** A type of a later version: kept by who copies journals, passed over by who reads them. */
  | { kind: "unknown-type"; type: string }
  | { kind: "invalid"; problem: string };

/** Checks one parsed JSON value against its row of the table. Never throws. */
export function decodeEvent(value: unknown): Decoded {
  const type = (value as { type?: unknown } | null)?.type;
  if (typeof type !== "string") return { kind: "invalid", problem: "no type" };
  if (!Object.hasOwn(eventTable, type)) return { kind: "unknown-type", type };
  let decoder = decoders.get(type);
  if (!decoder) {
    // Made on first use: building all of them costs milliseconds that a cold start does not have.
    const row = eventTable[type as EventType];
    decoder = z.object({ ...envelopeShape, type: z.literal(type), ...row.fields.shape });
    decoders.set(type, decoder);
  }
  const result = decoder.safeParse(value);
  return result.success
    ? { kind: "event", event: result.data as AgentEvent }
    : { kind: "invalid", problem: z.prettifyError(result.error) };
}
