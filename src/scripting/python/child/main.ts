/**
 * The process of an interpreter: its main thread carries messages between the parent's pipes and the thread that
 * computes, and watches that thread from outside. Started with one argument, JSON of `ChildInput`. It ends at once
 * when the parent does.
 */
import { MessageChannel, Worker } from "node:worker_threads";
import { type ChildInput, FrameKind } from "../child-messages.ts";
import { encodeFrame, FrameReader } from "../frames.ts";
import type { WorkerInput, WorkerMessage } from "./worker-messages.ts";

const WATCH_MS = 50;
/** While the program waits for an answer there should be nothing to see. */
const WATCH_WAITING_MS = 1_000;

const input = JSON.parse(process.argv[2] ?? "") as ChildInput;
const { port1: commands, port2: workerCommands } = new MessageChannel();
const wakeUps = new SharedArrayBuffer(4);

/** Not `process.exit`, which waits for the other thread to come to a stop. */
function die(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("unreachable");
}

function send(kind: FrameKind, body: string | Uint8Array): void {
  process.stdout.write(encodeFrame(kind, body));
}

let cpuLimitMicros = Number.POSITIVE_INFINITY;
let cpuAtStart = 0;
let watch: NodeJS.Timeout | undefined;

const cpuMicros = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

function watchEvery(delayMs: number): void {
  clearInterval(watch);
  watch = setInterval(look, delayMs);
}

function look(): void {
  if (cpuMicros() - cpuAtStart > cpuLimitMicros) report("cpu-limit", "");
  const rss = process.memoryUsage.rss();
  if (rss > input.residentLimitBytes) report("memory-limit", `${Math.round(rss / 1e6)} MB`);
}

function report(kind: "cpu-limit" | "memory-limit" | "crashed", detail: string): void {
  clearInterval(watch);
  send(FrameKind.verdict, JSON.stringify({ kind, detail }));
}

function onWorkerMessage(message: WorkerMessage): void {
  if (message.kind === "snapshot") send(FrameKind.snapshot, message.bytes);
  else if (message.kind === "ended") report("crashed", message.cause);
  else if (message.kind === "idle") {
    clearInterval(watch);
    send(FrameKind.idle, "");
  } else {
    if (message.kind === "ask") watchEvery(WATCH_WAITING_MS);
    send(FrameKind.message, message.text);
  }
}

const workerInput: WorkerInput = {
  pyodideFolder: input.pyodideFolder,
  preludePath: input.preludePath,
  snapshotPath: input.snapshotPath,
  makeSnapshot: input.makeSnapshot,
  memoryLimitBytes: input.memoryLimitBytes,
  commands: workerCommands,
  wakeUps,
};
// Without `execArgv`: a thread that is given its own is not bound by the permission model of its process.
const worker = new Worker(input.worker, {
  workerData: workerInput,
  transferList: [workerCommands],
  env: {},
  argv: [],
  stdin: false,
  stdout: true,
  stderr: true,
  resourceLimits: { maxOldGenerationSizeMb: input.heapLimitMb, stackSizeMb: input.stackMb },
});
worker.on("message", onWorkerMessage);
worker.on("error", (error: NodeJS.ErrnoException) =>
  report(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? "memory-limit" : "crashed", error.message),
);
worker.on("exit", () => report("crashed", "the thread ended"));

const reader = new FrameReader(64_000_000, ({ kind, body }) => {
  if (kind === FrameKind.run) {
    cpuLimitMicros = Number(body.subarray(0, body.indexOf(10)).toString("latin1")) * 1_000;
    cpuAtStart = cpuMicros();
  }
  watchEvery(WATCH_MS);
  commands.postMessage(
    kind === FrameKind.run ? body.subarray(body.indexOf(10) + 1).toString("latin1") : body.toString("latin1"),
  );
  Atomics.add(new Int32Array(wakeUps), 0, 1);
  Atomics.notify(new Int32Array(wakeUps), 0);
});
process.stdin.on("data", (chunk) => reader.push(chunk));
process.stdin.on("close", die);
process.stdin.on("end", die);
process.stdout.on("error", die);
