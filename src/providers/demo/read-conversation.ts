/** What the demo model can know: what it was told and what its tools answered. Pure. */
import type { ModelInput } from "../../ports/model-client.ts";
import { objectOf, parseJson, textOf, type WireObject } from "../wire.ts";

export interface Answered {
  readonly name: string;
  readonly args: WireObject;
  readonly output: string;
  readonly failed: boolean;
}

export interface Task {
  /** Tool calls of this task with their results, oldest first. */
  readonly calls: readonly Answered[];
  /** Words of the person since the last tool result, other than the task itself. */
  readonly interjection: string;
  /** Was there an earlier task in this session? */
  readonly isFollowUp: boolean;
}

/** Words of the runtime, not of the person. */
const remark = /^\[(?:CodePilot:|(?:ENVIRONMENT CHANGE|TERMINAL ACTIVITY)\])/;

/**
 * The task begins with the last words of the person that follow a finished reply (or an interrupt, or nothing); words
 * that come while tools work belong to the task that is under way.
 */
export function readTask(input: readonly ModelInput[]): Task {
  const history = input.filter(({ kind }) => kind !== "context" && kind !== "reasoning");
  const start = Math.max(
    0,
    history.findLastIndex((entry, index) => {
      if (entry.kind !== "user" || remark.test(entry.text)) return false;
      const before = history[index - 1];
      return !before || before.kind === "assistant" || (before.kind === "user" && remark.test(before.text));
    }),
  );
  const task = history.slice(start);
  const results = new Map(task.flatMap((entry) => (entry.kind === "tool_result" ? [[entry.callId, entry]] : [])));
  const calls = task.flatMap((entry): Answered[] => {
    if (entry.kind !== "tool_call") return [];
    const result = results.get(entry.callId);
    const { output, failed } = result ?? { output: "", failed: true };
    return [{ name: entry.name, args: objectOf(parseJson(entry.argumentsText)), output, failed }];
  });
  const later = task.slice(task.findLastIndex(({ kind }) => kind === "tool_result") + 1);
  const said = calls.length > 0 ? later.flatMap((entry) => (entry.kind === "user" ? [entry.text] : [])) : [];
  return { calls, interjection: said.filter((text) => !remark.test(text)).join(" "), isFollowUp: start > 0 };
}

/** Was the call refused by the person, by a rule, or because nobody was there to ask? */
export function wasDenied(call: Answered): boolean {
  return call.failed && /^\W*(?:denied|refused|permission denied|not allowed)\b/i.test(call.output);
}

export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** Lines such as `   12 | text` from what read_file shows. */
export function numberedLines(output: string): NumberedLine[] {
  return output.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s*[|:│\t]\s?(.*)$/.exec(line);
    return match ? [{ number: Number(match[1]), text: (match[2] ?? "").replace(/\r$/, "") }] : [];
  });
}

export interface TestReport {
  /** Undefined where the output does not say. */
  readonly passed: number | undefined;
  readonly failed: number | undefined;
  readonly exitCode: number | undefined;
  readonly running: boolean;
  readonly failingTest: string | undefined;
  /** For example `849 !== 722`. */
  readonly mismatch: string | undefined;
  /** The end of the output, for when nothing else can be said. */
  readonly tail: string;
}

/** Reads what Node's test runner printed, and the status line of the terminal tool. */
export function readTestReport(output: string): TestReport {
  const counted = (what: string) => {
    const match = new RegExp(`^\\W*${what}\\s+(\\d+)\\s*$`, "m").exec(output);
    return match ? Number(match[1]) : undefined;
  };
  const code = /(?:return_code|exit(?: code)?)\W+(-?\d+)/i.exec(output)?.[1];
  const lines = output.split("\n").map((line) => line.trim());
  return {
    passed: counted("pass"),
    failed: counted("fail"),
    exitCode: code === undefined ? undefined : Number(code),
    running: /status: running/.test(output),
    failingTest: /^(?:✖|not ok \d+ -)\s+(?!failing tests)(.+?)(?:\s+\([\d.]+m?s\))?$/m.exec(lines.join("\n"))?.[1],
    mismatch: lines.find((line) => /^\S+ !== \S+$/.test(line)),
    tail: lines
      .filter((line) => line !== "" && !line.startsWith("["))
      .slice(-3)
      .join("\n"),
  };
}

/** Paths from lines such as `src/a.ts:12:text`. */
export function pathsFound(output: string): string[] {
  const paths = output.split("\n").flatMap((line) => /^([^\s:][^:]*):\d+[:-]/.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}

export function pathOf(call: Answered): string {
  return textOf(call.args.path);
}
