/** reveal_context: shows what an archived task was, without putting it back. */
import type { Tool } from "../../ports/tool.ts";
import { defineTool, integer, planned, reporter, toolInput } from "../define-tool.ts";
import { archivedNumbers, noSuchTask } from "./context-text.ts";

const MAX_CHARS = 24_000;
/** Of a text that is too long: the beginning has the task, the end the outcome. */
const HEAD_CHARS = 10_000;
const MAX_LINE_CHARS = 2_000;

const input = toolInput({
  position: integer(1).describe("Number of the archived task."),
  start_line: integer(1)
    .optional()
    .describe("First line of the conversation to show, where it is too long for one look."),
  end_line: integer(1).optional().describe("Last line, inclusive."),
});

const report = reporter("reveal_context");

export function revealContext(): Tool {
  return defineTool({
    name: "reveal_context",
    description: "Shows the original conversation of an archived task. The task stays archived.",
    input,
    parallelSafe: true,
    summarize: ({ position }) => `Look at archived task ${position}`,
    async plan({ position, start_line: startLine, end_line: endLine }) {
      if (startLine !== undefined && endLine !== undefined && endLine < startLine) {
        return report.refused(`end_line ${endLine} is before start_line ${startLine}.`);
      }
      return planned({ kind: "none" }, { kind: "repeat" }, async ({ archive }) => {
        const tasks = archive.tasks();
        const task = tasks[position - 1];
        if (!task) return report.failed(`${noSuchTask(position, tasks)} ${archivedNumbers(tasks)}`);
        if (task.summary === null) {
          return report.failed(`task ${position} is not archived: it is in your context. ${archivedNumbers(tasks)}`);
        }
        const lines = (archive.original(position) ?? "").split(/\r\n|\n|\r/).map(clipped);
        const ranged = startLine !== undefined || endLine !== undefined;
        const first = startLine ?? 1;
        if (first > lines.length) {
          return report.failed(`start_line ${first} is beyond the end: the conversation has ${lines.length} lines.`);
        }
        const body = ranged ? stretch(lines, first, endLine ?? lines.length) : headAndTail(position, lines);
        return { status: "done", output: report.text(`task ${position} · ${body}`) };
      });
    },
  });
}

function clipped(line: string): string {
  const hidden = line.length - MAX_LINE_CHARS;
  return hidden > 0 ? `${line.slice(0, MAX_LINE_CHARS)}… [${hidden} more characters]` : line;
}

function stretch(lines: readonly string[], first: number, wantedLast: number): string {
  const last = Math.min(lastWithin(lines, first, MAX_CHARS), wantedLast, lines.length);
  const shown = lines.slice(first - 1, last);
  const left = Math.min(wantedLast, lines.length) - last;
  const more = left > 0 ? [`[${left} more ${left === 1 ? "line" : "lines"}: start_line=${last + 1} goes on]`] : [];
  return [`lines ${first}–${last} of ${lines.length}`, ...shown, ...more].join("\n");
}

function headAndTail(position: number, lines: readonly string[]): string {
  const total = lines.reduce((sum, line) => sum + line.length + 1, 0);
  if (total <= MAX_CHARS) return [`${lines.length} lines`, ...lines].join("\n");
  const head = lastWithin(lines, 1, HEAD_CHARS);
  let tail = lines.length;
  let room = MAX_CHARS - HEAD_CHARS - ((lines[tail - 1]?.length ?? 0) + 1);
  while (tail - 1 > head + 1) {
    room -= (lines[tail - 2]?.length ?? 0) + 1;
    if (room < 0) break;
    tail -= 1;
  }
  const gap = `[… lines ${head + 1}–${tail - 1} left out: reveal_context(${position}, start_line=${head + 1}, end_line=${tail - 1}) shows them …]`;
  return [
    `lines 1–${head} and ${tail}–${lines.length} of ${lines.length}`,
    ...lines.slice(0, head),
    gap,
    ...lines.slice(tail - 1),
  ].join("\n");
}

/** Number of the last line from `first` on that fits; at least `first` itself. */
function lastWithin(lines: readonly string[], first: number, maxChars: number): number {
  let room = maxChars - ((lines[first - 1]?.length ?? 0) + 1);
  let last = first;
  while (last < lines.length) {
    room -= (lines[last]?.length ?? 0) + 1;
    if (room < 0) break;
    last += 1;
  }
  return last;
}
