/**
 * Child processes with a time limit and nobody left behind.
 * Every child leads a process group of its own and inherits a marker variable. Shells in a PTY leave the group by
 * design, so after a layer `sweep` looks for the marker in the process table and ends what is still there.
 */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "./paths.ts";

const MARKER = "CODEPILOT_SCRIPT_RUN";
const GRACE_MS = 5_000;

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  timeLimitMs?: number;
  /** `inherit` shows the output as it comes; `keep` returns it (and shows it only when the caller does). */
  output?: "inherit" | "keep";
  onLine?: (line: string) => void;
  /** Marks the child and all its descendants for `sweep`. */
  marker?: string;
}

export interface RunResult {
  code: number;
  output: string;
  timedOut: boolean;
}

const running = new Map<ChildProcess, string | undefined>();

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

function killEverything(children: Iterable<[ChildProcess, string | undefined]>): void {
  for (const [child, marker] of children) {
    killGroup(child, "SIGKILL");
    if (marker) killMarked(marker);
  }
}

/** Children get a moment to end in order, as after Ctrl-C; then they and what they left are ended. */
function onSignal(signal: NodeJS.Signals): void {
  const interrupted = [...running];
  for (const [child] of interrupted) killGroup(child, "SIGTERM");
  setTimeout(() => {
    killEverything(interrupted);
    process.exit(128 + constants.signals[signal]);
  }, 1_500);
}

const onExit = (): void => killEverything(running);
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Only while children run: at other times the signals belong to the program. */
function watchSignals(): void {
  if (running.size === 1) {
    process.once("exit", onExit);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  } else if (running.size === 0) {
    process.removeListener("exit", onExit);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  }
}

/** Runs to the end. Never throws for a failing command: the code is the answer (124 after the time limit, 127 not found). */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { cwd = root, timeLimitMs = 15 * 60_000, output = "inherit", onLine, marker } = options;
  const piped = output === "keep" || onLine !== undefined;
  const spawnOptions: SpawnOptions = {
    cwd,
    env: { ...process.env, ...options.env, ...(marker ? { [MARKER]: marker } : {}) },
    stdio: ["ignore", piped ? "pipe" : "inherit", piped ? "pipe" : "inherit"],
    detached: process.platform !== "win32",
    // npm is a .cmd file there.
    shell: process.platform === "win32" && command === "npm",
  };
  const child = spawn(command, args, spawnOptions);
  running.set(child, marker);
  watchSignals();
  let text = "";
  let rest = "";
  const collect = (chunk: Buffer): void => {
    text += chunk;
    rest += chunk;
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine?.(line);
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);

  let timedOut = false;
  const limit = setTimeout(() => {
    timedOut = true;
    killGroup(child, "SIGTERM");
    setTimeout(() => killGroup(child, "SIGKILL"), GRACE_MS).unref();
  }, timeLimitMs);
  const code = await new Promise<number>((resolve) => {
    child.once("error", (error) => {
      text += error.message;
      resolve(127);
    });
    // "close" waits for the pipes, which a daemonised grandchild may hold open; "exit" plus a moment is enough.
    child.once("exit", (status, signal) => setTimeout(() => resolve(status ?? (signal ? 137 : 1)), piped ? 50 : 0));
  });
  clearTimeout(limit);
  running.delete(child);
  watchSignals();
  if (rest) onLine?.(rest);
  killGroup(child, "SIGKILL");
  return { code: timedOut ? 124 : code, output: text, timedOut };
}

export function newMarker(): string {
  return randomUUID();
}

/**
 * Ends every process that carries `marker` and returns their command lines. Processes that are just about to
 * end by themselves get `patienceMs`. Only where there is a /proc; elsewhere the process groups must do.
 */
export async function sweep(marker: string, patienceMs = 3_000): Promise<string[]> {
  const until = Date.now() + patienceMs;
  let left = marked(marker);
  while (left.length > 0 && Date.now() < until) {
    await sleep(100);
    left = marked(marker);
  }
  killMarked(marker);
  return left.map(({ pid, command }) => `${pid} ${command}`);
}

function killMarked(marker: string): void {
  for (const { pid } of marked(marker)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Ended in between.
    }
  }
}

function marked(marker: string): { pid: number; command: string }[] {
  let pids: string[];
  try {
    pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return pids.flatMap((name) => {
    try {
      if (
        Number(name) === process.pid ||
        !readFileSync(`/proc/${name}/environ`, "latin1").includes(`${MARKER}=${marker}`)
      )
        return [];
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      // A zombie has no command line; its parent will collect it.
      return command ? [{ pid: Number(name), command: command.slice(0, 160) }] : [];
    } catch {
      return [];
    }
  });
}
