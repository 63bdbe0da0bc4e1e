/** The folders of a session that is opened again: the world around it may have changed meanwhile. */
import { stat } from "node:fs/promises";
import { AppError } from "../base/app-error.ts";
import type { NewEvent } from "../protocol/events.ts";
import type { SessionState } from "../protocol/state.ts";

/** Rejects with AppError `not-found` when the folder that the session works in is gone. */
export async function checkHome({ cwd, title }: Pick<SessionState, "cwd" | "title">): Promise<void> {
  const isFolder = await stat(cwd).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (isFolder) return;
  const session = title === "" ? "This session" : `“${title}”`;
  throw new AppError("not-found", `${session} works in ${cwd}, and that folder is gone.`, {
    next: "Put the folder back to go on with the session, or give the task to a new one. Nothing of it is lost.",
  });
}

/** What follows from the folders that are open now; empty when they are those the session knows. */
export function foldersChange(
  { cwd, folders: before }: Pick<SessionState, "cwd" | "folders">,
  now: readonly string[],
): readonly NewEvent[] {
  const added = now.filter((folder) => !before.includes(folder));
  const removed = before.filter((folder) => !now.includes(folder));
  if (added.length === 0 && removed.length === 0) return [];
  const told = [
    ...(added.length > 0 ? [`${added.join(", ")} ${added.length > 1 ? "now belong" : "now belongs"} to it`] : []),
    ...(removed.length > 0 ? [`${removed.join(", ")} no longer ${removed.length > 1 ? "do" : "does"}`] : []),
  ];
  const homeless = removed.includes(cwd);
  return [
    { type: "folders.changed", folders: [...now] },
    {
      type: "notice.raised",
      level: homeless ? "warning" : "info",
      code: "folders-changed",
      message: `The workspace has changed: ${told.join("; ")}.${homeless ? " It is still where this session works, but every access to it is asked for like one outside the workspace." : ""}`,
      ...(homeless ? { next: "Add the folder to the workspace again, or give the task to a new session." } : {}),
    },
  ];
}
