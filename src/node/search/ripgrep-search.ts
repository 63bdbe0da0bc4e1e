/**
 * Search by ripgrep. The pattern is passed behind `-e` and the paths behind `--`, so neither can act as an option.
 * What .gitignore (and .ignore) names is left out, also without a repository; dot files are searched, `.git` is not;
 * symlinks are not followed; configuration files of ripgrep are not read.
 */
import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { messageOf, systemCodeOf } from "../../base/app-error.ts";
import type { Search, SearchMatch, SearchRequest, SearchResult } from "../../ports/search.ts";
import { parseRipgrepLine } from "./ripgrep-json.ts";

export interface RipgrepOptions {
  /** The program; unset: the one of `@vscode/ripgrep`. */
  readonly rgPath?: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;
/** Matches counted before the search stops. */
const MAX_COUNTED = 10_000;
/** A match in a line longer than this is counted but not shown. */
const MAX_JSON_LINE = 16 * 1024 * 1024;
const MAX_STDERR = 4_000;

export function createRipgrepSearch(options: RipgrepOptions = {}): Search {
  return { find: (request) => findWithRipgrep(request, options) };
}

async function findWithRipgrep(request: SearchRequest, options: RipgrepOptions): Promise<SearchResult> {
  const stopped = { kind: "failed", message: "The search was stopped." } as const;
  try {
    const rgPath = options.rgPath ?? (await bundledRipgrep());
    const deadline = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    const collected: Collected = { matches: [], counted: 0, hidden: 0, timedOut: false };
    for (const group of await groupByFolder(request.paths)) {
      if (request.signal.aborted) return stopped;
      const end = await runRipgrep(rgPath, request, group, deadline, collected);
      if (request.signal.aborted) return stopped;
      if (end !== null) return end;
      if (collected.timedOut || collected.counted >= MAX_COUNTED) break;
    }
    return toResult(collected, request.maxResults);
  } catch (error) {
    return { kind: "failed", message: `The search could not be started: ${messageOf(error)}. ${NEXT}` };
  }
}

const NEXT = "Use execute with `grep -rn` instead.";

/** Loaded on first search. Throws when there is none for this platform. */
async function bundledRipgrep(): Promise<string> {
  return (await import("@vscode/ripgrep")).rgPath;
}

interface Group {
  /** What include globs are relative to. */
  readonly cwd: string;
  readonly paths: readonly string[];
}

/** One run a folder, because globs count from the working directory; all single files together. */
async function groupByFolder(paths: readonly string[]): Promise<Group[]> {
  const groups: Group[] = [];
  const files: string[] = [];
  for (const path of paths) {
    const isFolder = await stat(path).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (isFolder) groups.push({ cwd: path, paths: [path] });
    else files.push(path);
  }
  const [first] = files;
  if (first !== undefined) groups.push({ cwd: dirname(first), paths: files });
  return groups;
}

interface Collected {
  readonly matches: SearchMatch[];
  counted: number;
  /** Matches in lines that are too long to show. */
  hidden: number;
  timedOut: boolean;
}

/** Null when the run went well; `collected` grows. */
function runRipgrep(
  rgPath: string,
  request: SearchRequest,
  group: Group,
  deadline: AbortSignal,
  collected: Collected,
): Promise<SearchResult | null> {
  return new Promise((done) => {
    const args = [...argumentsOf(request), "--", ...group.paths];
    const child = spawn(rgPath, args, { cwd: group.cwd, stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
    let stderr = "";
    let enough = false;
    const kill = () => child.kill("SIGKILL");
    const settle = (result: SearchResult | null) => {
      request.signal.removeEventListener("abort", kill);
      deadline.removeEventListener("abort", kill);
      done(result);
    };
    request.signal.addEventListener("abort", kill, { once: true });
    deadline.addEventListener("abort", kill, { once: true });

    const lines = new LineReader((line) => {
      if (enough) return;
      const match = line === null ? "too-long" : parseRipgrepLine(line);
      if (match === null) return;
      collected.counted += 1;
      if (match === "too-long") collected.hidden += 1;
      else collected.matches.push({ ...match, path: resolve(group.cwd, match.path) });
      if (collected.counted >= MAX_COUNTED) {
        enough = true;
        kill();
      }
    });
    child.stdout.on("data", (chunk: Buffer) => lines.push(chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      if (stderr.length < MAX_STDERR) stderr += chunk;
    });
    child.on("error", (error) => settle(notStarted(rgPath, error)));
    child.on("close", (code) => {
      collected.timedOut ||= deadline.aborted;
      // 0: found, 1: nothing found, 2: an error, which may be one unreadable folder beside good results.
      const failed = code === 2 && !enough && collected.counted === 0 && !deadline.aborted && !isPartial(stderr);
      settle(failed ? failure(stderr, request.pattern) : null);
    });
  });
}

function argumentsOf(request: SearchRequest): string[] {
  const include = request.include.flatMap((glob) => ["--glob", glob]);
  return [
    "--no-config",
    "--json",
    "--hidden",
    "--crlf",
    "--no-require-git",
    ...include,
    "--glob",
    "!**/.git",
    "-e",
    request.pattern,
  ];
}

/** Complaints about single files; what could be read was searched. */
function isPartial(stderr: string): boolean {
  const lines = stderr.trim().split("\n");
  return lines.every((line) => /\(os error \d+\)\s*$/.test(line));
}

function failure(stderr: string, pattern: string): SearchResult {
  const text = stderr.trim().replace(/^rg: /, "");
  if (/regex parse error|not allowed in a regex|regex could not be compiled|exceeds size limit/i.test(text)) {
    const hint =
      "Correct the pattern (Rust syntax: no look-around or back-references, one line only) or escape special characters with a backslash.";
    return { kind: "bad-pattern", message: `/${pattern}/ is not a valid pattern: ${text}\n${hint}` };
  }
  return { kind: "failed", message: `The search failed: ${text || "no reason given"}. ${NEXT}` };
}

function notStarted(rgPath: string, error: Error): SearchResult {
  const why = systemCodeOf(error) === "ENOENT" ? "the program is missing" : messageOf(error);
  return { kind: "failed", message: `ripgrep could not be started (${rgPath}): ${why}. ${NEXT}` };
}

/** Files are searched in parallel and arrive in any order; sorted, the same search gives the same result. */
function toResult({ matches, counted, timedOut }: Collected, maxResults: number): SearchResult {
  matches.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
  return {
    kind: "found",
    matches: matches.slice(0, maxResults),
    total: counted,
    totalIsLowerBound: timedOut || counted >= MAX_COUNTED,
    timedOut,
  };
}

/** Splits bytes into lines; a line beyond the bound is reported as null and not kept. */
class LineReader {
  readonly #onLine: (line: string | null) => void;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(onLine: (line: string | null) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#onLine(this.#size > MAX_JSON_LINE ? null : Buffer.concat(this.#parts).toString("utf8"));
      this.#parts = [];
      this.#size = 0;
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > MAX_JSON_LINE) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }
}
