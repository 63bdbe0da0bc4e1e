/** What a person or program asks of a session. Imperative; what follows from it comes out as events. */
import * as z from "zod";
import { userInputSchema } from "./items.ts";

export const opSchema = z.discriminatedUnion("type", [
  /** Starts a turn, or queues the input while one runs. */
  z.object({ type: z.literal("turn.submit"), input: userInputSchema }),
  /** Injects the input at the next sampling boundary of the running turn; without one it starts a turn. */
  z.object({ type: z.literal("turn.steer"), input: userInputSchema }),
  z.object({ type: z.literal("turn.interrupt") }),
  /** Continues, or gives up, the turn that a dead process left behind. */
  z.object({ type: z.literal("turn.resume") }),
  z.object({ type: z.literal("turn.discard") }),
  z.object({
    type: z.literal("permission.answer"),
    permissionId: z.string(),
    decision: z.enum(["allowed", "denied"]),
    scope: z.enum(["once", "session"]),
    note: z.optional(z.string()),
  }),
  z.object({ type: z.literal("question.answer"), questionId: z.string(), text: z.string() }),
  z.object({ type: z.literal("question.cancel"), questionId: z.string() }),
  /** Ends the program that runs; the turn goes on and the model is told. */
  z.object({ type: z.literal("script.stop"), scriptId: z.string() }),
  /** Ends the command that a call has begun, whether the call waits for it or is over; the turn goes on and the model is told. */
  z.object({ type: z.literal("command.stop"), callId: z.string() }),
  z.object({ type: z.literal("message.withdraw"), messageId: z.string() }),
  /** Starts the queued messages that a stop has held back. */
  z.object({ type: z.literal("queue.release") }),
  z.object({ type: z.literal("model.select"), model: z.string() }),
]);
export type Op = z.infer<typeof opSchema>;
