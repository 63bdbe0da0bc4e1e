/** Keys from a `.env` beside an agent file. They go to the provider's client and nowhere else. */
import { join } from "node:path";
import { parseEnv } from "node:util";
import { NodeFileSystem } from "../../node/files/node-file-system.ts";
import type { Log } from "../../ports/log.ts";
import type { Secrets } from "../../ports/secrets.ts";

const MAX_BYTES = 64 * 1024;

/** Looks where `first` looks, and only then into the folder's `.env`, which is read each time a key is missing. */
export function withEnvFile(first: Secrets, folder: string, log: Log): Secrets {
  const path = join(folder, ".env");
  return {
    async get(name) {
      const found = await first.get(name);
      return found ? found : readKey(path, name, log);
    },
  };
}

async function readKey(path: string, name: string, log: Log): Promise<string | undefined> {
  try {
    const bytes = await new NodeFileSystem().read(path, MAX_BYTES);
    if (bytes === null) return undefined;
    const values = parseEnv(new TextDecoder().decode(bytes).replace(/^\uFEFF/, ""));
    return (Object.hasOwn(values, name) && values[name]) || undefined;
  } catch (error) {
    log.error(`${path} could not be looked into for ${name}`, error);
    return undefined;
  }
}
