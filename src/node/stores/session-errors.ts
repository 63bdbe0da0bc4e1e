/** What every store says when a session can not be had. */
import { AppError } from "../../base/app-error.ts";

export function sessionNotFound(sessionId: string): AppError {
  return new AppError("not-found", `there is no session ${sessionId}`, {
    next: "Check the name: the sessions view lists all, and `codepilot exec --resume` without a name takes the newest.",
  });
}

export function sessionExists(sessionId: string): AppError {
  return new AppError("usage", `a session named ${sessionId} already exists`, {
    next: "Choose another name, or open it to go on with it.",
  });
}

/** `next` ends “Close it there first, …”. */
export function sessionInUse(sessionId: string, next: string): AppError {
  return new AppError("in-use", `session ${sessionId} is open in another window or process`, {
    next: `Close it there first, ${next}.`,
  });
}
