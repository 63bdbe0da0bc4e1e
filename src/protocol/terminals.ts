/** What is told about a terminal to the model, the panel and the journal. */
import * as z from "zod";

export const terminalInfoSchema = z.object({
  /** Unique within an agent session; `main` is always listed. */
  name: z.string(),
  shell: z.string(),
  /** Null before the first need has spawned it, and after its end. */
  pid: z.nullable(z.number()),
  cwd: z.string(),
  createdBy: z.enum(["agent", "person"]),
  /** It goes on when the session is closed. */
  kept: z.optional(z.boolean()),
  /** `unknown`: this shell has no markers, so the end of a command can not be known. */
  status: z.enum(["not-started", "idle", "running", "unknown", "exited"]),
  /** The command that is running or ran last. */
  command: z.nullable(z.string()),
  /** Its id; journals from before it was there have none. */
  commandId: z.optional(z.string()),
  exitCode: z.nullable(z.number()),
});
export type TerminalInfo = z.infer<typeof terminalInfoSchema>;

/** Whether a shell lives in it. */
export function isLiving({ status }: Pick<TerminalInfo, "status">): boolean {
  return status !== "not-started" && status !== "exited";
}

/** A command that the person typed into a terminal of the session, and that is over. */
export const personCommandSchema = z.object({
  terminal: z.string(),
  commandId: z.string(),
  /** Number of this command in its terminal, from 1. */
  ordinal: z.number(),
  command: z.string(),
  /** `exited`: the shell itself ended with it. */
  status: z.enum(["completed", "exited"]),
  exitCode: z.nullable(z.number()),
  cwd: z.nullable(z.string()),
  durationMs: z.number(),
  /** Head and tail; where something was left out, a line of its own says how much. */
  output: z.string(),
  /** Characters left out in `output`. */
  droppedChars: z.number(),
});
export type PersonCommand = z.infer<typeof personCommandSchema>;
