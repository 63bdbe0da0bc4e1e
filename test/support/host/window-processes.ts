/** The processes of a window, for tests that kill them as the kernel does it when memory is short. */
import { execFileSync } from "node:child_process";

/** Process ids of the extension hosts below a code-server. */
export function extensionHostsOf(server: number): number[] {
  const processes = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
      return match ? [{ pid: Number(match[1]), parent: Number(match[2]), args: match[3] ?? "" }] : [];
    });
  const below = new Set([server]);
  for (let grown = -1; grown !== below.size; ) {
    grown = below.size;
    for (const { pid, parent } of processes) if (below.has(parent)) below.add(pid);
  }
  return processes.flatMap(({ pid, args }) => (below.has(pid) && args.includes("--type=extensionHost") ? [pid] : []));
}
