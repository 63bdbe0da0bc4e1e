/** The requests of a session's client: each one is an operation of the terminals' port, with its arguments checked. */
import * as z from "zod";
import type { HostedSession } from "./hosted-session.ts";

export interface RequestContext {
  readonly session: HostedSession;
  readonly endSession: () => Promise<void>;
  /** Aborted when the client cancels the request. */
  readonly signal: AbortSignal;
  /** Aborted when the client is gone: what it has begun goes on. */
  readonly left: AbortSignal;
  readonly output: (chunk: string) => void;
  readonly watchOutput: (on: boolean) => void;
}

const named = z.object({ name: z.string() });
/** A reply must fit into one line, whatever its characters are escaped to. */
const maxChars = 2_000_000;
const chars = z.number().transform((count) => Math.min(count, maxChars));
const reading = { terminal: z.string(), timeoutMs: z.number(), maxOutputChars: chars };
const waitFor = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("text"), text: z.string() }),
  z.object({ kind: z.literal("port"), port: z.number() }),
]);
const waiting = {
  commandId: z.string(),
  timeoutMs: z.number(),
  waitFor: waitFor.exactOptional(),
  heard: z.boolean(),
};

/** Output that nobody is there to get must stay for the next one. */
function eitherOf({ signal, left }: Pick<RequestContext, "signal" | "left">): AbortSignal {
  return AbortSignal.any([signal, left]);
}

type Answer = (request: unknown, context: RequestContext) => Promise<unknown>;

function operation<Request>(
  schema: z.ZodType<Request>,
  perform: (request: Request, context: RequestContext) => unknown,
): Answer {
  return async (request, context) => perform(schema.parse(request), context);
}

const operations: Readonly<Record<string, Answer>> = {
  create: operation(
    z.object({
      name: z.string(),
      shell: z.string().exactOptional(),
      cwd: z.string().exactOptional(),
      createdBy: z.enum(["agent", "person"]),
      cols: z.number().exactOptional(),
      rows: z.number().exactOptional(),
      keep: z.boolean().exactOptional(),
    }),
    (request, { session }) => session.engine.open(request),
  ),
  run: operation(
    z.object({ ...waiting, terminal: z.string(), command: z.string(), maxOutputChars: chars }),
    ({ heard, ...request }, { session, signal, left, output }) =>
      session.engine.run({ ...request, signal, left, ...(heard ? { onOutput: output } : {}) }),
  ),
  follow: operation(z.object(waiting), ({ heard, ...request }, { session, signal, left, output }) =>
    session.engine.follow({ ...request, signal, left, ...(heard ? { onOutput: output } : {}) }),
  ),
  read: operation(z.object(reading), (request, { session, ...stop }) =>
    session.engine.read({ ...request, signal: eitherOf(stop) }),
  ),
  write: operation(z.object({ ...reading, text: z.string() }), (request, { session, ...stop }) =>
    session.engine.write({ ...request, signal: eitherOf(stop) }),
  ),
  read_spool: operation(
    z.object({
      terminal: z.string(),
      ordinal: z.number().exactOptional(),
      fromLine: z.number(),
      lineCount: z.number(),
      maxOutputChars: chars,
    }),
    (request, { session, ...stop }) => session.engine.readSpool({ ...request, signal: eitherOf(stop) }),
  ),
  signal: operation(
    z.object({
      terminal: z.string(),
      commandId: z.string().exactOptional(),
      by: z.literal("person").exactOptional(),
    }),
    (request, { session }) => session.engine.interrupt(request),
  ),
  terminate: operation(named, ({ name }, { session }) => session.engine.terminate(name)),
  resize: operation(
    z.object({ viewer: z.string(), cols: z.number(), rows: z.number() }),
    ({ viewer, cols, rows }, { session }) => session.resize(viewer, cols, rows),
  ),
  retell: operation(z.object({}), (_, { session }) => session.engine.retell()),
  acknowledge: operation(z.object({ commandId: z.string() }), ({ commandId }, { session }) =>
    session.engine.acknowledge(commandId),
  ),
  watch_output: operation(z.object({ on: z.boolean() }), ({ on }, { watchOutput }) => watchOutput(on)),
  close_session: operation(z.object({}), (_, { endSession }) => endSession()),
};

/** Rejects for an operation that does not exist and for arguments that do not fit it. */
export async function answerRequest(op: string, request: unknown, context: RequestContext): Promise<unknown> {
  const answer = Object.hasOwn(operations, op) ? operations[op] : undefined;
  if (answer === undefined) throw new Error(`there is no operation ${JSON.stringify(op)}`);
  const result = await answer(request, context);
  return result === undefined ? null : result;
}
