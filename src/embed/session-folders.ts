/** The folders of a session: they have to be there, and the world around one that is opened again may have changed. */
import { stat } from "node:fs/promises";
import { AppError } from "../base/app-error.ts";
import type { NewEvent } from "../protocol/events.ts";
import type { SessionState } from "../protocol/state.ts";

/** For a new session. Rejects with AppError `usage`: the first write would make a folder that somebody has mistyped. */
export async function checkNewHome(cwd: unknown): Promise<void> {
  if (typeof cwd !== "string" || cwd === "") {
    throw new AppError("usage", "no working directory was named", { next: "Pass the folder to work in as cwd." });
  }
  if (await isFolder(cwd)) return;
  throw new AppError("usage", `the working directory ${cwd} is not a folder`, { next: "Name an existing folder." });
}

/** Rejects with AppError `not-found` when the folder that the session works in is gone. */
export async function checkHome({ cwd, title }: Pick<SessionState, "cwd" | "title">): Promise<void> {
  if (await isFolder(cwd)) return;
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

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}
