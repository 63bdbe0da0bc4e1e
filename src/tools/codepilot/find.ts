/** find: regular expression search over files, with ripgrep behind the Search port. */
import * as z from "zod";
import type { Tool } from "../../ports/tool.ts";
import { describeMatches } from "../../workspace/search-text.ts";
import type { ResolvedPath } from "../../workspace/workspace-paths.ts";
import { defineTool, integer, planned, reporter, toolInput } from "../define-tool.ts";
import type { ToolDeps } from "../tool-deps.ts";

const MAX_RESULTS = 500;

const input = toolInput({
  pattern: z.string().min(1).describe("Regular expression (Rust syntax), matched within one line. (?i) ignores case."),
  scope: z
    .enum(["codebase", "file", "files"])
    .optional()
    .describe("codebase (default): the workspace, without files that .gitignore names; file: one; files: several."),
  target: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe("The file, or the list of files, for these scopes. With codebase: a folder to search instead of all."),
  include: z.string().optional().describe("Only files matching this glob, e.g. *.ts or src/**."),
  max_results: integer(1).optional().describe(`Matches to show, at most ${MAX_RESULTS}. Default: 50.`),
});

const report = reporter("find");

export function find({ paths, files, search }: Pick<ToolDeps, "paths" | "files" | "search">): Tool {
  return defineTool({
    name: "find",
    description: "Searches file contents for a regular expression. Gives path:line:text for each matching line.",
    input,
    parallelSafe: true,
    summarize: ({ pattern, target }) => `Find /${pattern}/${target ? ` in ${[target].flat().join(", ")}` : ""}`,
    async plan({ pattern, scope = "codebase", target, include, max_results = 50 }) {
      const targets = target === undefined ? [] : [target].flat();
      if (scope !== "codebase" && targets.length === 0) {
        return report.refused(`scope "${scope}" needs target: ${scope === "file" ? "a path" : "a list of paths"}.`);
      }
      if (scope === "file" && targets.length > 1) {
        return report.refused('scope "file" takes one target. Use scope "files" for several.');
      }
      const wanted = targets.length > 0 ? targets : paths.folders.length > 0 ? paths.folders : [paths.cwd];
      const resolved: ResolvedPath[] = [];
      for (const given of wanted) {
        const result = await paths.resolve(given);
        if (result.kind === "invalid") return report.refused(result.message);
        resolved.push(result);
      }
      // One access names one path, so a permission never covers a place that was not on the prompt.
      const [first] = resolved;
      const outside = resolved.filter((path) => !path.insideWorkspace);
      if (!first || (outside.length > 0 && resolved.length > 1)) {
        return report.refused("Outside the workspace only one place at a time can be searched. Call find for each.");
      }
      const access = { kind: "read", path: first.path, insideWorkspace: outside.length === 0 } as const;
      const where = targets.length > 0 ? resolved.map((path) => path.shown).join(", ") : "the workspace";

      return planned(access, { kind: "repeat" }, async ({ signal }) => {
        const moved = await Promise.all(resolved.map(async (path) => !(await paths.isStill(path.path))));
        if (moved.includes(true)) return report.failed("A target leads elsewhere by now. Call find again.");
        const absent = await missing(files, resolved);
        if (absent) return report.failed(`There is no ${absent}. Check the path, or search with scope="codebase".`);
        const result = await search.find({
          pattern,
          paths: resolved.map((path) => path.path),
          include: include ? [include] : [],
          unsaved: await files.unsaved(),
          maxResults: Math.min(max_results, MAX_RESULTS),
          signal,
        });
        if (signal.aborted) return { status: "cancelled", output: report.text("Stopped before it was finished.") };
        if (result.kind !== "found") return report.failed(result.message);
        const shown = await shownPaths(paths, result.matches);
        const text = describeMatches(result, { pattern, where, show: (path) => shown.get(path) ?? path });
        const truncated = result.totalIsLowerBound || result.total > result.matches.length;
        const display = { kind: "search", pattern, matches: result.total, truncated } as const;
        return { status: "done", output: report.text(text), display };
      });
    },
  });
}

async function missing(files: Pick<ToolDeps["files"], "stat">, targets: readonly ResolvedPath[]) {
  for (const { path, shown } of targets) {
    if ((await files.stat(path).catch(() => null)) === null) return shown;
  }
  return undefined;
}

async function shownPaths(paths: ToolDeps["paths"], matches: readonly { readonly path: string }[]) {
  const shown = new Map<string, string>();
  for (const { path } of matches) {
    if (shown.has(path)) continue;
    const result = await paths.resolve(path);
    shown.set(path, result.kind === "resolved" ? result.shown : path);
  }
  return shown;
}
