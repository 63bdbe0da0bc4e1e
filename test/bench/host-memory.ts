/** The most memory that the pty host of a run has had at once; it is no child of the run, so it is watched from outside. */
import { readFile } from "node:fs/promises";
import { hostsIn } from "../support/end-pty-hosts.ts";

/** The system keeps the peak itself. Looking more often would take from the run what is measured beside it. */
const LOOK_EVERY_MS = 100;

/** Megabytes; NaN when no host was seen. `runtimeFolder`: the XDG_RUNTIME_DIR of the run. */
export function watchHostMemory(runtimeFolder: string): { stop(): number } {
  let peakMb = Number.NaN;
  let pids: number[] = [];
  const look = async (): Promise<void> => {
    if (pids.length === 0) pids = await hostsIn(runtimeFolder);
    for (const pid of pids) {
      const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
      const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
      if (!(kilobytes / 1024 <= peakMb)) peakMb = kilobytes / 1024;
    }
  };
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return peakMb;
    },
  };
}
