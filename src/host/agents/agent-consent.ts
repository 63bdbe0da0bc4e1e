/**
 * Whether an agent file may run as it is. A file comes with a folder, often from somebody else; one that sends task and
 * key to a server of its choice, or works outside the open folders, is not run before the person has seen that.
 */
import { isAbsolute, relative, sep } from "node:path";
import { endpointOf } from "../../embed/agent-file/endpoint.ts";
import type { LoadedAgentFile } from "../../embed/agent-file/load-agent-file.ts";
import type { Ask } from "../ask.ts";

export interface AgentConsentOptions {
  readonly ask: Ask;
  readonly trusted: () => boolean;
  /** Paths of the open folders. */
  readonly folders: () => readonly string[];
  /** What was agreed to in this workspace before. */
  readonly kept: { read(): unknown; write(agreed: readonly string[]): void };
}

const MAX_KEPT = 50;

export class AgentConsent {
  readonly #options: AgentConsentOptions;

  constructor(options: AgentConsentOptions) {
    this.#options = options;
  }

  /** `untrusted`: the workspace is not trusted. `declined`: the person was asked and did not agree. */
  async check({ profile }: LoadedAgentFile): Promise<"agreed" | "declined" | "untrusted"> {
    const { ask, trusted, kept } = this.#options;
    if (!trusted()) return "untrusted";
    const reasons = this.#reasons(profile);
    if (reasons.length === 0) return "agreed";
    const agreement = JSON.stringify([profile.file, ...reasons]);
    const before = kept.read();
    const agreed = Array.isArray(before) ? before.filter((entry) => typeof entry === "string") : [];
    if (agreed.includes(agreement)) return "agreed";
    const name = profile.name ? `the agent ${profile.name}` : "this agent file";
    const button = await ask(`Run ${name}?`, { detail: [profile.file, ...reasons].join("\n\n") }, "Run");
    if (button !== "Run") return "declined";
    kept.write([...agreed, agreement].slice(-MAX_KEPT));
    return "agreed";
  }

  #reasons(profile: LoadedAgentFile["profile"]): string[] {
    const reasons: string[] = [];
    const endpoint = endpointOf(profile);
    if (endpoint) {
      reasons.push(`It sends the task, what it reads and the key in ${endpoint.apiKeyEnv} to ${endpoint.host}.`);
    }
    const { workDir } = profile;
    if (workDir !== undefined && !this.#options.folders().some((folder) => isInside(folder, workDir))) {
      reasons.push(`It works in ${workDir}, which is in none of the open folders.`);
    }
    return reasons;
  }
}

function isInside(folder: string, path: string): boolean {
  const rest = relative(folder, path);
  return rest !== ".." && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
}
