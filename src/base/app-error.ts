/**
 * Errors that a person can act on. Expected outcomes are values; an AppError is for the few places where a
 * promise has to reject (opening a session, bad settings). Checked by marker, never by `instanceof` or text,
 * so that it survives being bundled twice.
 */
const marker = Symbol.for("codepilot.app-error");

export type AppErrorCode =
  | "usage"
  | "not-found"
  | "in-use"
  | "bad-settings"
  | "bad-agent-file"
  | "no-model"
  | "not-yet"
  | "storage"
  | "closed"
  /** A part of the product can not be started on this machine, or not now. */
  | "unavailable";

export class AppError extends Error {
  readonly code: AppErrorCode;
  /** What the person can do next, as one sentence. */
  readonly next: string | undefined;
  readonly [marker] = true;

  constructor(code: AppErrorCode, message: string, options: { next?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.next = options.next;
  }

  static is(error: unknown, code?: AppErrorCode): error is AppError {
    return (
      typeof error === "object" &&
      error !== null &&
      (error as Record<symbol, unknown>)[marker] === true &&
      (code === undefined || (error as AppError).code === code)
    );
  }
}

/** The message of anything that can be thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node system error (`ENOENT`, …), if it is one. */
export function systemCodeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
