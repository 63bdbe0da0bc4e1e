/**
 * What a conversation is made of: the words of person and model, the model's reasoning, and what a tool
 * showed. Shared by events, the reducer, the journal and the webview.
 */
import * as z from "zod";
import { replyBlockSchema } from "./reply-blocks.ts";

/** An image as the person attached it. `data` is base64. */
export const imageSchema = z.object({ mediaType: z.string(), data: z.string() });
export type Image = z.infer<typeof imageSchema>;

/** What a person hands over with `turn.submit` or `turn.steer`. */
export const userInputSchema = z.object({ text: z.string(), images: z.optional(z.array(imageSchema)) });
export type UserInput = z.infer<typeof userInputSchema>;

/** Opaque provider data that has to be sent back as it came (encrypted reasoning, thinking signatures). */
export const replaySchema = z.object({ provider: z.string(), model: z.string(), data: z.json() });
export type Replay = z.infer<typeof replaySchema>;

export const itemSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("user_message"),
    id: z.string(),
    text: z.string(),
    images: z.optional(z.array(imageSchema)),
    /**
     * `steer`: injected while a turn ran. `runtime`: words of the runtime to the model, shown as a notice. `terminal`: what
     * the person did in terminals, which was shown when they did it.
     */
    origin: z.enum(["person", "steer", "runtime", "terminal"]),
  }),
  z.object({
    kind: z.literal("assistant_message"),
    id: z.string(),
    text: z.string(),
    replay: z.optional(replaySchema),
    /** Set when the reply was cut (token limit, interrupt): the text is what had arrived. */
    incomplete: z.optional(z.enum(["token-limit", "interrupted"])),
    /** The protocol blocks in `text`, in an interface where replies are programs. */
    blocks: z.optional(z.array(replyBlockSchema)),
  }),
  z.object({ kind: z.literal("reasoning"), id: z.string(), text: z.string(), replay: z.optional(replaySchema) }),
]);
export type Item = z.infer<typeof itemSchema>;

export const fileChangeSchema = z.object({
  /** Absolute path. */
  path: z.string(),
  kind: z.enum(["created", "modified", "deleted"]),
  addedLines: z.number(),
  removedLines: z.number(),
  /** SHA-256 in hex; null: the file did not exist before. */
  beforeHash: z.nullable(z.string()),
  afterHash: z.nullable(z.string()),
});
export type FileChange = z.infer<typeof fileChangeSchema>;

/** What the model was told of a file that changed. */
export const toldFileSchema = z.object({
  /** Absolute path. */
  path: z.string(),
  state: z.enum(["content", "gone", "folder", "special", "too-large", "unreadable", "elsewhere"]),
  /** SHA-256 in hex of the content it was told of; null in every other state. */
  hash: z.nullable(z.string()),
  /** It was shown every changed line, so it knows this content as it knew the one before. */
  seen: z.boolean(),
});
export type ToldFile = z.infer<typeof toldFileSchema>;

/** What a tool shows to the eye; what it tells the model is `output`. Each may change without the other. */
export const toolDisplaySchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("text"), text: z.string() }),
  z.object({
    kind: z.literal("read"),
    path: z.string(),
    startLine: z.number(),
    endLine: z.number(),
    totalLines: z.number(),
    /** SHA-256 of the whole file as read; after a resume it tells what the model has seen. */
    hash: z.string(),
  }),
  z.object({ kind: z.literal("search"), pattern: z.string(), matches: z.number(), truncated: z.boolean() }),
  /** `diff` is unified, bounded to 40,000 characters; the whole is in the before-image of the session's store. */
  z.object({ kind: z.literal("edit"), change: fileChangeSchema, diff: z.string(), diffTruncated: z.boolean() }),
  z.object({
    kind: z.literal("command"),
    terminal: z.string(),
    command: z.string(),
    /** Of a command that goes on. */
    commandId: z.optional(z.string()),
    status: z.enum(["completed", "running", "unknown", "exited"]),
    exitCode: z.nullable(z.number()),
    cwd: z.nullable(z.string()),
    /** With the escape sequences of its colours. */
    outputTail: z.string(),
    /** Set when the person ended it from the window. */
    endedBy: z.optional(z.literal("person")),
    /** Whether the text or port that was waited for was seen. */
    ready: z.optional(z.boolean()),
  }),
]);
export type ToolDisplay = z.infer<typeof toolDisplaySchema>;

export const toolOutcomeSchema = z.object({
  /**
   * done: ran. failed: ran or was refused by its own checks. denied: the gate said no. cancelled: stopped by the
   * person before or while it ran. interrupted: the process died while it ran and its effect is not known.
   */
  status: z.enum(["done", "failed", "denied", "cancelled", "interrupted"]),
  /** The text the model gets. */
  output: z.string(),
  /** Images the model gets beside the text. */
  images: z.optional(z.array(imageSchema)),
  display: z.optional(toolDisplaySchema),
  durationMs: z.number(),
});
export type ToolOutcome = z.infer<typeof toolOutcomeSchema>;

/** Which call of which script this is. */
export const scriptCallSchema = z.object({
  scriptId: z.string(),
  /** Counts the script's calls from 1: how a re-run finds what it was answered. */
  index: z.number(),
  /** Line of the program, from 1. */
  line: z.nullable(z.number()),
});
export type ScriptCallRef = z.infer<typeof scriptCallSchema>;

export const scriptOutcomeSchema = z.object({
  /**
   * completed: ran to its end. failed: an exception, a limit or a crash ended it. cancelled: stopped by the person.
   * interrupted: its process died and it could not be taken up again.
   */
  status: z.enum(["completed", "failed", "cancelled", "interrupted"]),
  /** Ran without an error, did every write it asked for and used every payload: only then may its task end. */
  clean: z.boolean(),
  /** What the model gets: prints and results in their order, bounded. */
  output: z.string(),
  /** What it printed, for the eye, bounded. */
  printed: z.string(),
  /** Line of the program where it ended in an error. */
  errorLine: z.optional(z.number()),
  /** Global names that the task's programs have made. Null: they are gone with the interpreter. */
  names: z.nullable(z.array(z.string())),
  durationMs: z.number(),
});
export type ScriptOutcome = z.infer<typeof scriptOutcomeSchema>;

export const usageSchema = z.object({
  /** All input tokens, cached ones included. */
  inputTokens: z.number(),
  cachedInputTokens: z.number(),
  outputTokens: z.number(),
  /** Part of `outputTokens`. */
  reasoningTokens: z.number(),
});
export type Usage = z.infer<typeof usageSchema>;

export const modelErrorClassSchema = z.enum([
  "auth",
  "rate-limit",
  "overloaded",
  "context-overflow",
  "bad-request",
  "network",
  "bad-response",
  "truncated",
]);
export type ModelErrorClass = z.infer<typeof modelErrorClassSchema>;

/** Why a turn failed, worded for the person. */
export const turnErrorSchema = z.object({
  class: z.union([modelErrorClassSchema, z.enum(["storage", "internal", "unanswered"])]),
  message: z.string(),
  /** What to do next. */
  next: z.optional(z.string()),
});
export type TurnError = z.infer<typeof turnErrorSchema>;
