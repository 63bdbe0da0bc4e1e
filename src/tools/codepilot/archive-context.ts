/** archive_context: from the next request on finished tasks are told as summaries, which makes room. */
import * as z from "zod";
import type { ArchiveTask } from "../../ports/context-archive.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool, integer, planned, reporter, toolInput } from "../define-tool.ts";
import { archivable, formatTokens, noSuchTask } from "./context-text.ts";

const MAX_TASKS = 100;
const MAX_SUMMARY_CHARS = 20_000;

const input = toolInput({
  position: z
    .union([integer(1), z.array(integer(1)).min(1).max(MAX_TASKS)])
    .describe("Number of the task to put away, or a list of numbers. The first task of the session is 1."),
  summary: z
    .union([z.string(), z.array(z.string()).min(1).max(MAX_TASKS)])
    .describe("What has to stay known of it: results, decisions, paths, open ends. For a list of numbers one each."),
});

const report = reporter("archive_context");

export function archiveContext(): Tool {
  return defineTool({
    name: "archive_context",
    description:
      "Replaces finished tasks in your context by your summaries of them, from the next request on. The originals are kept; reveal_context shows them.",
    input,
    parallelSafe: false,
    summarize: ({ position }) => {
      const positions = asList(position);
      return `Archive ${positions.length === 1 ? "task" : "tasks"} ${positions.join(", ")}`;
    },
    async plan({ position, summary }) {
      const positions = asList(position);
      const summaries = asList(summary);
      if (positions.length !== summaries.length) {
        return report.refused(
          `there are ${count(positions.length, "position", "positions")} and ${count(summaries.length, "summary", "summaries")}. Give one summary for each position. Nothing was archived.`,
        );
      }
      return planned({ kind: "none" }, { kind: "repeat" }, async ({ archive }) => {
        let archived = 0;
        const lines: string[] = [];
        for (const [index, number] of positions.entries()) {
          const text = (summaries[index] ?? "").trim();
          const tasks = archive.tasks();
          const task = tasks[number - 1];
          // The same again, as when a call is repeated after a crash, is what was asked for.
          const problem = task?.summary === text ? null : problemOf(number, text, tasks);
          if (problem) {
            lines.push(`task ${number}: ERROR: ${problem}`);
            continue;
          }
          if (task?.summary !== text) await archive.archive(number, text);
          const saved = (task?.fullTokens ?? 0) - (archive.tasks()[number - 1]?.tokens ?? 0);
          lines.push(`task ${number}: archived, ${formatTokens(saved)} saved from the next request on.`);
          archived += 1;
        }
        const text = lines.join("\n");
        return archived > 0 ? { status: "done", output: report.text(text) } : report.failed(text);
      });
    },
  });
}

function problemOf(position: number, summary: string, tasks: readonly ArchiveTask[]): string | null {
  const task = tasks[position - 1];
  if (!task) return `${noSuchTask(position, tasks)} ${archivable(tasks)}`;
  if (task.active) return `it is the active task, which can be archived in a later one. ${archivable(tasks)}`;
  if (task.summary !== null) {
    return `it is archived already; reveal_context(${position}) shows it. ${archivable(tasks)}`;
  }
  if (summary === "") return "the summary is empty. Say what has to stay known of the task.";
  if (summary.length > MAX_SUMMARY_CHARS) {
    return `the summary has ${summary.length} characters; up to ${MAX_SUMMARY_CHARS} are taken. Make it shorter.`;
  }
  return null;
}

function asList<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
