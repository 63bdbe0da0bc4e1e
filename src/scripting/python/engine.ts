/**
 * Python for the programs of a model: a fresh interpreter in a process of its own for each task, taken from one that
 * was started ahead where there is one. Nothing runs while nobody needs it.
 */
import { AppError, messageOf } from "../../base/app-error.ts";
import type { ChildHost, SnapshotStore } from "../../ports/child-host.ts";
import type { Log } from "../../ports/log.ts";
import type { ScriptEngine, ScriptTask } from "../../ports/script-engine.ts";
import { Interpreter } from "./interpreter.ts";
import { PythonTask } from "./python-task.ts";

const IDLE_MS = 10 * 60_000;

/** Absolute paths. */
export interface PythonFiles {
  readonly script: string;
  readonly worker: string;
  readonly prelude: string;
  readonly pyodideFolder: string;
  /** What of this the process must be allowed to read. */
  readonly readable: readonly string[];
}

export interface PythonEngineOptions {
  readonly host: ChildHost;
  readonly log: Log;
  /** Asked once, at the first start. */
  readonly files: () => Promise<{ readonly files: PythonFiles; readonly snapshots: SnapshotStore }>;
  /** How long an interpreter that nobody uses is kept ready. Default: ten minutes. */
  readonly idleMs?: number;
}

export function createPythonEngine(options: PythonEngineOptions): ScriptEngine {
  return new PythonEngine(options);
}

class PythonEngine implements ScriptEngine {
  readonly #options: PythonEngineOptions;
  readonly #living = new Set<Interpreter>();
  #files: ReturnType<PythonEngineOptions["files"]> | undefined;
  #spare: Promise<Interpreter> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(options: PythonEngineOptions) {
    this.#options = options;
  }

  warmUp(): void {
    if (this.#disposed || this.#spare !== undefined) return;
    const spare = this.#start();
    this.#spare = spare;
    const forget = () => {
      if (this.#spare === spare) void this.#takeSpare();
    };
    spare.then(
      (interpreter) => {
        void interpreter.gone.then(forget);
        if (this.#spare === spare) this.#retireWhenIdle(interpreter);
      },
      (error) => {
        forget();
        if (!this.#disposed)
          this.#options.log.warn("The Python engine could not be started ahead", { error: messageOf(error) });
      },
    );
  }

  async open(options: Parameters<ScriptEngine["open"]>[0], signal: AbortSignal): Promise<ScriptTask> {
    signal.throwIfAborted();
    this.#throwIfDisposed();
    this.warmUp();
    let starting = this.#takeSpare() ?? this.#start();
    let onAbort: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      let interpreter = await Promise.race([starting, aborted]);
      // Somebody may have killed it while it waited.
      if (!interpreter.alive) {
        starting = this.#start();
        interpreter = await Promise.race([starting, aborted]);
      }
      this.#throwIfDisposed();
      return new PythonTask(interpreter, options);
    } catch (error) {
      // Nobody waits for it any more.
      void starting.then((interpreter) => interpreter.kill()).catch(() => undefined);
      if (signal.aborted || AppError.is(error)) throw error;
      throw new AppError("unavailable", `The Python interpreter can not be started: ${messageOf(error)}`, {
        next: "Send “continue” to try again, or begin a session with interface “tools”. The details are in the log.",
        cause: error,
      });
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const spare = this.#takeSpare();
    const living = [...this.#living];
    for (const interpreter of living) interpreter.kill();
    await Promise.all([spare?.catch(() => undefined), ...living.map(({ gone }) => gone)]);
  }

  #throwIfDisposed(): void {
    if (this.#disposed) throw new AppError("closed", "The Python engine was closed.");
  }

  #takeSpare(): Promise<Interpreter> | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    clearTimeout(this.#idleTimer);
    return spare;
  }

  #retireWhenIdle(interpreter: Interpreter): void {
    this.#idleTimer = setTimeout(() => {
      void this.#takeSpare();
      interpreter.kill();
    }, this.#options.idleMs ?? IDLE_MS);
    this.#idleTimer.unref();
  }

  async #start(): Promise<Interpreter> {
    this.#files ??= this.#options.files();
    const { files, snapshots } = await this.#files.catch((error) => {
      this.#files = undefined;
      throw error;
    });
    const interpreter = await this.#bootAnyhow(files, await snapshots.find());
    const image = interpreter.takeImage();
    if (image === null || !(await snapshots.write(image))) return interpreter;
    // Never the one that made the image: it is a hundred megabytes larger, and its objects lie elsewhere.
    interpreter.kill();
    return await this.#bootAnyhow(files, await snapshots.find());
  }

  async #bootAnyhow(files: PythonFiles, snapshotPath: string | null): Promise<Interpreter> {
    try {
      return await this.#boot(files, snapshotPath);
    } catch (error) {
      if (snapshotPath === null || this.#disposed) throw error;
      this.#options.log.warn("The Python engine could not use its memory image and makes a new one", {
        error: messageOf(error),
      });
      return await this.#boot(files, null);
    }
  }

  async #boot(files: PythonFiles, snapshotPath: string | null): Promise<Interpreter> {
    this.#throwIfDisposed();
    const interpreter = new Interpreter(this.#options.host, files, snapshotPath);
    this.#living.add(interpreter);
    void interpreter.gone.then(() => this.#living.delete(interpreter));
    await interpreter.ready;
    return interpreter;
  }
}
