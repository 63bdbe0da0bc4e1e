/**
 * The demo model's only piece: make the tests of the sample workspace pass. Each step is decided from what the tools
 * have really answered, and all it says of files and tests it has read there.
 */
import type { ModelRequest } from "../../ports/model-client.ts";
import {
  type Answered,
  numberedLines,
  pathOf,
  pathsFound,
  readTask,
  readTestReport,
  type Task,
  type TestReport,
  wasDenied,
} from "./read-conversation.ts";

export interface DemoCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number>>;
}

export interface DemoStep {
  readonly text: string;
  readonly calls: readonly DemoCall[];
}

const sourcePath = "src/cart.js";
const testPath = "test/cart.test.js";
const testCommand = "npm test";
const needed = ["read_file", "write_file", "execute"];
const howToConnect =
  "To work with a real model, run “CodePilot: Select Model” (or pass `--model`), for example `openai/…` or `anthropic/…` with its key, or `openai-chat/…` with the base URL of a server on this machine such as Ollama.";
const whatIAm = "I am the demo: a fixed script, not a language model, although the tools I use are real.";

export function nextStep(request: Pick<ModelRequest, "input" | "tools">): DemoStep {
  const offered = new Set(request.tools.map(({ name }) => name));
  if (!needed.every((name) => offered.has(name))) {
    return say(`${whatIAm} I need the tools ${needed.join(", ")}, and they are not offered here. ${howToConnect}`);
  }
  const task = readTask(request.input);
  const step = decide(task, offered.has("find"));
  if (!task.interjection) return step;
  return { ...step, text: `You wrote: “${task.interjection}”. A script can not act on that. ${step.text}` };
}

const say = (text: string): DemoStep => ({ text, calls: [] });

function decide(task: Task, canFind: boolean): DemoStep {
  const reads = [testPath, sourcePath].map((path) => lastCall(task, "read_file", path));
  const [test, source] = reads;
  if (!test || !source) return begin(task);

  if (reads.some((read) => read?.failed)) return notTheSample(task, [test, source], canFind);

  const edit = lastCall(task, "write_file");
  const runs = testRuns(task);
  const run = edit ? runs.after : runs.before;
  if (!run) {
    if (!edit) return firstRun(test, source);
    return afterEdit(edit);
  }
  if (run.last.failed) return commandProblem(run.last, edit);
  if (run.report.running) return stillRunning(run.looks, edit !== undefined);
  return edit ? conclude(run.report, edit) : repair(run.report, source);
}

function begin(task: Task): DemoStep {
  const greeting = task.isFollowUp
    ? "I can only do the one thing I have just shown, so I go through it again."
    : "Hello! I read the tests of this workspace and the code, run the tests, correct what they complain about and run them again. You are asked before anything is changed or run.";
  return {
    text: `${whatIAm} ${greeting}`,
    calls: [read(testPath), read(sourcePath)],
  };
}

function read(path: string): DemoCall {
  return { name: "read_file", arguments: { path } };
}

function firstRun(test: Answered, source: Answered): DemoStep {
  const [tests, lines] = [test, source].map(({ output }) => numberedLines(output));
  const count = tests?.filter(({ text }) => /^\s*(?:test|it)\(/.test(text)).length ?? 0;
  return {
    text: `\`${testPath}\` has ${count} tests for the ${lines?.length ?? 0} lines of \`${sourcePath}\`. I run them to see which of them fail.`,
    calls: [execute()],
  };
}

function execute(): DemoCall {
  return { name: "execute", arguments: { session_id: "main", command: testCommand, timeout: 60 } };
}

function stillRunning(looks: number, edited: boolean): DemoStep {
  if (looks >= 3) {
    return say(
      `\`${testCommand}\` has not ended after several looks, so I stop here; it goes on running in the terminal \`main\`. ${edited ? `My change to \`${sourcePath}\` is in place, but not confirmed by the tests.` : "No file was changed."}`,
    );
  }
  return {
    text: "The tests are still running; I wait for them.",
    calls: [{ name: "read_output", arguments: { session_id: "main", timeout: 60 } }],
  };
}

function repair(report: TestReport, source: Answered): DemoStep {
  if (report.failed === 0) {
    return say(`${counts(report)} There is nothing to repair, and I have changed nothing. ${howToConnect}`);
  }
  if (report.failed === undefined) return say(`${unreadable(report)} I have changed nothing.`);
  const faulty = numberedLines(source.output).find(({ text }) => fault.test(text));
  const complaint = `${counts(report)}${report.failingTest ? ` The failing test: “${report.failingTest}”` : ""}${report.mismatch ? ` (${report.mismatch})` : ""}${report.failingTest ? "." : ""}`;
  if (!faulty) {
    return say(
      `${complaint} In \`${sourcePath}\` I do not find the line which I know how to correct, and a script can not think of another correction. I have changed nothing. ${howToConnect}`,
    );
  }
  const content = faulty.text.replace(fault, "Math.round((percent / 100) * $1)");
  return {
    text: `${complaint} Line ${faulty.number} of \`${sourcePath}\` rounds too early: \`Math.floor(percent / 100)\` is 0 for every discount below 100 %. The discount itself has to be rounded, not the percentage. I change that line.`,
    calls: [
      {
        name: "write_file",
        arguments: { path: sourcePath, mode: "edit", start_line: faulty.number, end_line: faulty.number, content },
      },
    ],
  };
}

