/** The static part of the prompt: identity, ways of working, environment, project rules. */
import { join } from "node:path";
import { messageOf } from "../base/app-error.ts";
import { headAndTail } from "../base/head-tail-buffer.ts";
import type { FileSystem } from "../ports/file-system.ts";
import type { AgentProfile } from "../protocol/agent-profile.ts";

/** Project instructions beyond this many characters are cut in the middle, and the model is told. */
const MAX_PROJECT_CHARS = 32_000;

export interface EnvironmentFacts {
  readonly cwd: string;
  readonly folders: readonly string[];
  readonly platform: string;
  /** What an agent file says of the agent, if there is one. */
  readonly agent?: AgentWords | undefined;
}

export type AgentWords = Pick<AgentProfile, "name" | "role" | "systemPrompt">;

/** How an interface is taught. */
export interface Acting {
  /** What the agent works with, at the end of "You work on … with". */
  readonly means: string;
  readonly teaching: string;
}

const nativeActing: Acting = {
  means: "the tools you are given",
  teaching: `How to work:
- Look before you change: read the files that matter, search for what you do not know. Do not guess file contents.
- Independent calls that only read may be made together in one response; dependent ones one after another.
- Line numbers in edits refer to the file as you last read it. After an edit the result tells where lines moved.
- A command runs in a persistent shell that the person can see and type into. When it is still running at its timeout, use read_output to wait on, send_input to type, or work on in another terminal (new_terminal). A server gets its own, with wait_for.
- Check your work: run the tests or the program when there is a way to.
- The person is asked before files are changed or commands run. When something is denied, do not try to get it another way; go on without it or explain what you need.
- Ask with ask_user only when a decision is really the person's.
- Finish with a short account of what you changed and how you checked it. A response without a tool call ends the turn.`,
};

export function staticInstructions(facts: EnvironmentFacts, projectRules: string, acting = nativeActing): string {
  const { agent } = facts;
  const name = agent?.name?.trim() || "CodePilot";
  // The sentence goes on after it.
  const role = agent?.role?.trim().replace(/[.!]+$/, "") || "a coding agent working in the person's editor";
  const folders = facts.folders.length > 1 ? `\nWorkspace folders: ${facts.folders.join(", ")}` : "";
  const parts = [
    `You are ${name}, ${role}. You work on the files of a workspace with ${acting.means} until the task is done.`,
    acting.teaching,
    `Environment:\nWorking directory: ${facts.cwd}${folders}\nPlatform: ${facts.platform}`,
  ];
  if (projectRules !== "") parts.push(`Project instructions (AGENTS.md):\n${projectRules}`);
  if (agent?.systemPrompt?.trim()) parts.push(`Instructions of this agent:\n${agent.systemPrompt.trim()}`);
  return parts.join("\n\n");
}

export interface ProjectRules {
  /** Empty when there are none. */
  readonly text: string;
  /** Why there are none although there is a file. */
  readonly problem?: string;
}

/** AGENTS.md of the working directory. */
export async function readProjectRules(files: FileSystem, cwd: string): Promise<ProjectRules> {
  try {
    const bytes = await files.read(join(cwd, "AGENTS.md"));
    if (!bytes) return { text: "" };
    const omission = (dropped: number) =>
      `\n[… ${dropped} characters of AGENTS.md omitted; read the file for the rest …]\n`;
    return { text: headAndTail(new TextDecoder().decode(bytes), MAX_PROJECT_CHARS, omission).trim() };
  } catch (error) {
    return { text: "", problem: messageOf(error) };
  }
}
