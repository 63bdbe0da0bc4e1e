/** Reads an agent file; every problem is said with its place in the file. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import { AppError, messageOf } from "../base/app-error.ts";
import { type AgentFile, agentFileSchema } from "../protocol/agent-file.ts";

export interface LoadedAgentFile {
  readonly path: string;
  readonly agent: AgentFile;
  /** Absolute; undefined when the file names none. */
  readonly workDir: string | undefined;
}

/** Rejects with AppError `bad-agent-file`, whose message names file, line and column. */
export async function loadAgentFile(path: string): Promise<LoadedAgentFile> {
  const absolute = resolve(path);
  let text: string;
  try {
    text = await readFile(absolute, "utf8");
  } catch (error) {
    throw new AppError("bad-agent-file", `the agent file ${path} can not be read: ${messageOf(error)}`, {
      next: "Check the path.",
      cause: error,
    });
  }
  const agent = parseAgentFile(text, path);
  const workDir = agent.runtime?.work_dir;
  return {
    path: absolute,
    agent,
    workDir: workDir === undefined ? undefined : resolve(dirname(absolute), workDir),
  };
}

/** `label` is what messages call the file. */
export function parseAgentFile(text: string, label: string): AgentFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const syntax = document.errors[0];
  if (syntax) {
    const { line, col } = lines.linePos(syntax.pos[0]);
    throw problem(`${label}:${line}:${col}: ${syntax.message.split("\n", 1)[0]}`);
  }
  const whole: unknown = document.toJS();
  const wrapped = typeof whole === "object" && whole !== null && Object.hasOwn(whole, "agent");
  const root = wrapped ? (whole as { agent: unknown }).agent : whole;
  const result = agentFileSchema.safeParse(root ?? {});
  if (result.success) return result.data;

  const prefix = wrapped ? ["agent"] : [];
  const at = (offset: number | undefined) => {
    if (offset === undefined) return label;
    const { line, col } = lines.linePos(offset);
    return `${label}:${line}:${col}`;
  };
  const place = (path: readonly PropertyKey[]) => at(startOf(document.getIn([...prefix, ...path], true)));
  const placeOfKey = (path: readonly PropertyKey[], key: string) => {
    const parent = path.length + prefix.length === 0 ? document.contents : document.getIn([...prefix, ...path], true);
    const pair = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    return at(startOf(pair?.key));
  };
  const messages = result.error.issues.map((issue) => {
    const within = issue.path.join(".");
    if (issue.code === "unrecognized_keys") {
      return issue.keys
        .map((key) => {
          const full = within === "" ? key : `${within}.${key}`;
          return `${placeOfKey(issue.path, key)}: “${full}” is not yet supported or not a key of an agent file`;
        })
        .join("\n");
    }
    return `${place(issue.path)}: ${within === "" ? "" : `${within}: `}${issue.message}`;
  });
  throw problem(messages.join("\n"));
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function problem(message: string): AppError {
  return new AppError("bad-agent-file", message, {
    next: "Remove or correct it; this version reads name, model, runtime and tools.",
  });
}