/** The percentage is rounded down before it is applied. */
const fault = /Math\.floor\(\s*percent\s*\/\s*100\s*\)\s*\*\s*([\w.]+\([^()]*\)|[\w.]+)/;

function afterEdit(edit: Answered): DemoStep {
  if (wasDenied(edit)) {
    return say(`The change was not allowed, so \`${sourcePath}\` is as it was and the test still fails. I stop here.`);
  }
  if (edit.failed) {
    return say(`The change could not be made, and I stop here. The tool says: ${firstLine(edit.output)}`);
  }
  return { text: "The line is changed. I run the tests again to see whether that was it.", calls: [execute()] };
}

function commandProblem(run: Answered, edit: Answered | undefined): DemoStep {
  const state = edit
    ? `My change to \`${sourcePath}\` is in place, but no test has confirmed it.`
    : "No file was changed.";
  if (wasDenied(run))
    return say(`Running \`${testCommand}\` was not allowed, so I have not run it. ${state} I stop here.`);
  return say(`\`${testCommand}\` could not be run. ${state} The tool says: ${firstLine(run.output)}`);
}

function conclude(report: TestReport, edit: Answered): DemoStep {
  const line = edit.args.start_line;
  const changed = `I changed line ${line} of \`${sourcePath}\`, so that the discount is rounded instead of the percentage.`;
  if (report.failed === undefined) return say(`${changed} ${unreadable(report)}`);
  if (report.failed > 0) {
    return say(
      `${changed} But the tests are not satisfied. ${counts(report)} My change is still in place; a script can not try anything else.`,
    );
  }
  return say(`Done. ${changed} ${counts(report)}\n\nThis was the demo. ${howToConnect}`);
}

function notTheSample(task: Task, reads: readonly Answered[], canFind: boolean): DemoStep {
  if (reads.some(wasDenied)) {
    return say("Reading was not allowed, so I have looked at nothing and changed nothing. I stop here.");
  }
  const search = lastCall(task, "find");
  if (!search && canFind) {
    return {
      text: "This is not the sample workspace I was written for. I look what there is.",
      // Lines that nearly every file begins with or contains early; only the names of the files matter.
      calls: [
        { name: "find", arguments: { pattern: '^(#|//|/\\*|import |from |const |\\{|<|"use )', max_results: 200 } },
      ],
    };
  }
  const paths = search && !search.failed ? pathsFound(search.output) : [];
  const shown = paths.slice(0, 8).map((path) => `- \`${path}\``);
  const rest = paths.length > shown.length ? `\n- … and at least ${paths.length - shown.length} more` : "";
  const seen = shown.length > 0 ? `What I can see here:\n\n${shown.join("\n")}${rest}\n\n` : "";
  return say(
    `${whatIAm} I only know the sample workspace, and this is another one. Nothing was changed. ${seen}${howToConnect}`,
  );
}

interface TestRun {
  /** The last thing that said something of the run. */
  readonly last: Answered;
  readonly report: TestReport;
  /** How often it was looked at while it ran. */
  readonly looks: number;
}

/** The run before the file was changed, and the one after it. */
function testRuns({ calls }: Task): { before: TestRun | undefined; after: TestRun | undefined } {
  const edit = calls.findLastIndex(({ name }) => name === "write_file");
  return { before: readRun(calls.slice(0, edit === -1 ? undefined : edit)), after: readRun(calls.slice(edit + 1)) };
}

function readRun(calls: readonly Answered[]): TestRun | undefined {
  const start = calls.findIndex(({ name }) => name === "execute");
  if (start === -1) return undefined;
  const looks = calls.slice(start).filter(({ name }) => name === "execute" || name === "read_output");
  const last = looks.at(-1);
  if (!last) return undefined;
  const whole = looks.map(({ output }) => output).join("\n");
  const report = { ...readTestReport(whole), running: readTestReport(last.output).running };
  return { last, report, looks: looks.length };
}

function lastCall(task: Task, name: string, path?: string): Answered | undefined {
  return task.calls.findLast((call) => call.name === name && (path === undefined || pathOf(call) === path));
}

function counts({ passed, failed }: TestReport): string {
  const total = (passed ?? 0) + (failed ?? 0);
  if (failed === 0) return `All ${total} tests pass.`;
  return `Of ${total} tests ${passed ?? 0} pass and ${failed} ${failed === 1 ? "fails" : "fail"}.`;
}

function unreadable({ exitCode, tail }: TestReport): string {
  const end = exitCode === undefined ? "" : ` and ended with exit code ${exitCode}`;
  return `\`${testCommand}\` printed no result that I can read${end}. Its last lines:\n\n\`\`\`\n${tail}\n\`\`\`\n`;
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}
