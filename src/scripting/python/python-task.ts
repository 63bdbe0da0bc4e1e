/** The blocks of one task in one interpreter: hands their calls to the host, holds their limits, tells their ends. */
import { messageOf } from "../../base/app-error.ts";
import { hashOf } from "../../base/content-hash.ts";
import type {
  ScriptBlock,
  ScriptCall,
  ScriptEnd,
  ScriptFunction,
  ScriptHost,
  ScriptKillCause,
  ScriptReply,
  ScriptTask,
  ScriptTaskOptions,
} from "../../ports/script-engine.ts";
import type { Death, Interpreter } from "./interpreter.ts";
import type { ProgramEnd, ProgramMessage } from "./program-messages.ts";

/** Python keeps to less; more comes from a program that goes around it. */
const PRINT_MAX_CHARS = 2_000_000;
/** The process watches itself by processor time; this is by the clock, for one that does not. */
const CLOCK_FACTOR = 4;
const CLOCK_GRACE_MS = 10_000;

export class PythonTask implements ScriptTask {
  readonly #interpreter: Interpreter;
  readonly #options: ScriptTaskOptions;
  readonly #functions: ReadonlyMap<string, ScriptFunction>;
  #isNew = true;
  /** The end of the newest block: the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(interpreter: Interpreter, options: ScriptTaskOptions) {
    this.#interpreter = interpreter;
    this.#options = options;
    this.#functions = new Map(options.functions.map((entry) => [entry.name, entry]));
  }

  get alive(): boolean {
    return this.#interpreter.alive;
  }

  run(block: ScriptBlock, host: ScriptHost, signal: AbortSignal): Promise<ScriptEnd> {
    const end = this.#last.then(() => this.#run(block, host, signal));
    this.#last = end;
    return end;
  }

  async dispose(): Promise<void> {
    this.#interpreter.kill();
    await this.#interpreter.gone;
  }

  async #run(block: ScriptBlock, host: ScriptHost, signal: AbortSignal): Promise<ScriptEnd> {
    const { death } = this.#interpreter;
    if (death !== undefined) return killed(death.cause, "The interpreter of this task is gone, and all of its names.");
    const run = new BlockRun(this.#interpreter, this.#functions, block, host);
    const onAbort = () => run.stop("stopped", "");
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const { functions, workDir, seed } = this.#options;
      const task = this.#isNew ? { functions, workDir, seed } : null;
      const clock = this.#isNew ? `${block.nowMs} new ${hashOf(seed)}` : `${block.nowMs}`;
      this.#isNew = false;
      return await run.start({ source: block.source, task }, clock);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/** From the command to the end of one block. */
class BlockRun {
  readonly #interpreter: Interpreter;
  readonly #functions: ReadonlyMap<string, ScriptFunction>;
  readonly #block: ScriptBlock;
  readonly #host: ScriptHost;
  readonly #ended: Promise<ScriptEnd>;
  #resolve: (end: ScriptEnd) => void = () => undefined;
  #end: ProgramEnd | undefined;
  #fault: string | undefined;
  /** The program waits for an answer of ours: it can say nothing. */
  #isWaiting = false;
  /** What the program does now it has done before. */
  #replayed: boolean;
  #sleptMs = 0;
  #printedChars = 0;
  #computingMs = 0;
  #computingSince = 0;
  #clock: NodeJS.Timeout | undefined;
  #sleep: NodeJS.Timeout | undefined;

  constructor(
    interpreter: Interpreter,
    functions: ReadonlyMap<string, ScriptFunction>,
    block: ScriptBlock,
    host: ScriptHost,
  ) {
    this.#interpreter = interpreter;
    this.#functions = functions;
    this.#block = block;
    this.#replayed = block.replayed ?? false;
    this.#host = host;
    this.#ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  async start(command: object, clock: string): Promise<ScriptEnd> {
    this.#computes();
    this.#interpreter.run(command, clock, this.#block.cpuLimitMs, {
      onMessage: (message) => this.#onMessage(message),
      onIdle: () => this.#onIdle(),
      onDeath: (death) => this.#onDeath(death),
    });
    if (!this.#interpreter.alive) await this.#interpreter.gone.then(() => this.#onDeath(this.#interpreter.death));
    try {
      return await this.#ended;
    } finally {
      clearTimeout(this.#clock);
      clearTimeout(this.#sleep);
    }
  }

  stop(cause: Death["cause"], detail: string): void {
    this.#interpreter.kill(cause, detail);
  }

  #onMessage(message: ProgramMessage): void {
    if (this.#isWaiting || this.#end !== undefined) {
      this.stop("crashed", "it spoke out of turn");
      return;
    }
    if (message.t === "print") this.#print(message.parts);
    else if (message.t === "end") this.#end = message.end;
    else if (message.t === "sleep") this.#startSleep(message.ms);
    else if (message.calls.every((call) => this.#isKnown(call))) {
      this.#waits();
      void this.#call(message.calls);
    } else this.stop("crashed", "it made a call that does not exist");
  }

  #isKnown(call: ScriptCall): boolean {
    const known = this.#functions.get(call.tool);
    if (known === undefined || known.passesUnknown) return known !== undefined;
    return Object.keys(call.arguments).every((key) => known.parameters.some(({ name }) => name === key));
  }

  #print(parts: readonly { text: string; line: number | null }[]): void {
    for (const { text, line } of parts) {
      this.#printedChars += text.length;
      if (this.#printedChars > PRINT_MAX_CHARS) {
        this.stop("crashed", "it printed without end");
        return;
      }
      try {
        this.#host.print(text, line);
      } catch (error) {
        this.#fault = messageOf(error);
        this.stop("stopped", "");
        return;
      }
    }
  }

