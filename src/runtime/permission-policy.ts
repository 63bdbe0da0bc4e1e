/**
 * `decide`: what the gate does with an access. Pure, total and explainable: each verdict carries the rule that
 * made it. The rules of this version: reading inside the workspace is free; every write and command asks;
 * what was allowed for the session is remembered per exact command and per file.
 */
import { assertNever } from "../base/assert-never.ts";
import type { Access, ApprovalPolicy } from "../protocol/permissions.ts";

export interface Policy {
  readonly approval: ApprovalPolicy;
  /** False: only reading inside the workspace is possible. */
  readonly trusted: boolean;
  /** What an agent file sets; it only ever takes away. */
  readonly agent?: AgentLimits;
}

export interface AgentLimits {
  /** Nothing outside the workspace is read or written. */
  readonly confined: boolean;
  /** Tools whose every call is asked for. */
  readonly alwaysAsk: readonly string[];
}

export interface Verdict {
  readonly decision: "allow" | "ask" | "deny";
  /** The rule, as the end of "asked because …". */
  readonly reason: string;
  /** What an answer for the session would remember; null: asked every time. */
  readonly sessionKey: string | null;
  readonly sessionLabel: string | null;
}

/** Folders and files whose change can widen what the agent may do later; allowed once, never for a session. */
const PROTECTED = [
  // Case-blind, because the disk may be.
  /(^|\/)\.(git|vscode|codepilot|husky|devcontainer|ssh)(\/|$)/i,
  /(^|\/)\.github\/workflows(\/|$)/i,
  /(^|\/)\.config\/fish(\/|$)/i,
  /(^|\/)([^/]+\.)?agent\.ya?ml$/i,
  /(^|\/)(AGENTS|CLAUDE)\.md$/i,
  /(^|\/)\.(gitconfig|npmrc|envrc|inputrc)$/i,
  /(^|\/)\.(bashrc|bash_profile|bash_login|bash_logout|profile|zshrc|zshenv|zprofile|zlogin|zlogout)$/i,
];

/** Whether a path is one that always asks. `path` is absolute and real. */
export function isProtected(path: string): boolean {
  const normal = path.replaceAll("\\", "/");
  return PROTECTED.some((pattern) => pattern.test(normal));
}

/** `tool`: the one that wants it. */
export function decide(policy: Policy, access: Access, allowedKeys: readonly string[], tool: string): Verdict {
  const verdict = limit(judge(access, allowedKeys), policy.agent, access, tool);
  if (!policy.trusted && !(verdict.decision === "allow" && isReading(access))) {
    return { ...verdict, decision: "deny", reason: "this workspace is not trusted, so only reading in it is possible" };
  }
  if (verdict.decision === "ask" && policy.approval === "never") {
    return { ...verdict, decision: "deny", reason: `${verdict.reason}, and the approval policy is “never”` };
  }
  return verdict;
}

function limit(verdict: Verdict, agent: AgentLimits | undefined, access: Access, tool: string): Verdict {
  if (!agent) return verdict;
  const outside = (access.kind === "read" || access.kind === "write") && !access.insideWorkspace;
  if (agent.confined && outside)
    return deny("the agent file keeps its file tools inside its folders (unsafe_mode: false)");
  if (!agent.alwaysAsk.includes(tool) || verdict.decision === "deny") return verdict;
  return ask(verdict.decision === "ask" ? verdict.reason : `the agent file has every call of ${tool} asked for`);
}

function isReading(access: Access): boolean {
  return access.kind === "none" || access.kind === "read";
}

function judge(access: Access, allowedKeys: readonly string[]): Verdict {
  switch (access.kind) {
    case "none":
      return allow("it touches nothing");
    case "read":
      return access.insideWorkspace
        ? allow("reading inside the workspace is allowed")
        : rememberable(`read:${access.path}`, access.path, "the file is outside the workspace", allowedKeys);
    case "write":
      return judgeWrite(access, allowedKeys);
    case "execute":
      return rememberable(
        `execute:${access.cwd}:${access.command}${access.keep ? ":kept" : ""}`,
        access.keep ? `${access.command} (kept when the session ends)` : access.command,
        "commands are asked for",
        allowedKeys,
      );
    case "input":
      return rememberable(
        `input:${access.terminal}:${access.running ?? ""}:${access.text}`,
        `this input to ${access.terminal}`,
        "typing into a terminal is asked for",
        allowedKeys,
      );
    case "terminate":
      return access.createdBy === "agent"
        ? allow("the agent may end its own terminals")
        : ask("the terminal was opened by the person");
    default:
      return assertNever(access);
  }
}

function judgeWrite(access: Extract<Access, { kind: "write" }>, allowedKeys: readonly string[]): Verdict {
  if (!access.insideWorkspace) return ask("the file is outside the workspace");
  if (isProtected(access.path)) return ask("the file is one that settings, tools or the agent itself obey");
  if (access.unread) return ask("the file would be overwritten without having been read");
  return rememberable(`write:${access.path}`, access.path, "changes to files are asked for", allowedKeys);
}

function allow(reason: string): Verdict {
  return { decision: "allow", reason, sessionKey: null, sessionLabel: null };
}

function ask(reason: string): Verdict {
  return { decision: "ask", reason, sessionKey: null, sessionLabel: null };
}

function deny(reason: string): Verdict {
  return { decision: "deny", reason, sessionKey: null, sessionLabel: null };
}

function rememberable(key: string, label: string, reason: string, allowedKeys: readonly string[]): Verdict {
  return allowedKeys.includes(key)
    ? { decision: "allow", reason: "it was allowed for this session", sessionKey: key, sessionLabel: label }
    : { decision: "ask", reason, sessionKey: key, sessionLabel: label };
}
