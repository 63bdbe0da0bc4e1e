import { rm } from "node:fs/promises";

/**
 * Removes a test's folder with all that is in it. A process that was killed, or its terminals, may be writing its
 * last lines there while it goes: what appears under the removal is removed again, for up to twenty seconds.
 */
export function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
