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
  /** What is between the fence lines, final newline included; reply-text.ts reads it. */
  bodyStart: z.number(),
  bodyEnd: z.number(),
  /** Spaces before the opening fence, 1 to 3; each line of the body loses up to as many. Left out for none. */
  indent: z.optional(z.number()),
  /** Of a payload, as written, unquoted. */
  filename: z.optional(z.string()),
  /** False where the reply ended before the closing fence. */
  closed: z.boolean(),
  /** What was left out of the body's end where the reply was cut to be shown. The journal has the whole of it. */
  leftOut: z.optional(z.object({ chars: z.number(), lines: z.number() })),
});
export type ReplyBlock = z.infer<typeof replyBlockSchema>;
