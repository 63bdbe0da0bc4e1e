/** The settings under `codepilot.*`, read when they are needed. */
import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import type { ApprovalPolicy } from "../protocol/permissions.ts";
import type { SettingId } from "./contributions.ts";

export interface Settings {
  /** `provider/name`; empty: choose. */
  readonly model: string;
  readonly baseUrl: Readonly<Record<string, string>>;
  readonly approval: ApprovalPolicy;
  readonly prompt: "modal" | "card";
  /** How the model of a new task acts; an agent file says it for its own. */
  readonly interface: "tools" | "python";
  readonly maxSteps: number | undefined;
  readonly shell: string | undefined;
  /** Names of variables that shells get although they look like secrets. */
  readonly keepEnvironment: readonly string[];
  /** Absolute. */
  readonly home: string;
}

const POLICIES: readonly string[] = ["untrusted", "on-request", "on-failure", "never"] satisfies ApprovalPolicy[];

/** Values of a wrong type count as unset; an approval policy that is not known falls back to asking. */
export function readSettings(): Settings {
  const text = (id: SettingId) => {
    const value = settingOf(id);
    return typeof value === "string" ? value.trim() : "";
  };
  const approval = text("codepilot.approval");
  const maxSteps = settingOf("codepilot.maxSteps");
  const urls = settingOf("codepilot.baseUrl");
  return {
    model: text("codepilot.model"),
    baseUrl: Object.fromEntries(
      Object.entries(typeof urls === "object" && urls !== null ? urls : {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "",
      ),
    ),
    approval: (POLICIES.includes(approval) ? approval : "untrusted") as ApprovalPolicy,
    prompt: text("codepilot.permissions.prompt") === "card" ? "card" : "modal",
    interface: text("codepilot.interface") === "python" ? "python" : "tools",
    maxSteps: typeof maxSteps === "number" && Number.isInteger(maxSteps) && maxSteps > 0 ? maxSteps : undefined,
    shell: text("codepilot.shell") || undefined,
    keepEnvironment: textsOf(settingOf("codepilot.terminal.keepEnvironment")),
    home: text("codepilot.home") || process.env.CODEPILOT_HOME || join(homedir(), ".codepilot"),
  };
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

function settingOf(id: SettingId): unknown {
  return vscode.workspace.getConfiguration().get<unknown>(id);
}

/** Where the person's choice goes: to where a value stands already, else to the person's own settings. */
export async function writeModelSetting(model: string): Promise<void> {
  const configuration = vscode.workspace.getConfiguration();
  const inspected = configuration.inspect("codepilot.model");
  const target = inspected?.workspaceValue ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await configuration.update("codepilot.model" satisfies SettingId, model, target);
}
