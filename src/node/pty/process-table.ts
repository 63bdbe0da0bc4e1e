/** Processes of this machine: read from /proc where there is one, else from `ps`. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { messageOf, systemCodeOf } from "../../base/app-error.ts";
import type { Log } from "../../ports/log.ts";
import type { ProcessEntry, ProcessTable } from "../../terminals/pty.ts";

const run = promisify(execFile);
const hasProc = process.platform === "linux";

interface ProcStat extends ProcessEntry {
  readonly foregroundGroup: number;
}

/** `pid (name) state ppid pgrp session tty_nr tpgid … starttime`; the name may hold blanks and parentheses. */
export function parseProcStat(text: string): ProcStat | null {
  const nameEnd = text.lastIndexOf(")");
  if (nameEnd < 0) return null;
  const fields = text.slice(nameEnd + 2).split(" ");
  const number = (index: number) => Number(fields[index] ?? Number.NaN);
  return {
    pid: Number.parseInt(text, 10),
    zombie: fields[0] === "Z" || fields[0] === "X",
    parent: number(1),
    group: number(2),
    session: number(3),
    foregroundGroup: number(5),
    startedAt: fields[19] ?? "",
  };
}

/** Lines of `ps -A -o pid=,ppid=,pgid=,sess=,stat=,lstart=`. macOS prints no usable session: 0 there. */
export function parsePs(text: string): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(.*)$/.exec(line);
    if (match === null) continue;
    const [, pid, parent, group, session = "", state = "", startedAt = ""] = match;
    entries.push({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: /^\d+$/.test(session) ? Number(session) : 0,
      zombie: state.startsWith("Z"),
      startedAt: startedAt.trim(),
    });
  }
  return entries;
}

async function readStat(pid: number): Promise<ProcStat | null> {
  try {
    return parseProcStat(await readFile(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return null;
  }
}

/** Prints of `ps`; empty when it can not be run or knows no such process. */
async function ps(args: readonly string[], log: Log): Promise<string> {
  try {
    return (await run("ps", [...args])).stdout;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") log.warn("processes can not be listed: no `ps`", { cause: messageOf(error) });
    return "";
  }
}

const psColumns = ["-o", "pid=,ppid=,pgid=,sess=,stat=,lstart="];
/** With `-E`, macOS puts the environment of this user's processes behind their command lines. Not run yet. */
const psEnvironments = ["-A", "-E", "-ww", "-o", "pid=,command="];

/** Lines of `ps -A -E -ww -o pid=,command=`; `variable` has values without blanks. */
export function parsePsEnvironments(text: string, variable: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [pid = "", ...words] = line.trim().split(/\s+/);
    const entry = words.findLast((word) => word.startsWith(`${variable}=`));
    if (entry !== undefined) found.set(Number(pid), entry.slice(variable.length + 1));
  }
  return found;
}

async function procPids(): Promise<number[]> {
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
}

async function procCarriers(variable: string): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  const look = async (pid: number) => {
    // Of others and of the dead there is none to be read.
    const text = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    const entry = text.split("\0").find((each) => each.startsWith(`${variable}=`));
    if (entry !== undefined) found.set(pid, entry.slice(variable.length + 1));
  };
  await Promise.all((await procPids()).map(look));
  return found;
}

/** One process; null when there is none, or nobody tells. */
export async function processEntry(pid: number, log: Log): Promise<ProcessEntry | null> {
  if (hasProc) return readStat(pid);
  return parsePs(await ps(["-p", String(pid), ...psColumns], log))[0] ?? null;
}

/**
 * Whoever asks gets what was read after they asked. Those who ask while a reading is under way share the one that
 * follows it: two hundred terminals that end at once do not read the table two hundred times.
 */
function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<unknown> | null = null;
  let next: Promise<T> | null = null;
  const start = () => {
    next = null;
    const mine = read().finally(() => {
      if (reading === mine) reading = null;
    });
    reading = mine;
    return mine;
  };
  return () => {
    if (reading === null) return start();
    next ??= reading.then(start, start);
    return next;
  };
}

export function systemProcessTable(log: Log): ProcessTable {
  const carriers = new Map<string, () => Promise<ReadonlyMap<number, string>>>();
  return {
    list: shared(async () => {
      if (!hasProc) return parsePs(await ps(["-A", ...psColumns], log));
      const stats = await Promise.all((await procPids()).map(readStat));
      return stats.filter((entry) => entry !== null);
    }),
    async foregroundGroup(pid) {
      const group = hasProc
        ? ((await readStat(pid))?.foregroundGroup ?? -1)
        : Number.parseInt(await ps(["-o", "tpgid=", "-p", String(pid)], log), 10);
      return group > 0 ? group : null;
    },
    carriers(variable) {
      let read = carriers.get(variable);
      if (read === undefined) {
        read = shared(async () =>
          hasProc ? procCarriers(variable) : parsePsEnvironments(await ps(psEnvironments, log), variable),
        );
        carriers.set(variable, read);
      }
      return read();
    },
    async commandLine(pid) {
      try {
        if (!hasProc) return (await ps(["-o", "command=", "-p", String(pid)], log)).trim() || null;
        return (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim() || null;
      } catch {
        return null;
      }
    },
    signal(pid, signal) {
      try {
        process.kill(pid, signal);
        return true;
      } catch (error) {
        // Not ours to signal: somebody is there, and it stays.
        return systemCodeOf(error) === "EPERM";
      }
    },
  };
}
