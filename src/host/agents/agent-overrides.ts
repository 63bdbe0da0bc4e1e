/** What an agent file changes of the options that a session of this window has. */
import type { LoadedAgentFile } from "../../embed/agent-file/load-agent-file.ts";
import type { RuntimeOptions } from "../../embed/runtime-options.ts";
import { readSettings } from "../settings.ts";

/** `folder`: the open folder under which the session is listed and comes back after a reload. */
export function agentOverrides({ profile }: LoadedAgentFile, folder: string): Partial<RuntimeOptions> {
  const { model, workDir, maxSteps } = profile;
  return {
    agent: profile,
    interface: profile.interface,
    ...(model === undefined ? {} : { model: model.id }),
    ...(workDir === undefined ? {} : { cwd: workDir, folders: [], listedUnder: folder }),
    // Both are limits; the smaller one keeps to both.
    maxSteps: Math.min(maxSteps, readSettings().maxSteps ?? maxSteps),
  };
}
