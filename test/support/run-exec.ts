/** Runs the built `codepilot` command as a process of its own, with a home of its own and no keys. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { AgentEvent } from "../../src/protocol/events.ts";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

export interface ExecOptions {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  /** Gets the child as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Gets each chunk of standard output. */
  readonly onOutput?: (child: ChildProcess, text: string) => void;
}

export interface ExecResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whole lines of standard output that are events. */
  readonly events: readonly AgentEvent[];
}

export function runCodepilot(options: ExecOptions): Promise<ExecResult> {
  const { PATH = "", TMPDIR, XDG_RUNTIME_DIR } = process.env;
  const child = spawn(process.execPath, [cli, ...options.args], {
    cwd: options.cwd,
    env: {
      PATH,
      HOME: options.home,
      CODEPILOT_HOME: `${options.home}/codepilot`,
      ...(TMPDIR ? { TMPDIR } : {}),
      ...(XDG_RUNTIME_DIR ? { XDG_RUNTIME_DIR } : {}),
      ...options.env,
    },
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  options.onStart?.(child);
  child.stdin?.end(options.input);
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    options.onOutput?.(child, text);
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 30_000);
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, events: parseEvents(stdout) });
    });
  });
}

export function runExec(options: ExecOptions): Promise<ExecResult> {
  return runCodepilot({ ...options, args: ["exec", ...options.args] });
}

function parseEvents(stdout: string): AgentEvent[] {
  const lines = stdout.split("\n");
  lines.pop();
  return lines.flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as AgentEvent] : []));
}
