/** Reads an agent file and what it names: the words of its prompt, its folder. Every problem is said with its place. */
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { AppError, messageOf, systemCodeOf } from "../../base/app-error.ts";
import { NodeFileSystem } from "../../node/files/node-file-system.ts";
import type { AgentFile } from "../../protocol/agent-file.ts";
import type { AgentProfile } from "../../protocol/agent-profile.ts";
import { profileOf } from "./agent-profile.ts";
import { type FileRemark, readAgentFile } from "./read-agent-file.ts";
import type { Span, YamlPath } from "./yaml-source.ts";

const MAX_FILE_BYTES = 256 * 1024;
const MAX_PROMPT_BYTES = 128 * 1024;
const MAX_TOLD = 20;
const PROMPT_KINDS = [".md", ".txt", ".j2"];

export interface LoadedAgentFile {
  readonly profile: AgentProfile;
  /** Absolute. The folder to work in where nobody names another one: the file's, or its project's. */
  readonly home: string;
  /** For the person, each with its place. */
  readonly warnings: readonly string[];
}

/** Rejects with AppError `bad-agent-file`, whose message has a line for each problem: `file:line:column: what`. */
export async function loadAgentFile(path: string): Promise<LoadedAgentFile> {
  const absolute = resolve(path);
  const read = readAgentFile(await textOf(absolute, path));
  if (read.kind === "invalid") throw badFile(path, read.errors);
  const { file, spanOf } = read;
  const folder = dirname(absolute);
  const [prompt, workDir] = await Promise.all([readPrompt(file.system_prompt, folder), checkWorkDir(file, folder)]);
  const errors = [...placed(prompt.problem, spanOf, ["system_prompt"]), ...placed(workDir.problem, spanOf, WORK_DIR)];
  if (errors.length > 0) throw badFile(path, errors);
  const warnings = [...read.warnings, ...placed(prompt.warning, spanOf, ["system_prompt"], "warning")];
  return {
    profile: profileOf({ file, path: absolute, systemPrompt: prompt.words, workDir: workDir.path }),
    home: basename(folder) === ".codepilot" ? dirname(folder) : folder,
    warnings: linesOf(path, warnings),
  };
}

/** As many lines as a person can read, each with its place. */
export function linesOf(label: string, remarks: readonly FileRemark[]): string[] {
  const lines = remarks
    .slice(0, MAX_TOLD)
    .map(({ span, message }) => `${label}:${span.line}:${span.column}: ${message}`);
  const more = remarks.length - lines.length;
  return more > 0 ? [...lines, `${label}: … and ${more} more`] : lines;
}

const WORK_DIR: YamlPath = ["runtime", "work_dir"];

function badFile(label: string, errors: readonly FileRemark[]): AppError {
  return new AppError("bad-agent-file", linesOf(label, errors).join("\n"), { next: "Correct the agent file." });
}

function placed(
  message: string | undefined,
  spanOf: (path: YamlPath) => Span,
  path: YamlPath,
  severity: FileRemark["severity"] = "error",
): FileRemark[] {
  return message === undefined ? [] : [{ severity, message, span: spanOf(path) }];
}

async function textOf(absolute: string, shown: string): Promise<string> {
  const unreadable = (why: string, cause?: unknown) =>
    new AppError("bad-agent-file", `the agent file ${shown} can not be read: ${why}`, {
      next: nextFor(systemCodeOf(cause)),
      ...(cause === undefined ? {} : { cause }),
    });
  let text: string | undefined;
  try {
    text = await readText(absolute, MAX_FILE_BYTES);
  } catch (error) {
    throw unreadable(whyNot(error, MAX_FILE_BYTES), error);
  }
  if (text === undefined) throw unreadable("there is no such file.");
  return text;
}

/** Undefined for a file that is not there. Rejects for one that can not be read, is too large or is no text. */
async function readText(path: string, maxBytes: number): Promise<string | undefined> {
  const bytes = await new NodeFileSystem().read(path, maxBytes);
  return bytes === null ? undefined : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

function whyNot(error: unknown, maxBytes: number): string {
  if (systemCodeOf(error) === "EFBIG") return `it has more than ${maxBytes / 1024} KiB.`;
  if (systemCodeOf(error) === "EISDIR") return "it is a folder.";
  if (systemCodeOf(error) === "ERR_ENCODING_INVALID_ENCODED_DATA") return "it is not text in UTF-8.";
  return messageOf(error);
}

function nextFor(code: string | undefined): string {
  if (code === "EFBIG") return "Put long instructions into a file of their own and name it as system_prompt.";
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "Save it as UTF-8.";
  return "Check the path.";
}

interface Prompt {
  readonly words: string;
  readonly problem?: string;
  readonly warning?: string;
}

/** Words, or the path of a file that holds them, which is taken as it is. */
async function readPrompt(given: string, folder: string): Promise<Prompt> {
  const named = given.trim();
  if (!PROMPT_KINDS.includes(extname(named).toLowerCase()) || named.includes("\n") || named.length > 1000) {
    return { words: given };
  }
  try {
    const path = await realpath(resolve(folder, named));
    // Its words go to the model's server: a link must not make another kind of file of it.
    if (!PROMPT_KINDS.includes(extname(path).toLowerCase())) {
      return { words: "", problem: `system_prompt: ${named} leads to a file that is not ${PROMPT_KINDS.join(", ")}.` };
    }
    const words = await readText(path, MAX_PROMPT_BYTES);
    return words === undefined ? { words: given } : { words };
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT" && systemCodeOf(error) !== "ENOTDIR") {
      return { words: "", problem: `system_prompt: ${named} can not be read: ${whyNot(error, MAX_PROMPT_BYTES)}` };
    }
    // A sentence may end in the name of a file.
    if (/\s/.test(named)) return { words: given };
    const warning = `there is no file ${named} beside the agent file; system_prompt is taken as the words it has.`;
    return { words: given, warning };
  }
}

async function checkWorkDir(file: AgentFile, folder: string): Promise<{ path?: string; problem?: string }> {
  const named = file.runtime.work_dir;
  if (named === undefined) return {};
  const path = resolve(folder, named);
  try {
    if ((await stat(path)).isDirectory()) return { path };
    return { problem: `runtime.work_dir: ${path} is not a folder.` };
  } catch (error) {
    const missing = systemCodeOf(error) === "ENOENT";
    const why = missing ? `there is no folder ${path}. Make it or name another.` : `${path}: ${messageOf(error)}`;
    return { problem: `runtime.work_dir: ${why}` };
  }
}
