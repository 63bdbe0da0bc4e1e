/** The options of `codepilot exec` as commander hands them over, checked and turned into one request. */
import * as z from "zod";
import { AppError } from "../base/app-error.ts";
import type { AgentProfile } from "../protocol/agent-profile.ts";
import { type ApprovalPolicy, approvalPolicySchema } from "../protocol/permissions.ts";

type SessionInterface = AgentProfile["interface"];

export interface ExecRequest {
  /** Words of the command line; undefined: read standard input where the command allows it. */
  readonly task: string | undefined;
  /** Undefined: where the command was called, or an agent file's folder. */
  readonly cwd: string | undefined;
  readonly agentFile: string | undefined;
  readonly model: string | undefined;
  readonly baseUrl: string | undefined;
  readonly interface: SessionInterface | undefined;
  readonly approval: ApprovalPolicy;
  readonly yes: boolean;
  readonly maxSteps: number | undefined;
  readonly store: "memory" | "file";
  readonly sessionId: string | undefined;
  /** `newest`: the newest session of the workspace, an unfinished one first. */
  readonly resume: { readonly kind: "newest" } | { readonly kind: "id"; readonly id: string } | undefined;
  readonly json: boolean;
}

const rawSchema = z.object({
  cwd: z.optional(z.string()),
  agent: z.optional(z.string()),
  model: z.optional(z.string()),
  baseUrl: z.optional(z.string()),
  interface: z.optional(z.string()),
  dialect: z.optional(z.string()),
  approval: z.optional(z.string()),
  sandbox: z.optional(z.string()),
  yes: z.optional(z.boolean()),
  maxSteps: z.optional(z.string()),
  store: z.optional(z.string()),
  session: z.optional(z.string()),
  resume: z.optional(z.union([z.string(), z.boolean()])),
  fork: z.optional(z.string()),
  json: z.optional(z.boolean()),
});

/** Throws AppError `usage` (wrong value) or `not-yet` (right, but this version can not do it). */
export function readExecOptions(words: readonly string[], raw: unknown): ExecRequest {
  const options = rawSchema.parse(raw);
  refuseUnbuilt("--interface", options.interface, ["tools", "python"], ["javascript"]);
  refuseUnbuilt("--dialect", options.dialect, ["codepilot"], ["codex"]);
  refuseUnbuilt("--sandbox", options.sandbox, [], ["read-only", "workspace-write", "danger-full-access"]);
  if (options.fork !== undefined) throw notYet("--fork");
  if (options.session !== undefined && options.resume !== undefined) {
    throw new AppError("usage", "--session names a new session and --resume goes on with an old one", {
      next: "Give one of them.",
    });
  }
  const { resume, task } = splitResume(options.resume, words);
  return {
    task,
    cwd: options.cwd,
    agentFile: options.agent,
    model: options.model,
    baseUrl: readBaseUrl(options.baseUrl),
    interface: options.interface as SessionInterface | undefined,
    approval: readApproval(options.approval),
    yes: options.yes ?? false,
    maxSteps: readMaxSteps(options.maxSteps),
    store: readStore(options.store),
    sessionId: options.session,
    resume,
    json: options.json ?? false,
  };
}

function refuseUnbuilt(
  flag: string,
  value: string | undefined,
  built: readonly string[],
  later: readonly string[],
): void {
  if (value === undefined || built.includes(value)) return;
  if (later.includes(value)) throw notYet(`${flag} ${value}`);
  throw new AppError("usage", `${flag} takes ${[...built, ...later].join(", ")}, not ${JSON.stringify(value)}`);
}

function notYet(what: string): AppError {
  return new AppError("not-yet", `${what}: not yet`, { next: "It is planned; leave it out for now." });
}

/** `--resume [ID]` may swallow the first word of the task; an id has no spaces in it. */
function splitResume(value: string | boolean | undefined, words: readonly string[]) {
  const given = words.length > 0 ? words.join(" ") : undefined;
  if (value === undefined || value === false) return { resume: undefined, task: given };
  if (value === true) return { resume: { kind: "newest" as const }, task: given };
  if (/\s/.test(value)) {
    return { resume: { kind: "newest" as const }, task: given === undefined ? value : `${value} ${given}` };
  }
  return { resume: { kind: "id" as const, id: value }, task: given };
}

function readBaseUrl(value: string | undefined): string | undefined {
  if (value === undefined || URL.canParse(value)) return value;
  throw new AppError("usage", `--base-url takes a URL, not ${JSON.stringify(value)}`, {
    next: "For example http://127.0.0.1:11434/v1",
  });
}

function readApproval(value: string | undefined): ApprovalPolicy {
  if (value === undefined) return "untrusted";
  const result = approvalPolicySchema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError(
    "usage",
    `--approval takes ${approvalPolicySchema.options.join(", ")}, not ${JSON.stringify(value)}`,
  );
}

function readMaxSteps(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const steps = Number(value);
  if (Number.isInteger(steps) && steps > 0) return steps;
  throw new AppError("usage", `--max-steps takes a whole number from 1, not ${JSON.stringify(value)}`);
}

function readStore(value: string | undefined): "memory" | "file" {
  if (value === undefined || value === "file") return "file";
  if (value === "memory") return "memory";
  if (/^(sqlite:|postgres(ql)?:)/.test(value)) throw notYet(`--store ${value.split(":", 1)[0]}`);
  throw new AppError("usage", `--store takes memory, file, sqlite:PATH or postgres://…, not ${JSON.stringify(value)}`);
}
