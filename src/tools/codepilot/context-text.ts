/** Wording that the tools over the context archive share. */
import type { ArchiveTask } from "../../ports/context-archive.ts";

export function formatTokens(tokens: number): string {
  return `about ${Math.max(0, tokens).toLocaleString("en")} tokens`;
}

/** Numbers as ranges where they follow each other: `1–3, 5`. */
export function listNumbers(numbers: readonly number[]): string {
  const ranges: { start: number; end: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && last.end + 1 === number) last.end = number;
    else ranges.push({ start: number, end: number });
  }
  return ranges.map(({ start, end }) => (start === end ? `${start}` : `${start}–${end}`)).join(", ");
}

export function noSuchTask(position: number, tasks: readonly ArchiveTask[]): string {
  const all = tasks.length === 1 ? "only task 1" : `tasks 1–${tasks.length}`;
  return `there is no task ${position}: this session has ${all}.`;
}

export function archivable(tasks: readonly ArchiveTask[]): string {
  const open = tasks.filter((task) => !task.active && task.summary === null).map(({ position }) => position);
  return open.length === 0 ? "No task can be archived now." : `Can be archived: ${listNumbers(open)}.`;
}

export function archivedNumbers(tasks: readonly ArchiveTask[]): string {
  const numbers = tasks.filter((task) => task.summary !== null).map(({ position }) => position);
  return numbers.length === 0 ? "No task is archived." : `Archived: ${listNumbers(numbers)}.`;
}
