/**
 * Search by ripgrep. The pattern is passed behind `-e` and the paths behind `--`, so neither can act as an option.
 * What .gitignore (and .ignore) names is left out, also without a repository; dot files are searched, `.git` is not;
 * symlinks are not followed; configuration files of ripgrep are not read. A file with unsaved changes is searched as
 * it is in the editor, where the search would have come to it on the disk.
 */
import { stat } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { messageOf, systemCodeOf } from "../../base/app-error.ts";
import type { UnsavedFile } from "../../ports/file-system.ts";
import type { Search, SearchMatch, SearchRequest, SearchResult } from "../../ports/search.ts";
import { parseRipgrepLine } from "./ripgrep-json.ts";
import { type RipgrepLimits, runRipgrep } from "./ripgrep-process.ts";

export interface RipgrepOptions {
  /** The program; unset: the one of `@vscode/ripgrep`. */
  readonly rgPath?: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;
/** Matches counted before the search stops. */
const MAX_COUNTED = 10_000;
/** Kept at least before the first are picked out: that is not done for every match. */
const SPARE = 100;

export function createRipgrepSearch(options: RipgrepOptions = {}): Search {
  return { find: (request) => findWithRipgrep(request, options) };
}

async function findWithRipgrep(request: SearchRequest, options: RipgrepOptions): Promise<SearchResult> {
  const stopped = { kind: "failed", message: "The search was stopped." } as const;
  const { signal } = request;
  try {
    const rgPath = options.rgPath ?? (await bundledRipgrep());
    const limits = { rgPath, signal, deadline: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS) };
    const collected: Collected = { matches: [], counted: 0, timedOut: false };
    const groups = await groupByFolder(request.paths);
    const isOver = () => signal.aborted || collected.timedOut || collected.counted >= MAX_COUNTED;
    for (const group of groups) {
      const end = isOver() ? null : await searchDisk(limits, request, group, collected);
      if (end !== null) return signal.aborted ? stopped : end;
    }
    for (const file of isOver() ? [] : await reachedUnsaved(limits, request, groups)) {
      const end = isOver() ? null : await searchUnsaved(limits, request, file, collected);
      if (end !== null) return signal.aborted ? stopped : end;
    }
    return signal.aborted ? stopped : toResult(collected, request.maxResults);
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
  readonly kind: "folder" | "files";
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
    if (isFolder) groups.push({ kind: "folder", cwd: path, paths: [path] });
    else files.push(path);
  }
  const [first] = files;
  if (first !== undefined) groups.push({ kind: "files", cwd: dirname(first), paths: files });
  return groups;
}

interface Collected {
  /** Those that are returned and some more, in any order. */
  matches: SearchMatch[];
  /** With those in lines that are too long to show. */
  counted: number;
  timedOut: boolean;
}

/** Null when the run went well; `collected` grows. */
function searchDisk(
  limits: RipgrepLimits,
  request: SearchRequest,
  { cwd, paths }: Group,
  collected: Collected,
): Promise<SearchResult | null> {
  const unsaved = new Set(request.unsaved.map(({ path }) => path));
  const place = { cwd, targets: paths, input: null };
  return search(limits, request, place, collected, (path) => {
    const whole = resolve(cwd, path);
    return unsaved.has(whole) ? null : whole;
  });
}

function searchUnsaved(
  limits: RipgrepLimits,
  request: SearchRequest,
  { path, bytes }: UnsavedFile,
  collected: Collected,
): Promise<SearchResult | null> {
  const place = { cwd: dirname(path), targets: ["-"], input: bytes };
  return search(limits, request, place, collected, () => path);
}

/** `pathOf`: where a match is, by the path ripgrep gives; null: it does not count. */
async function search(
  limits: RipgrepLimits,
  request: SearchRequest,
  { cwd, targets, input }: { cwd: string; targets: readonly string[]; input: Uint8Array | null },
  collected: Collected,
  pathOf: (path: string) => string | null,
): Promise<SearchResult | null> {
  const args = [...common, "--json", "--crlf", ...globs(request), "-e", request.pattern, "--", ...targets];
  const onLine = (line: string | null) => {
    const match = line === null ? "too-long" : parseRipgrepLine(line);
    if (match === null) return "go-on";
    if (match !== "too-long") {
      const path = pathOf(match.path);
      if (path === null) return "go-on";
      keep(collected, { ...match, path }, request.maxResults);
    }
    collected.counted += 1;
    return collected.counted >= MAX_COUNTED ? "enough" : "go-on";
  };
  const end = await runRipgrep(limits, { args, cwd, input, onLine });
  if (end.kind === "not-started") return notStarted(limits.rgPath, end.error);
  collected.timedOut ||= limits.deadline.aborted;
  const { code, enough, stderr } = end;
  const failed = code === 2 && !enough && collected.counted === 0 && !limits.deadline.aborted && !isPartial(stderr);
  return failed ? failure(stderr, request.pattern) : null;
}

/** Those that a search on the disk comes to, by all that keeps it from files: only ripgrep itself can tell. */
async function reachedUnsaved(
  limits: RipgrepLimits,
  request: SearchRequest,
  groups: readonly Group[],
): Promise<readonly UnsavedFile[]> {
  const reached = new Set<UnsavedFile>();
  for (const { kind, cwd, paths } of groups) {
    if (kind === "files") {
      for (const file of request.unsaved) if (paths.includes(file.path)) reached.add(file);
      continue;
    }
    const below = cwd.endsWith(sep) ? cwd : cwd + sep;
    const open = new Map(
      request.unsaved
        .filter((file) => file.path.startsWith(below) && !reached.has(file))
        .map((file) => [file.path, file]),
    );
    if (open.size === 0) continue;
    const args = [...common, "--files", ...globs(request), "--", cwd];
    const onLine = (line: string | null) => {
      const file = line === null ? undefined : open.get(resolve(cwd, line));
      if (!file) return "go-on";
      reached.add(file);
      open.delete(file.path);
      return open.size === 0 ? "enough" : "go-on";
    };
    await runRipgrep(limits, { args, cwd, input: null, onLine });
  }
  return [...reached];
}

const common = ["--no-config", "--hidden", "--no-require-git"];

function globs({ include }: SearchRequest): string[] {
  return [...include.flatMap((glob) => ["--glob", glob]), "--glob", "!**/.git"];
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

/** What can not be among the first any more is let go, twice the number that is asked for at the latest. */
function keep(collected: Collected, match: SearchMatch, maxResults: number): void {
  collected.matches.push(match);
  if (collected.matches.length >= 2 * Math.max(maxResults, SPARE)) {
    collected.matches = firstOf(collected.matches, maxResults);
  }
}

/** Files are searched in parallel and arrive in any order; sorted, the same search gives the same result. */
function firstOf(matches: readonly SearchMatch[], maxResults: number): SearchMatch[] {
  const sorted = matches.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
  return sorted.slice(0, maxResults);
}

function toResult({ matches, counted, timedOut }: Collected, maxResults: number): SearchResult {
  return {
    kind: "found",
    matches: firstOf(matches, maxResults),
    total: counted,
    totalIsLowerBound: timedOut || counted >= MAX_COUNTED,
    timedOut,
  };
}
