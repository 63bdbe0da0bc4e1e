/**
 * The blocks that a reply in the python interface is made of. They are offsets into the reply's text, so the text
 * itself stays what the model wrote, to the byte. Everything outside of them is prose, ordinary fences included.
 */
import * as z from "zod";

/** control: the program. payload: the content of one file. completion: the closing words of a finished task. */
export const replyBlockKindSchema = z.enum(["control", "payload", "completion"]);
export type ReplyBlockKind = z.infer<typeof replyBlockKindSchema>;

export const replyBlockSchema = z.object({
  kind: replyBlockKindSchema,
  /** UTF-16 offsets into the reply: the block with its fence lines. */
  start: z.number(),
  end: z.number(),
  /** What is between the fence lines, final newline included. */
  bodyStart: z.number(),
  bodyEnd: z.number(),
  /** Of a payload, as written, unquoted. */
  filename: z.optional(z.string()),
  /** False where the reply ended before the closing fence. */
  closed: z.boolean(),
});
export type ReplyBlock = z.infer<typeof replyBlockSchema>;
