/** Runs one process against the fake model and reads off what it cost. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FakeModelServer } from "../support/fake-model/server.ts";

const hook = fileURLToPath(new URL("./report-usage.cjs", import.meta.url));

export interface ProcessCost {
  /** From spawn to exit. */
  readonly wallMs: number;
  /** From spawn to the first request's arrival. */
  readonly firstRequestMs: number;
  /** User and system time of the process itself. */
  readonly cpuMs: number;
  readonly peakMb: number;
  /** Arrival of each request, milliseconds from spawn. */
  readonly arrivalsMs: readonly number[];
}

export interface Command {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** `arrivals` is filled by the fake model's `onRequest` with `performance.now()`. */
export async function measure(command: Command, fake: FakeModelServer, arrivals: number[]): Promise<ProcessCost> {
  arrivals.length = 0;
  const startedAt = performance.now();
  const child = spawn(process.execPath, ["--require", hook, ...command.args], {
    cwd: command.cwd,
    env: { PATH: process.env.PATH ?? "", ...command.env, OPENAI_BASE_URL: fake.baseUrl("openai") },
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  let usage = "";
  let complaints = "";
  child.stdio[3]?.on("data", (chunk) => {
    usage += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    complaints += chunk;
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 180_000);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${command.args.join(" ")} ended with ${code}: ${complaints}`);
  const wallMs = performance.now() - startedAt;
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(usage) as NodeJS.ResourceUsage;
  const arrivalsMs = arrivals.map((at) => at - startedAt);
  return {
    wallMs,
    firstRequestMs: arrivalsMs[0] ?? Number.NaN,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    peakMb: maxRSS / 1024,
    arrivalsMs,
  };
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  return { min: sorted[0] ?? 0, median, max: sorted.at(-1) ?? 0 };
}
