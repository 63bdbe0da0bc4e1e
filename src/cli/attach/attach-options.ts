/** The options of `codepilot attach` as commander hands them over, checked and turned into one request. */
import * as z from "zod";
import { AppError } from "../../base/app-error.ts";
import { defaultDetachKeys, type Key, readDetachKeys } from "./detach-keys.ts";

export interface AttachRequest {
  readonly terminal: string;
  /** Where the workspace is looked for; undefined: where the command was called. */
  readonly cwd: string | undefined;
  /** Undefined: the most recently active one. */
  readonly sessionId: string | undefined;
  readonly list: boolean;
  readonly detachKeys: readonly Key[];
}

const rawSchema = z.object({
  cwd: z.optional(z.string()),
  session: z.optional(z.string()),
  list: z.optional(z.boolean()),
  detachKeys: z.optional(z.string()),
});

/** Throws AppError `usage`. */
export function readAttachOptions(terminal: string | undefined, raw: unknown): AttachRequest {
  const options = rawSchema.parse(raw);
  if (options.list && terminal !== undefined) {
    throw new AppError("usage", "--list tells of all terminals and takes no name", { next: "Give one of them." });
  }
  return {
    terminal: terminal ?? "main",
    cwd: options.cwd,
    sessionId: options.session,
    list: options.list ?? false,
    detachKeys: readDetachKeys(options.detachKeys ?? defaultDetachKeys),
  };
}
