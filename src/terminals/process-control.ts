/** Ending what runs in a terminal: politely, then firmly, and certain in the end. */
import type { ProcessEntry, ProcessTable } from "./pty.ts";
import { waitFor } from "./wait-for.ts";

/** Every process of a terminal has this variable of its shell in its environment, wherever it has gone. */
export const markVariable = "CODEPILOT_TERMINAL";

/** The processes of a terminal: members of the session that the shell leads, and descendants that left it. */
export function processesOf(entries: readonly ProcessEntry[], leader: number): ProcessEntry[] {
  return withDescendants(
    entries,
    ({ pid, session, group }) => pid === leader || session === leader || group === leader,
  );
}

function withDescendants(entries: readonly ProcessEntry[], isRoot: (entry: ProcessEntry) => boolean): ProcessEntry[] {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of entries) {
    const siblings = children.get(entry.parent);
    if (siblings === undefined) children.set(entry.parent, [entry]);
    else siblings.push(entry);
  }
  const found = new Map<number, ProcessEntry>();
  const queue = entries.filter(isRoot);
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    if (found.has(entry.pid)) continue;
    found.set(entry.pid, entry);
    queue.push(...(children.get(entry.pid) ?? []));
  }
  return [...found.values()].filter(({ zombie }) => !zombie);
}

/** For the end of a process that was killed to be told. */
const goneMs = 2_000;

const nothing = new Promise<never>(() => {});
const pause = (timeoutMs: number) => waitFor(nothing, { timeoutMs });

export interface LeaderProcess {
  readonly pid: number;
  /** Resolves when the shell is gone. */
  readonly exited: Promise<unknown>;
}

/**
 * Ends everything in the session of `leader`, and what has left it but carries its mark (a daemon that was started
 * from the terminal); false when something survived even SIGKILL.
 */
export function endSession(table: ProcessTable, leader: LeaderProcess & { readonly mark: string }): Promise<boolean> {
  return endAll(table, {
    isRoot: ({ pid, session, group }) => pid === leader.pid || session === leader.pid || group === leader.pid,
    isMark: (mark) => mark === leader.mark,
    ended: leader.exited,
  });
}

/** What a process that was killed has left of its terminals. */
export interface LeftSessions {
  /** Begins every mark of them. */
  readonly markPrefix: string;
  readonly leaders: readonly { readonly pid: number; readonly startedAt: string }[];
  /**
   * It was there a moment ago. Then a number of a leader that no process has is still that of its session; later it
   * may have been given to others and be free again.
   */
  readonly recent: boolean;
}

/** Ends them; false when something survived even SIGKILL. */
export async function endLeftSessions(
  table: ProcessTable,
  { markPrefix, leaders, recent }: LeftSessions,
  exceptPid: number,
): Promise<boolean> {
  // By now any of these numbers may be another process; what that began is none of ours.
  const starts = new Map((await table.list()).map(({ pid, startedAt }) => [pid, startedAt]));
  const isTheirs = ({ pid, startedAt }: LeftSessions["leaders"][number]) =>
    starts.has(pid) ? starts.get(pid) === startedAt : recent;
  const living = new Set(leaders.filter(isTheirs).map(({ pid }) => pid));
  return endAll(table, {
    isRoot: ({ pid, session, group }) => living.has(pid) || living.has(session) || living.has(group),
    isMark: (mark) => mark.startsWith(markPrefix),
    ended: nothing,
    exceptPid,
  });
}

interface Targets {
  readonly isRoot: (entry: ProcessEntry) => boolean;
  readonly isMark: (mark: string) => boolean;
  /** Resolves when there may be nothing left. */
  readonly ended: Promise<unknown>;
  readonly exceptPid?: number;
}

const firstDelayMs = 10;

async function endAll(table: ProcessTable, { isRoot, isMark, ended, exceptPid }: Targets): Promise<boolean> {
  // What was seen once stays on the list: an orphan has lost the parent by which it was found.
  const known = new Map<string, ProcessEntry>();
  const survivors = async ({ thorough }: { readonly thorough: boolean }) => {
    const [marks, all] = await Promise.all([
      thorough ? table.carriers(markVariable) : new Map<number, string>(),
      table.list(),
    ]);
    const entries = all.filter(({ pid }) => pid !== exceptPid);
    const isOurs = (entry: ProcessEntry) => isRoot(entry) || isMark(marks.get(entry.pid) ?? "");
    for (const entry of withDescendants(entries, isOurs)) known.set(`${entry.pid} ${entry.startedAt}`, entry);
    return entries.filter(({ pid, startedAt, zombie }) => !zombie && known.has(`${pid} ${startedAt}`));
  };
  const steps = [
    { signals: ["SIGHUP", "SIGINT", "SIGCONT"], waitMs: 400 },
    { signals: ["SIGTERM", "SIGCONT"], waitMs: 500 },
    { signals: ["SIGKILL"], waitMs: 1000 },
    { signals: ["SIGKILL"], waitMs: 2000 },
  ] as const;
  for (const { signals, waitMs } of steps) {
    const targets = await survivors({ thorough: true });
    if (targets.length === 0) return true;
    for (const { pid } of targets) for (const signal of signals) table.signal(pid, signal);
    // The shell's end is an event; its children are not ours to wait for and are looked for, ever less often.
    const until = Date.now() + waitMs;
    await waitFor(ended, { timeoutMs: Math.min(waitMs, 100) });
    for (let delay = firstDelayMs; ; delay = Math.min(delay * 2, 80)) {
      // As a rule all is over at the first look; where it is not, the cheap one goes first.
      const certain = delay === firstDelayMs || (await survivors({ thorough: false })).length === 0;
      if (certain && (await survivors({ thorough: true })).length === 0) return true;
      if (Date.now() >= until) break;
      await pause(delay);
    }
  }
  return false;
}

/**
 * Interrupts the foreground command: SIGINT, SIGTERM, SIGKILL for its process group, then for everything in the
 * terminal: after 550 ms nothing is left that could refuse. The shell itself is only killed when it is what does not end.
 */
export async function interruptForeground(
  table: ProcessTable,
  leader: LeaderProcess,
  ended: Promise<unknown>,
): Promise<void> {
  const over = Promise.race([ended, leader.exited]);
  for (const { signal, waitMs } of [
    { signal: "SIGINT", waitMs: 250 },
    { signal: "SIGTERM", waitMs: 150 },
    { signal: "SIGKILL", waitMs: 150 },
  ] as const) {
    const group = await table.foregroundGroup(leader.pid);
    // Of these the shell only takes SIGINT: it ends its loop, not the shell. One that has the foreground again and has
    // not said so yet, on a machine that is busy, has the rest of the time to do it.
    if (group !== null && (group !== leader.pid || signal === "SIGINT")) table.signal(-group, signal);
    if ((await waitFor(over, { timeoutMs: waitMs })) === "done") return;
  }
  for (const { pid } of processesOf(await table.list(), leader.pid)) table.signal(pid, "SIGKILL");
  // They are gone; on a machine that is busy the news of it takes its time.
  await waitFor(over, { timeoutMs: goneMs });
}
