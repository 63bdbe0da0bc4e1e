/**
 * One process with one interpreter, seen from the parent: boots, takes commands, dies. Checks that messages come when
 * they may come; what is in them is `program-messages.ts`'s. A message out of turn ends the process.
 */
import { messageOf } from "../../base/app-error.ts";
import type { ChildConnection, ChildHost } from "../../ports/child-host.ts";
import type { ScriptKillCause } from "../../ports/script-engine.ts";
import { type ChildInput, FrameKind, type Verdict } from "./child-messages.ts";
import type { PythonFiles } from "./engine.ts";
import { encodeFrame, type Frame, FrameReader } from "./frames.ts";
import { maxMessageBytes, type ProgramMessage, readProgramMessage } from "./program-messages.ts";

const BOOT_LIMIT_MS = 120_000;
const SNAPSHOT_MAX_BYTES = 64 * 1024 * 1024;

/** Together with the process around it this stays below 250 MB. */
const MEMORY_LIMIT_BYTES = 104 * 1024 * 1024;
/** What only somebody who left Python's memory could reach. */
const RESIDENT_LIMIT_BYTES = 450 * 1024 * 1024;
const HEAP_LIMIT_MB = 128;
const STACK_MB = 4;

export interface Death {
  readonly cause: Exclude<ScriptKillCause, "host-fault">;
  readonly detail: string;
}

export interface RunListener {
  onMessage(message: ProgramMessage): void;
  /** The interpreter is ready for the next command. */
  onIdle(): void;
  onDeath(death: Death): void;
}

export class Interpreter {
  /** Rejects when the process ends before it is ready. */
  readonly ready: Promise<void>;
  /** Resolves when there is no process any more. */
  readonly gone: Promise<void>;
  readonly #connection: ChildConnection;
  readonly #reader: FrameReader;
  #state: "booting" | "idle" | "running" | "gone" = "booting";
  #death: Death | undefined;
  #image: Uint8Array | null = null;
  #listener: RunListener | undefined;
  #onReady: () => void = () => undefined;
  #onBootFailed: (error: Error) => void = () => undefined;
  #onGone: () => void = () => undefined;

  /** Boots from the memory image at `snapshotPath`; where there is none or a bad one, from nothing. */
  constructor(host: ChildHost, files: PythonFiles, snapshotPath: string | null) {
    this.ready = new Promise((resolve, reject) => {
      this.#onReady = resolve;
      this.#onBootFailed = reject;
    });
    this.ready.catch(() => undefined);
    this.gone = new Promise((resolve) => {
      this.#onGone = resolve;
    });
    this.#reader = new FrameReader(SNAPSHOT_MAX_BYTES, (frame) => this.#onFrame(frame));
    const input: ChildInput = {
      worker: files.worker,
      pyodideFolder: files.pyodideFolder,
      preludePath: files.prelude,
      snapshotPath,
      makeSnapshot: true,
      memoryLimitBytes: MEMORY_LIMIT_BYTES,
      residentLimitBytes: RESIDENT_LIMIT_BYTES,
      heapLimitMb: HEAP_LIMIT_MB,
      stackMb: STACK_MB,
    };
    const bootTimer = setTimeout(() => this.#die("crashed", "it was not ready in time"), BOOT_LIMIT_MS);
    this.ready.then(
      () => clearTimeout(bootTimer),
      () => clearTimeout(bootTimer),
    );
    this.#connection = host.start(
      {
        script: files.script,
        argument: JSON.stringify(input),
        readable: snapshotPath === null ? files.readable : [...files.readable, snapshotPath],
      },
      { onBytes: (bytes) => this.#onBytes(bytes), onGone: (reason) => this.#onProcessGone(reason) },
    );
  }

  get alive(): boolean {
    return this.#state !== "gone" && this.#death === undefined;
  }

  /** Why it is dead, if it is. */
  get death(): Death | undefined {
    return this.#death;
  }

  /** The memory image of a boot from nothing, taken before anything else ran in it. Given once. */
  takeImage(): Uint8Array | null {
    const image = this.#image;
    this.#image = null;
    return image;
  }

  /** Only when idle. `clock` is `<epoch ms>`, with ` new <seed>` behind it for a new task. */
  run(command: object, clock: string, cpuLimitMs: number, listener: RunListener): void {
    if (this.#state !== "idle") {
      this.#die("crashed", "it was not idle");
      return;
    }
    this.#listener = listener;
    this.#state = "running";
    this.#connection.send(encodeFrame(FrameKind.run, `${cpuLimitMs}\n${clock}\n${asciiJson(command)}`));
  }

  /** `clock` is `<epoch ms>` or, to move it, `+<ms>`. */
  answer(answer: object, clock: string): void {
    this.#connection.send(encodeFrame(FrameKind.answer, `${clock}\n${asciiJson(answer)}`));
  }

  kill(cause: Death["cause"] = "stopped", detail = ""): void {
    this.#die(cause, detail);
  }

  #onBytes(bytes: Buffer): void {
    if (this.#death !== undefined) return;
    if (!this.#reader.push(bytes)) this.#die("crashed", "it sent a message that is too long");
  }

  #onFrame({ kind, body }: Frame): void {
    if (this.#death !== undefined) return;
    if (kind === FrameKind.verdict) {
      this.#onVerdict(body);
      return;
    }
    if (this.#state === "booting") {
      if (kind === FrameKind.snapshot) {
        this.#image = Buffer.from(body);
        return;
      }
      if (kind !== FrameKind.idle) {
        this.#die("crashed", "it spoke before it was ready");
        return;
      }
      this.#state = "idle";
      this.#onReady();
      return;
    }
    const listener = this.#listener;
    if (this.#state !== "running" || listener === undefined) {
      this.#die("crashed", "it spoke without being asked");
      return;
    }
    if (kind === FrameKind.idle) {
      this.#state = "idle";
      this.#listener = undefined;
      listener.onIdle();
      return;
    }
    const message = kind === FrameKind.message && body.length <= maxMessageBytes ? readProgramMessage(body) : null;
    if (message === null) {
      this.#die("crashed", "it sent something that is no message");
      return;
    }
    try {
      listener.onMessage(message);
    } catch (error) {
      this.#die("crashed", messageOf(error));
    }
  }

  #onVerdict(body: Buffer): void {
    let verdict: Partial<Verdict> = {};
    try {
      verdict = JSON.parse(body.toString("utf8")) as Partial<Verdict>;
    } catch {
      // It ends all the same.
    }
    const cause = verdict.kind === "cpu-limit" || verdict.kind === "memory-limit" ? verdict.kind : "crashed";
    this.#die(cause, typeof verdict.detail === "string" ? verdict.detail.slice(0, 2_000) : "");
  }

  #die(cause: Death["cause"], detail: string): void {
    if (this.#death !== undefined) return;
    this.#death = { cause, detail };
    this.#connection?.kill();
    this.#onBootFailed(new Error(detail || cause));
  }

  #onProcessGone(reason: string): void {
    this.#death ??= { cause: "crashed", detail: reason };
    this.#state = "gone";
    this.#onBootFailed(new Error(this.#death.detail || this.#death.cause));
    this.#onGone();
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.onDeath(this.#death);
  }
}

/** The other side takes one byte for one character. */
function asciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
