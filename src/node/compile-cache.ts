/**
 * Where processes of ours keep compiled code for the next start. Node's own default is a folder of a predictable name
 * that another user of the machine may have made first, and what lies in it is run.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePrivateFolder } from "./pty/private-folder.ts";

/** Undefined when there is no such folder that is this user's alone: then code is compiled anew. */
export async function compileCacheFolder(): Promise<string | undefined> {
  const folder = join(tmpdir(), `codepilot-compiled-${process.getuid?.() ?? "user"}`);
  try {
    await makePrivateFolder(folder);
    return folder;
  } catch {
    return undefined;
  }
}