  async #call(calls: readonly ScriptCall[]): Promise<void> {
    let replies: readonly ScriptReply[];
    try {
      replies = await this.#host.call(calls);
      if (replies.length !== calls.length) throw new Error(`${calls.length} calls got ${replies.length} replies`);
    } catch (error) {
      this.#fault = messageOf(error);
      this.stop("stopped", "");
      return;
    }
    if (!this.#interpreter.alive) return;
    const answers = replies.map(({ kind, text, attributes, exception }) => ({
      kind,
      text,
      attributes,
      exception: exception ?? "ToolError",
    }));
    const nowMs = Math.max(...replies.map((reply) => reply.nowMs));
    this.#replayed = replies.at(-1)?.replayed ?? false;
    this.#computes();
    this.#interpreter.answer({ replies: answers }, `${nowMs}`);
  }

  /** What was slept before a call that is replayed was slept then; the clock moves on as it did. */
  #startSleep(ms: number): void {
    this.#waits();
    if (this.#sleptMs + ms > this.#block.sleepLimitMs) {
      const limit = this.#block.sleepLimitMs / 1_000;
      this.#endSleep(0, `the sleeps of a block may last ${limit} s together; wait with a tool instead`);
      return;
    }
    this.#sleptMs += ms;
    if (this.#replayed) {
      this.#endSleep(ms, null);
      return;
    }
    this.#sleep = setTimeout(() => this.#endSleep(ms, null), ms);
  }

  #endSleep(ms: number, problem: string | null): void {
    this.#computes();
    this.#interpreter.answer({ problem }, `+${ms}`);
  }

  #computes(): void {
    this.#isWaiting = false;
    this.#computingSince = performance.now();
    const limitMs = this.#block.cpuLimitMs * CLOCK_FACTOR + CLOCK_GRACE_MS - this.#computingMs;
    this.#clock = setTimeout(() => this.stop("cpu-limit", ""), Math.max(0, limitMs));
  }

  #waits(): void {
    this.#isWaiting = true;
    this.#computingMs += performance.now() - this.#computingSince;
    clearTimeout(this.#clock);
  }

  #onIdle(): void {
    if (this.#end !== undefined && !this.#isWaiting) {
      this.#resolve(this.#end);
      return;
    }
    this.stop("crashed", "it ended without an end");
    void this.#interpreter.gone.then(() => this.#onDeath(this.#interpreter.death));
  }

  #onDeath(death: Death | undefined): void {
    const { cause, detail } = death ?? { cause: "crashed", detail: "" };
    this.#resolve(
      this.#fault === undefined
        ? killed(cause, wordsFor(cause, detail, this.#block))
        : killed("host-fault", `A fault of the host: ${this.#fault}.`),
    );
  }
}

const killed = (cause: ScriptKillCause, message: string): ScriptEnd => ({ kind: "killed", cause, message });

function wordsFor(cause: Death["cause"], detail: string, block: ScriptBlock): string {
  const gone = "Its interpreter was ended.";
  switch (cause) {
    case "stopped":
      return `The block was stopped. ${gone}`;
    case "cpu-limit":
      return `The block computed for more than ${block.cpuLimitMs / 1_000} s. ${gone} Compute less in one block, or let a command do it.`;
    case "memory-limit":
      return `The block took too much memory${detail ? ` (${detail})` : ""}. ${gone} Keep less at once.`;
    case "crashed":
      return `The interpreter broke down${detail ? ` (${firstLine(detail)})` : ""}. ${gone}`;
  }
}

const firstLine = (text: string): string => (text.trim().split("\n")[0] ?? "").slice(0, 300);
