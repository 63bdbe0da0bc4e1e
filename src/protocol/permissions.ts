/**
 * Permission requests and answers. A request is a record in the journal; modal, card, status bar and QuickPick
 * are views of that record. `access` is what a tool says it is about to do, on the very path or command it will use.
 */
import * as z from "zod";

/** What one call is about to touch. Paths are absolute with symlinks resolved. */
export const accessSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("none") }),
  z.object({ kind: z.literal("read"), path: z.string(), insideWorkspace: z.boolean() }),
  z.object({
    kind: z.literal("write"),
    path: z.string(),
    insideWorkspace: z.boolean(),
    /** The file exists and its current bytes were not read in this session. */
    unread: z.boolean(),
    change: z.enum(["create", "modify"]),
    /** Unified diff, bounded. */
    diff: z.string(),
    addedLines: z.number(),
    removedLines: z.number(),
  }),
  z.object({
    kind: z.literal("execute"),
    command: z.string(),
    cwd: z.string(),
    terminal: z.string(),
    /** The new terminal that it runs in goes on when the session ends. */
    keep: z.optional(z.literal(true)),
    /** What is waited for besides its end, in words. */
    waitsFor: z.optional(z.string()),
  }),
  /** Keystrokes into a terminal. */
  z.object({ kind: z.literal("input"), terminal: z.string(), text: z.string(), running: z.nullable(z.string()) }),
  z.object({ kind: z.literal("terminate"), terminal: z.string(), createdBy: z.enum(["agent", "person"]) }),
]);
export type Access = z.infer<typeof accessSchema>;

export const permissionRequestSchema = z.object({
  permissionId: z.string(),
  callId: z.string(),
  tool: z.string(),
  access: accessSchema,
  /** One line: verb and target. */
  title: z.string(),
  /** Why it was asked: the rule that decided. */
  reason: z.string(),
  /** What "Allow in this session" would remember; null when this kind of request is asked every time. */
  sessionKey: z.nullable(z.string()),
  /** The remembered thing in words, e.g. `npm test` or `src/a.ts`. */
  sessionLabel: z.nullable(z.string()),
});
export type PermissionRequest = z.infer<typeof permissionRequestSchema>;

export const permissionDecisionSchema = z.object({
  decision: z.enum(["allowed", "denied", "cancelled"]),
  /** `session`: remembered under the request's `sessionKey` until the session is closed. */
  scope: z.enum(["once", "session"]),
  by: z.enum(["person", "flag", "handler", "nobody", "runtime"]),
  /** The person's words to the model when refusing. */
  note: z.optional(z.string()),
});
export type PermissionDecision = z.infer<typeof permissionDecisionSchema>;

export const questionSchema = z.object({
  questionId: z.string(),
  callId: z.string(),
  question: z.string(),
  choices: z.optional(z.array(z.string())),
});
export type Question = z.infer<typeof questionSchema>;

export const questionAnswerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("answered"), text: z.string() }),
  z.object({ kind: z.literal("cancelled") }),
]);
export type QuestionAnswer = z.infer<typeof questionAnswerSchema>;

export const approvalPolicySchema = z.enum(["untrusted", "on-request", "on-failure", "never"]);
export type ApprovalPolicy = z.infer<typeof approvalPolicySchema>;
