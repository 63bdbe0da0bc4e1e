/**
 * Where things are: the checkout and the cache folder that survives it.
 * Both must work with an empty or missing HOME, as on a CI machine.
 */
import { mkdirSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export function fromRoot(...parts: string[]): string {
  return join(root, ...parts);
}

/** Keeps what is expensive to fetch: code-server. Not the checkout, so that clones share it and `git clean` spares it. */
export function cacheFolder(): string {
  const { CODEPILOT_CACHE, XDG_CACHE_HOME, HOME } = process.env;
  const folder = resolve(
    CODEPILOT_CACHE || join(XDG_CACHE_HOME || join(HOME || userInfo().homedir, ".cache"), "codepilot"),
  );
  mkdirSync(folder, { recursive: true });
  return folder;
}
