import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { AppError, messageOf } from "../base/app-error.ts";

/** The real path of an existing folder. Rejects with AppError `usage`. */
export async function checkWorkingDirectory(path: string): Promise<string> {
  try {
    const real = await realpath(resolve(path));
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    throw new AppError("usage", `the working directory ${path} can not be used: ${messageOf(error)}`, {
      next: "Name an existing folder with -C.",
    });
  }
  throw new AppError("usage", `the working directory ${path} is not a folder`, { next: "Name a folder with -C." });
}
