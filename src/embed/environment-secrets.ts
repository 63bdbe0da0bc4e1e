import type { Secrets } from "../ports/secrets.ts";

/** Keys of this process's environment. */
export const environmentSecrets: Secrets = { get: async (name) => process.env[name] };
