/** Agents in a window: running a file's, and what the panel has to know of the shown session's. */
import { dirname } from "node:path";
import * as vscode from "vscode";
import { AppError } from "../../base/app-error.ts";
import { withEnvFile } from "../../embed/agent-file/env-file.ts";
import { type LoadedAgentFile, loadAgentFile } from "../../embed/agent-file/load-agent-file.ts";
import type { RuntimeOptions } from "../../embed/runtime-options.ts";
import type { Log } from "../../ports/log.ts";
import type { Ask } from "../ask.ts";
import type { ChoiceInputs } from "../models/model-choice.ts";
import type { HomeFolder } from "../sessions/home-folder.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionHub } from "../sessions/session-hub.ts";
import { openFolders } from "../workspace-place.ts";
import { AgentConsent } from "./agent-consent.ts";
import { agentOverrides } from "./agent-overrides.ts";
import { runAgentFile } from "./run-agent-file.ts";

export interface WindowAgentsOptions {
  readonly hub: SessionHub;
  readonly home: HomeFolder;
  readonly ask: Ask;
  /** Keeps what was agreed to in this workspace. */
  readonly memory: vscode.Memento;
  readonly reveal: () => Promise<void>;
  readonly log: Log;
}

const AGREED_KEY = "codepilot.agreedAgents";

export class WindowAgents {
  readonly #options: WindowAgentsOptions;
  readonly #consent: AgentConsent;

  constructor(options: WindowAgentsOptions) {
    const { ask, memory } = options;
    this.#options = options;
    this.#consent = new AgentConsent({
      ask,
      trusted: () => vscode.workspace.isTrusted,
      folders: () => openFolders().map(({ path }) => path),
      kept: {
        read: () => memory.get<unknown>(AGREED_KEY),
        write: (agreed) => void memory.update(AGREED_KEY, agreed),
      },
    });
  }

  /** The command; `argument` is what a menu or a program hands over. Rejects with AppError. */
  run(argument: unknown): Promise<void> {
    return runAgentFile({ consent: this.#consent, start: (loaded, task) => this.#start(loaded, task) }, argument);
  }

  /** For a task that names an agent file. Rejects with AppError, also where it was not agreed to. */
  async forTask(
    path: string,
    folder: string,
  ): Promise<{ overrides: Partial<RuntimeOptions>; warnings: readonly string[] }> {
    const loaded = await loadAgentFile(path);
    const answer = await this.#consent.check(loaded);
    if (answer === "agreed") return { overrides: agentOverrides(loaded, folder), warnings: loaded.warnings };
    throw answer === "untrusted"
      ? new AppError("usage", "agent files are run in trusted workspaces only", { next: "Trust the workspace first." })
      : new AppError("usage", `${path} was not run`, { next: "Agree to it when you are asked, or change the file." });
  }

  /** Server and key of an agent's own, for what is said of the model that the session uses. */
  modelInputs(session: LiveSession | null, inputs: ChoiceInputs): ChoiceInputs {
    const agent = session?.runtime.agent;
    if (!agent) return inputs;
    const secrets = withEnvFile(inputs.secrets, dirname(agent.file), this.#options.log);
    const { model } = agent;
    if (!model || model.id !== inputs.wanted) return { ...inputs, secrets };
    const provider = model.id.split("/", 1)[0] ?? "";
    return {
      ...inputs,
      secrets,
      ...(model.baseUrl === undefined ? {} : { baseUrl: { ...inputs.baseUrl, [provider]: model.baseUrl } }),
      ...(model.apiKeyEnv === undefined ? {} : { apiKeyEnv: model.apiKeyEnv }),
    };
  }

  async #start(loaded: LoadedAgentFile, task: string): Promise<void> {
    const { hub, home, reveal } = this.#options;
    const around = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(loaded.profile.file));
    const folder = around?.uri.fsPath ?? (await home.forNewTask())?.path;
    if (folder === undefined) return;
    const { runtime } = await hub.start(folder, agentOverrides(loaded, folder));
    await runtime.submit({ type: "turn.submit", input: { text: task } });
    await reveal();
  }
}
