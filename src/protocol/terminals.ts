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
