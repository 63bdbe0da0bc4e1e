/** `codepilot exec`: one task to its end without a window. */
import { AppError } from "../base/app-error.ts";
import { systemClock } from "../base/clock.ts";
import { endpointOf } from "../embed/agent-file/endpoint.ts";
import type { LoadedAgentFile } from "../embed/agent-file/load-agent-file.ts";
import { openStore } from "../embed/open-store.ts";
import { Runtime, type TurnResult } from "../embed/runtime.ts";
import type { RuntimeOptions } from "../embed/runtime-options.ts";
import type { SessionStore } from "../ports/session-store.ts";
import type { AgentProfile } from "../protocol/agent-profile.ts";
import type { ExecRequest } from "./exec-options.ts";
import { EXIT } from "./exit-codes.ts";
import { LineWriter } from "./line-writer.ts";
import { printable } from "./printable.ts";
import { ProgressOutput } from "./progress-output.ts";
import { checkWorkingDirectory } from "./working-directory.ts";

const FINISH_LIMIT_MS = 500;
const QUIET_INPUT_MS = 2_000;
/** More than any model takes; what is longer is a file that was not meant to be the task. */
const MAX_TASK_BYTES = 10_000_000;

/** Rejects with AppError for what is wrong before a turn starts; afterwards the exit code tells. */
export async function exec(request: ExecRequest): Promise<number> {
  const loaded = request.agentFile === undefined ? undefined : await readAgent(request.agentFile, request);
  const cwd = await checkWorkingDirectory(placeOf(request, loaded));
  const store = openStore(request.store, undefined);
  const task = request.task ?? (await readStandardInput());
  const resume = request.resume && (await findSession(store, request.resume, cwd, task !== undefined));
  if (task === undefined && resume === undefined) {
    throw new AppError("usage", "there is no task", { next: "Write it after the options or pipe it in." });
  }
  const out = new LineWriter(process.stdout);
  const progress = request.json ? undefined : new ProgressOutput(process.stderr);
  const runtime = await Runtime.open({
    ...runtimeOptions(request, loaded?.profile, { cwd, store, resume }),
    onEvent: (event) => {
      if (request.json) out.write(JSON.stringify(event));
      else progress?.show(event);
    },
  });
  const stop = new AbortController();
  const onSignal = () => {
    // A second Ctrl-C does not wait for anything; the journal is whole at every instant.
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
    // Whatever runs, also a turn of an earlier message that this task waits for.
    void runtime.interrupt();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  let code: number;
  let whole = true;
  try {
    const result = await runTurns(runtime, task, stop.signal);
    progress?.stop();
    if (!request.json) report(result, out);
    code = exitCodeOf(result);
  } finally {
    try {
      await runtime.close();
    } finally {
      progress?.stop();
      whole = await isTaken(out, stop.signal);
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    }
  }
  return whole ? code : EXIT.interrupted;
}

/** Whether all of the output went out: a reader that does not read must not hold up a stop, whenever it comes. */
async function isTaken(out: LineWriter, stop: AbortSignal): Promise<boolean> {
  const { promise: givenUp, resolve } = Promise.withResolvers<false>();
  const limit = () => void systemClock.sleep(FINISH_LIMIT_MS).then(() => resolve(false));
  if (stop.aborted) limit();
  else stop.addEventListener("abort", limit, { once: true });
  return Promise.race([out.finish().then(() => true), givenUp]);
}

/** The interrupted turn first, if there is one; then the task. */
async function runTurns(runtime: Runtime, task: string | undefined, signal: AbortSignal): Promise<TurnResult> {
  if (runtime.interruptedTurn) {
    const resumed = await runtime.resume({ signal });
    if (task === undefined || resumed.reason !== "completed") return resumed;
  }
  if (task === undefined) {
    throw new AppError("usage", `session ${runtime.sessionId} has no interrupted turn`, {
      next: "Add a task to go on with it.",
    });
  }
  return runtime.run(task, { signal });
}

function report(result: TurnResult, out: LineWriter): void {
  // A pipe gets the words as they are; a terminal must not obey what a model writes.
  if (result.text !== "") out.write(process.stdout.isTTY ? printable(result.text) : result.text);
  if (result.error) {
    const { message, next } = result.error;
    process.stderr.write(`codepilot: ${printable(message)}${next ? `\n  ${printable(next)}` : ""}\n`);
  } else if (result.reason === "interrupted") {
    process.stderr.write("codepilot: stopped\n");
  }
}

function exitCodeOf(result: TurnResult): number {
  if (result.error?.class === "unanswered") return EXIT.unanswered;
  switch (result.reason) {
    case "completed":
      return EXIT.completed;
    case "interrupted":
      return EXIT.interrupted;
    default:
      return EXIT.failed;
  }
}

/** An agent file is read by a parser that a run without one need not load. */
async function readAgent(path: string, { model, baseUrl }: ExecRequest): Promise<LoadedAgentFile> {
  const { loadAgentFile } = await import("../embed/agent-file/load-agent-file.ts");
  const loaded = await loadAgentFile(path);
  // What the command line names instead is the person's own choice.
  const own = model === undefined ? loaded.profile.model : undefined;
  const endpoint = own && baseUrl === undefined ? endpointOf(loaded.profile) : undefined;
  const remark = endpoint && `${path}: the task and the key in ${endpoint.apiKeyEnv} go to ${endpoint.host}.`;
  const warnings = [...loaded.warnings, ...(remark ? [remark] : [])];
  for (const warning of warnings) process.stderr.write(`codepilot: ${printable(warning)}\n`);
  if (own?.id.startsWith("vscode/")) {
    throw new AppError("usage", `${path}: models of the editor (vscode) can only be used in the editor`, {
      next: "Name another one with --model PROVIDER/NAME.",
    });
  }
  return loaded;
}

/** An agent file that names its folder means it, wherever it is called from; one that does not may be told by -C. */
function placeOf(request: ExecRequest, loaded: LoadedAgentFile | undefined): string {
  return loaded?.profile.workDir ?? request.cwd ?? loaded?.home ?? process.cwd();
}

function runtimeOptions(
  request: ExecRequest,
  agent: AgentProfile | undefined,
  place: { cwd: string; store: SessionStore; resume: string | undefined },
): RuntimeOptions {
  if (request.model === undefined && agent?.model === undefined && place.resume === undefined) {
    throw new AppError("usage", "no model was named", {
      next: "Use --model PROVIDER/NAME, for example --model anthropic/claude-sonnet-5 or --model demo/scripted.",
    });
  }
  return {
    cwd: place.cwd,
    store: place.store,
    approval: request.approval,
    allowAll: request.yes,
    ...(agent === undefined ? {} : { agent }),
    ...(request.model === undefined ? {} : { model: request.model }),
    ...(request.baseUrl === undefined ? {} : { baseUrl: request.baseUrl }),
    ...(request.interface === undefined ? {} : { interface: request.interface }),
    ...(request.maxSteps === undefined ? {} : { maxSteps: request.maxSteps }),
    ...(place.resume === undefined ? {} : { resume: place.resume }),
    ...(request.sessionId === undefined ? {} : { sessionId: request.sessionId }),
  };
}

/** The id that was given; else, without a task, the newest unfinished session, and with one the newest of all. */
async function findSession(
  store: SessionStore,
  resume: NonNullable<ExecRequest["resume"]>,
  cwd: string,
  hasTask: boolean,
): Promise<string> {
  if (resume.kind === "id") return resume.id;
  const records = (await store.list({ cwd, limit: 50 })).filter((record) => !record.inUse);
  const found = hasTask ? records[0] : (records.find((record) => record.unfinished) ?? records[0]);
  if (found) return found.sessionId;
  throw new AppError("not-found", `no session of ${cwd} can be resumed`, { next: "Start one with a task." });
}

/** Undefined for a terminal and for nothing but white space. Rejects with AppError `usage` for what can be no task. */
async function readStandardInput(): Promise<string | undefined> {
  if (process.stdin.isTTY) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  const notice = setTimeout(
    () => process.stderr.write("codepilot: reading the task from standard input …\n"),
    QUIET_INPUT_MS,
  );
  try {
    for await (const chunk of process.stdin) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > MAX_TASK_BYTES) throw noTask("is longer than 10 MB");
    }
  } catch (error) {
    if (AppError.is(error)) throw error;
    return undefined;
  } finally {
    clearTimeout(notice);
  }
  const text = Buffer.concat(chunks).toString("utf8").trim();
  if (text.includes("\0")) throw noTask("is not text");
  return text === "" ? undefined : text;
}

function noTask(why: string): AppError {
  return new AppError("usage", `standard input ${why}, so it can not be the task`, {
    next: "Write the task after the options and name the file in it.",
  });
}
