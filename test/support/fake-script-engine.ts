/**
 * A script engine whose programs are functions of the test: what a runtime makes of calls, ends and deaths, without an
 * interpreter. Like the real one it ends at once when it is stopped, whatever the host is still doing for it.
 */
import { AppError } from "../../src/base/app-error.ts";
import type { Json } from "../../src/base/json.ts";
import type {
  ScriptBlock,
  ScriptCall,
  ScriptEnd,
  ScriptEngine,
  ScriptHost,
  ScriptReply,
  ScriptTask,
} from "../../src/ports/script-engine.ts";

type Call = readonly [tool: string, args?: Readonly<Record<string, Json>>];

/** What a program can do. */
export interface FakeProgramApi {
  /** The text that the call gives; throws FakeToolError when it raises. */
  call(...call: Call): Promise<string>;
  gather(calls: readonly Call[]): Promise<readonly ScriptReply[]>;
  print(text: string): void;
  /** Is told to the test where a real program would really wait. */
  sleep(name: string): void;
  readonly variables: Map<string, Json>;
  /** The process goes, as if somebody had killed it. */
  die(): Promise<never>;
}

export type FakeProgram = (api: FakeProgramApi) => Promise<void>;

export class FakeToolError extends Error {}
class Gone extends Error {}

export class FakeScriptEngine implements ScriptEngine {
  readonly #programs: Readonly<Record<string, FakeProgram>>;
  /** Sources in the order in which they were run, over all interpreters. */
  readonly ran: string[] = [];
  /** The sleeps that were waited for, over all interpreters. */
  readonly slept: string[] = [];
  /** The interpreter that was opened last. */
  newest: { kill(): void } | undefined;
  /** Set: the next `open` waits for it, or rejects with it. */
  opening: (() => Promise<void>) | undefined;

  /** Programs by their source, without the white space around it. */
  constructor(programs: Readonly<Record<string, FakeProgram>>) {
    this.#programs = programs;
  }

  warmUp(): void {}

  async open(_options: unknown, signal: AbortSignal): Promise<ScriptTask> {
    const opening = this.opening;
    this.opening = undefined;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    aborted.catch(() => undefined);
    await Promise.race([opening?.(), aborted]);
    signal.throwIfAborted();
    const task = new FakeTask(this.#programs, this.ran, this.slept);
    this.newest = task;
    return task;
  }

  async dispose(): Promise<void> {}
}

export function engineFault(): AppError {
  return new AppError("unavailable", "there is no interpreter here");
}

class FakeTask implements ScriptTask {
  alive = true;
  readonly #programs: Readonly<Record<string, FakeProgram>>;
  readonly #ran: string[];
  readonly #slept: string[];
  readonly #variables = new Map<string, Json>();

  constructor(programs: Readonly<Record<string, FakeProgram>>, ran: string[], slept: string[]) {
    this.#programs = programs;
    this.#ran = ran;
    this.#slept = slept;
  }

  async run({ source, replayed }: ScriptBlock, host: ScriptHost, signal: AbortSignal): Promise<ScriptEnd> {
    if (!this.alive) return { kind: "killed", cause: "crashed", message: "It is gone." };
    const program = this.#programs[source.trim()];
    if (!program) throw new Error(`the test has no program ${source}`);
    this.#ran.push(source.trim());
    const gone = Promise.withResolvers<never>();
    gone.promise.catch(() => undefined);
    const die = () => {
      this.alive = false;
      gone.reject(new Gone());
    };
    if (signal.aborted) die();
    signal.addEventListener("abort", die, { once: true });
    try {
      await Promise.race([program(this.#api(host, replayed ?? false, gone.promise, die)), gone.promise]);
      return { kind: "completed", names: this.#names() };
    } catch (error) {
      if (!this.alive || !(error instanceof FakeToolError)) {
        this.alive = false;
        return { kind: "killed", cause: signal.aborted ? "stopped" : "crashed", message: "The interpreter is gone." };
      }
      const { message } = error;
      return {
        ...{ kind: "raised", phase: "run", type: "ToolError", message, line: 1, traceback: "Traceback" },
        names: this.#names(),
      };
    } finally {
      signal.removeEventListener("abort", die);
    }
  }

  kill(): void {
    this.alive = false;
  }

  async dispose(): Promise<void> {
    this.alive = false;
  }

  #names(): string[] {
    return [...this.#variables.keys()].sort();
  }

  #api(host: ScriptHost, replayed: boolean, gone: Promise<never>, die: () => void): FakeProgramApi {
    let didBefore = replayed;
    const ask = (calls: readonly Call[]): Promise<readonly ScriptReply[]> => {
      const asked = calls.map(([tool, args = {}]): ScriptCall => ({ tool, arguments: args, line: 1 }));
      const answered = host.call(asked);
      answered.then(
        (replies) => {
          didBefore = replies.at(-1)?.replayed ?? false;
        },
        () => undefined,
      );
      return Promise.race([answered, gone]);
    };
    return {
      async call(...call) {
        const [reply] = await ask([call]);
        if (reply?.kind !== "returned") throw new FakeToolError(reply?.text);
        return reply.text;
      },
      gather: ask,
      print: (text) => host.print(text, 1),
      sleep: (name) => {
        if (!didBefore) this.#slept.push(name);
      },
      variables: this.#variables,
      die() {
        die();
        return gone;
      },
    };
  }
}
