/**
 * What a client and the pty host say to each other over the control socket: JSON lines. The first line of a client
 * says what the connection is for:
 *   `session`  the terminals of one agent session: requests with ids, replies, events
 *   `view`     somebody who looks at one terminal: after one line back, raw bytes both ways
 *   `lookup`   which sessions there are; one line back and the end
 * A terminal's data socket speaks the same raw format as `view` and needs no first line from the client.
 */
import * as z from "zod";
import { terminalInfoSchema } from "./terminals.ts";

/** Raised by every change that one side would misunderstand; hosts of different versions live beside each other. */
export const ptyHostVersion = 1;

/** Of one line. A command or an environment may be large; nothing that is meant well is larger. */
export const maxLineBytes = 16 * 1024 * 1024;

/** Of the first line: at most an environment, which the system limits to less. */
export const maxOpeningBytes = 4 * 1024 * 1024;

const opening = { version: z.number(), token: z.string() };

const beginningSchema = z.object({
  /** Joins a session that is there, but begins none. */
  onlyJoin: z.boolean(),
  cwd: z.string(),
  shell: z.string().exactOptional(),
  /** Of shells that are started from now on. */
  environment: z.record(z.string(), z.string()),
});
export type Beginning = z.infer<typeof beginningSchema>;

export const openingSchema = z.discriminatedUnion("type", [
  z.object({
    ...opening,
    type: z.literal("session"),
    session: z.string().min(1).max(200),
    /** Null for somebody who neither begins it nor changes how its shells start. */
    begin: z.nullable(beginningSchema),
  }),
  z.object({
    ...opening,
    type: z.literal("view"),
    session: z.string(),
    terminal: z.string(),
    /** By which `resize` names it. */
    viewer: z.string(),
    /** The terminal gets it before the repaint is made. */
    size: z.object({ cols: z.number(), rows: z.number() }).exactOptional(),
  }),
  z.object({ ...opening, type: z.literal("lookup") }),
]);
export type Opening = z.infer<typeof openingSchema>;

/** A session as `lookup` and `welcome` tell it. */
const hostedSessionSchema = z.object({
  session: z.string(),
  /** Epoch milliseconds of the last command, keystroke or opening. */
  activeAt: z.number(),
  terminals: z.array(z.object({ ...terminalInfoSchema.shape, socketPath: z.nullable(z.string()) })),
});
export type HostedSession = z.infer<typeof hostedSessionSchema>;

/** The first line of the host. A `view` gets `{ pid, cols, rows, snapshotBytes }` instead of a welcome. */
export const greetingSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    pid: z.number(),
    terminals: z.array(terminalInfoSchema),
    /** Ids of commands whose end can be followed. */
    commandIds: z.array(z.string()),
  }),
  z.object({ type: z.literal("sessions"), pid: z.number(), sessions: z.array(hostedSessionSchema) }),
  /** There is no such session, and it was not to be begun. */
  z.object({ type: z.literal("unknown") }),
  z.object({
    type: z.literal("refused"),
    /** `ending`: this host takes no sessions any more; another one may be started. */
    reason: z.enum(["version", "token", "malformed", "ending"]),
    message: z.string(),
  }),
]);
export type Greeting = z.infer<typeof greetingSchema>;

export const viewGreetingSchema = z.object({
  pid: z.nullable(z.number()),
  cols: z.number(),
  rows: z.number(),
  /** Of the repaint that comes first. */
  snapshotBytes: z.number(),
});

/** A request; `cancel` names the one whose signal is to be aborted and gets no reply. */
export const requestSchema = z.object({ id: z.number(), op: z.string(), request: z.unknown() });

/** From the host, on a `session` connection. */
export type HostMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  /** Output of the command that request `id` waits for. */
  | { readonly id: number; readonly output: string }
  | { readonly event: unknown }
  | { readonly unclaimed: unknown };
