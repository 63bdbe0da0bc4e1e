/** Makes what was created, renamed or removed in a folder durable. */
import { open } from "node:fs/promises";

/** Never rejects: a file system that can not do it keeps names as safe as it can. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r").catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
