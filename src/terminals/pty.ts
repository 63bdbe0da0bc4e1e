/** What the engine needs from the machine. `src/node/pty` fills these; tests may fake them. */

export interface PtySize {
  readonly cols: number;
  readonly rows: number;
}

/** Viewers report 0 or nonsense while they are hidden. */
export function usableSize({ cols, rows }: PtySize): PtySize {
  const usable = (value: number, otherwise: number) =>
    Math.min(1000, Math.max(2, Math.trunc(Number.isFinite(value) ? value : otherwise)));
  return { cols: usable(cols, 80), rows: usable(rows, 24) };
}

export interface PtyExit {
  /** Null when a signal ended the shell. */
  readonly exitCode: number | null;
  readonly signal: number | null;
}

/** A process at the far end of a pseudoterminal, leader of its session. Its pid is its process group and session. */
export interface Pty {
  readonly pid: number;
  /** One listener of each kind; set at once after the spawn, before anything can arrive. */
  onData(listener: (data: string) => void): void;
  onExit(listener: (exit: PtyExit) => void): void;
  write(data: string): void;
  resize(size: PtySize): void;
  /**
   * Whether the system adds a carriage return to every line feed that is printed. Resolves when it is so, or can not be
   * had. Absent where there is nothing to be set.
   */
  readonly carriageReturns?: (on: boolean) => Promise<void>;
}

export interface PtyRequest extends PtySize {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export type PtySpawnResult =
  | { readonly kind: "spawned"; readonly pty: Pty }
  /** Cause and next step, for model and person. */
  | { readonly kind: "failed"; readonly message: string };

export interface PtySpawner {
  spawn(request: PtyRequest): Promise<PtySpawnResult>;
  /** The absolute path of a shell given by name or path; null when there is none. */
  findShell(shell: string, path: string | undefined): Promise<string | null>;
}

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** A dead one that nobody has reaped yet: nothing is left to signal. */
  readonly zombie: boolean;
  /** Tells a process from a later one with the same pid. */
  readonly startedAt: string;
}

export interface ProcessTable {
  list(): Promise<readonly ProcessEntry[]>;
  /** The foreground process group of the terminal that this process is attached to; null when unknown. */
  foregroundGroup(pid: number): Promise<number | null>;
  /** Values of this environment variable by process, where a process has it and this user may look. */
  carriers(variable: string): Promise<ReadonlyMap<number, string>>;
  /** The command line, as one string: changes when a process executes another program. Null when unknown. */
  commandLine(pid: number): Promise<string | null>;
  /** False when there is nobody to receive it. A negative pid means a process group. */
  signal(pid: number, signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGKILL" | "SIGCONT"): boolean;
}

export interface PortProbe {
  /** Whether something on this machine takes connections at this port; within 1 s, false when aborted. */
  answers(port: number, signal: AbortSignal): Promise<boolean>;
}

/** A private folder (0700) for the files of shells. */
export interface PrivateFolder {
  /** Where a file of that name lies or may be made. */
  pathOf(name: string): Promise<string>;
  /** Writes a file (0600) and returns its path. `name` may begin with the name of a folder in it: `shell-1/command`. */
  write(name: string, content: string): Promise<string>;
  /** Resolves when nothing of the folder is left. */
  remove(): Promise<void>;
}
