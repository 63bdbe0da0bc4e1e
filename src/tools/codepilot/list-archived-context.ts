/** list_archived_context: which tasks of the session are archived, and which could be. */
import type { ArchiveTask } from "../../ports/context-archive.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool, planned, reporter, toolInput } from "../define-tool.ts";
import { formatTokens } from "./context-text.ts";

const SUMMARY_CHARS = 300;
const MAX_LISTED = 200;

const report = reporter("list_archived_context");

export function listArchivedContext(): Tool {
  return defineTool({
    name: "list_archived_context",
    description: "Lists the tasks of this session: the archived ones with their summaries, and what the others take.",
    input: toolInput({}),
    parallelSafe: true,
    summarize: () => "List archived tasks",
    async plan() {
      return planned({ kind: "none" }, { kind: "repeat" }, async ({ archive }) => {
        const tasks = archive.tasks();
        const archived = tasks.filter((task) => task.summary !== null);
        const saved = archived.reduce((sum, task) => sum + task.fullTokens - task.tokens, 0);
        const head =
          archived.length === 0
            ? "no task is archived."
            : `${archived.length} of ${tasks.length} tasks archived, ${formatTokens(saved)} saved.`;
        const left = tasks.length - MAX_LISTED;
        const more = left > 0 ? [`… ${left} older tasks`] : [];
        return {
          status: "done",
          output: report.text([head, ...more, ...tasks.slice(-MAX_LISTED).map(line)].join("\n")),
        };
      });
    },
  });
}

function line({ position, active, summary, title, tokens, fullTokens }: ArchiveTask): string {
  if (active) return `${position}. active: ${title}`;
  if (summary === null) return `${position}. in full, ${formatTokens(tokens)}: ${title}`;
  const flat = summary.replace(/\s+/g, " ");
  const short = flat.length > SUMMARY_CHARS ? `${flat.slice(0, SUMMARY_CHARS - 1)}…` : flat;
  return `${position}. ARCHIVED, ${formatTokens(fullTokens - tokens)} saved: ${short}`;
}
